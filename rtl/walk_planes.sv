// SPDX-License-Identifier: Apache-2.0
// A walk for two planes: the same, or, split, banks of their own at the same offset.
module walk_planes #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter int unsigned Loops = 4,
  localparam int unsigned LoopBits = $clog2(Loops)
) (
  input  logic                 clk_i,
  input  logic                 start_i,
  input  logic                 go_i,
  input  logic [LoopBits-1:0]  advanced_i,
  input  core_pkg::walk_t      walk_i,
  input  logic [17*Loops-1:0]  stride_i,
  output logic [23:0]          value0_o,
  output logic [23:0]          value1_o
);

  logic [16:0] step;

  bank_step #(.Config(Config)) u_step (.walk_i, .step_o(step));
  walker #(.Loops(Loops), .Width(24)) u_plane0 (
    .clk_i, .start_i, .go_i, .advanced_i, .base_i(walk_i.base), .stride_i, .value_o(value0_o)
  );
  walker #(.Loops(Loops), .Width(24)) u_plane1 (
    .clk_i, .start_i, .go_i, .advanced_i, .base_i(walk_i.base + {7'h0, step}), .stride_i,
    .value_o(value1_o)
  );

  logic unused;
  assign unused = ^walk_i.stride;

endmodule
