// SPDX-License-Identifier: Apache-2.0
// A delay of `Stages` cycles, or wires for 0, of a value or of 0 where clear_i comes with it. In hardware the
// first register's own reset, so that it takes no logic. Nothing else is reset.
module pipe_clear #(
  parameter int unsigned Width = 1,
  parameter int unsigned Stages = 1
) (
  input  logic             clk_i,
  input  logic             clear_i,
  input  logic [Width-1:0] d_i,
  output logic [Width-1:0] q_o
);

  if (Stages == 0) begin : gen_wires
    logic unused_clk;
    assign unused_clk = clk_i;
    assign q_o = clear_i ? '0 : d_i;
  end else begin : gen_stages
    logic [Width-1:0] first_q;
    always_ff @(posedge clk_i) begin
      if (clear_i) first_q <= '0;
      else first_q <= d_i;
    end
    pipe #(.Width(Width), .Stages(Stages - 1)) u_rest (.clk_i, .d_i(first_q), .q_o);
  end

endmodule
