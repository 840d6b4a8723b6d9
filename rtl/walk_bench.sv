// SPDX-License-Identifier: Apache-2.0
// A walker behind an element counter, as units have them, for their test.
module walk_bench #(
  parameter int unsigned Loops = 4
) (
  input  logic                clk_i,
  input  logic                start_i,
  input  logic                go_i,
  input  logic [16*Loops-1:0] count_i,
  input  logic [23:0]         base_i,
  input  logic [17*Loops-1:0] stride_i,
  output logic [16*Loops-1:0] index_o,
  output logic [Loops-1:0]    beyond_first_o,
  output logic [Loops-1:0]    at_end_o,
  output logic                last_o,
  output logic [23:0]         value_o
);

  logic [$clog2(Loops)-1:0] advanced;
  logic [16*Loops-1:0] index;
  logic [Loops-1:0] beyond_first;
  logic last_first, last_next;

  element_counter #(.Loops(Loops)) u_counter (
    .clk_i, .start_i, .go_i, .count_i, .advanced_o(advanced), .index_o(index),
    .beyond_first_o(beyond_first), .at_end_o,
    .last_first_o(last_first), .last_next_o(last_next)
  );
  assign index_o = start_i ? '0 : index;
  assign beyond_first_o = start_i ? '0 : beyond_first;
  assign last_o = start_i ? last_first : last_next;
  walker #(.Loops(Loops), .Width(24)) u_walker (
    .clk_i, .start_i, .go_i, .advanced_i(advanced), .base_i, .stride_i, .value_o
  );

endmodule
