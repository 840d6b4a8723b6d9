// The fold of Values numbers (docs/arithmetic.md), $clog2(Values) additions later; one a cycle.
module fold_sum #(
  parameter int unsigned Values = 16,
  parameter int unsigned AddLatency = 6
) (
  input  logic                 clk_i,
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
          .clk_i, .a_i(values[In + 32*i +: 32]), .b_i(values[In + 32*(i+Left) +: 32]),
          .sum_o(values[Out + 32*i +: 32])
        );
      end else if (i < Left) begin : gen_waits
        pipe #(.Width(32), .Stages(AddLatency)) u_waits (
          .clk_i, .d_i(values[In + 32*i +: 32]), .q_o(values[Out + 32*i +: 32])
        );
      end else begin : gen_none
        assign values[Out + 32*i +: 32] = '0;
      end
    end
  end
  assign sum_o = values[32*Values*Levels +: 32];

  logic unused;
  assign unused = ^values;

endmodule
