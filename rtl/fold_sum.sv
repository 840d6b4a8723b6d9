// SPDX-License-Identifier: Apache-2.0
// The fold of Fold times Values numbers (docs/arithmetic.md) that come in Fold parts, $clog2 of that many additions
// later; one a beat, for which its sum stays.
module fold_sum #(
  parameter int unsigned Values = 16,  // in a cycle of the fast clock
  parameter int unsigned Fold = 1,
  parameter int unsigned AddBeats = 6,
  localparam int unsigned AddLatency = Fold * AddBeats,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                 clk_i,
  input  logic                 fast_clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic [32*Values-1:0] values_i,
  output logic [31:0]          sum_o
);

  localparam int unsigned Levels = $clog2(Values);

  // Values that are left after some levels.
  function automatic int unsigned left(int unsigned levels);
    left = Values;
    for (int unsigned i = 0; i < levels; i++) left = left - left / 2;
  endfunction

  // What each level takes, from 32 * Values * level on.
  logic [32*Values*(Levels+1)-1:0] values;

  assign values[0 +: 32*Values] = values_i;
  for (genvar l = 1; l <= Levels; l++) begin : gen_levels
    localparam int unsigned Pairs = left(l - 1) / 2;
    localparam int unsigned Left = left(l);
    localparam int unsigned In = 32 * Values * (l - 1), Out = 32 * Values * l;
    for (genvar i = 0; i < Values; i++) begin : gen_values
      if (i < Pairs) begin : gen_add
        binary32_add #(.Latency(AddLatency)) u_add (
          .clk_i(fast_clk_i), .a_i(values[In + 32*i +: 32]), .b_i(values[In + 32*(i+Left) +: 32]),
          .sum_o(values[Out + 32*i +: 32])
        );
      end else if (i < Left) begin : gen_waits
        pipe #(.Width(32), .Stages(AddLatency)) u_waits (
          .clk_i(fast_clk_i), .d_i(values[In + 32*i +: 32]), .q_o(values[Out + 32*i +: 32])
        );
      end else begin : gen_none
        assign values[Out + 32*i +: 32] = '0;
      end
    end
  end

  logic unused;
  if (Fold == 1) begin : gen_whole
    assign sum_o = values[32*Values*Levels +: 32];
    assign unused = ^{values, phase_i, clk_i};
  end else begin : gen_parts
    beat_fold #(.Fold(Fold), .AddBeats(AddBeats)) u_beat (
      .clk_i, .fast_clk_i, .phase_i, .value_i(values[32*Values*Levels +: 32]), .sum_o
    );
    assign unused = ^values;
  end

endmodule
