// SPDX-License-Identifier: Apache-2.0
// A delay of `Stages` cycles, or wires for 0. Nothing is reset: what goes in comes out.
module pipe #(
  parameter int unsigned Width = 1,
  parameter int unsigned Stages = 1
) (
  input  logic             clk_i,
  input  logic [Width-1:0] d_i,
  output logic [Width-1:0] q_o
);

  if (Stages == 0) begin : gen_wires
    logic unused_clk;
    assign unused_clk = clk_i;
    assign q_o = d_i;
  end else begin : gen_stages
    logic [Stages*Width-1:0] stages_q;
    always_ff @(posedge clk_i) stages_q <= (Stages*Width)'({stages_q, d_i});
    assign q_o = stages_q[(Stages-1)*Width +: Width];
  end

endmodule
