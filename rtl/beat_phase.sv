// SPDX-License-Identifier: Apache-2.0
// Which part of a word passes in a cycle of the fast clock: 0 in the first cycle of a beat, then 1 and so on. A
// beat is a cycle of clk_i, whose edges are edges of the fast clock; a toggle tells the first cycle.
module beat_phase #(
  parameter int unsigned Fold = 1,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                 clk_i,
  input  logic                 fast_clk_i,
  output logic [PhaseBits-1:0] phase_o
);

  if (Fold == 1) begin : gen_one
    logic unused;
    assign phase_o = '0;
    assign unused = clk_i ^ fast_clk_i;
  end else begin : gen_count
    // From the start: an X here would stay one.
    logic toggle_q = 1'b0;
    logic seen_q;
    logic [PhaseBits-1:0] next_q;

    always_ff @(posedge clk_i) toggle_q <= !toggle_q;
    always_ff @(posedge fast_clk_i) begin
      seen_q <= toggle_q;
      next_q <= phase_o + 1'b1;
    end
    assign phase_o = toggle_q == seen_q ? next_q : '0;
  end

endmodule
