// SPDX-License-Identifier: Apache-2.0
// Whole words to the parts in which they pass, and back: lane t is in part t % Fold at place t / Fold. A word is there
// whole a beat behind its parts.
module word_parts #(
  parameter int unsigned Width = 16,  // lanes of a word
  parameter int unsigned Fold = 1,
  localparam int unsigned Part = Width / Fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                 clk_i,       // beats
  input  logic                 fast_clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic [32*Width-1:0]  word_i,
  output logic [32*Part-1:0]   part_o,
  input  logic [32*Part-1:0]   part_i,
  output logic [32*Width-1:0]  word_o
);

  if (Fold == 1) begin : gen_whole
    logic unused;
    assign part_o = word_i;
    assign word_o = part_i;
    assign unused = ^{clk_i, fast_clk_i, phase_i};
  end else begin : gen_parts
    logic [32*Width-1:0] gathered_q, gathered;

    always_comb begin
      part_o = '0;
      gathered = gathered_q;
      for (int unsigned t = 0; t < Width; t++) begin
        if (32'(phase_i) == t % Fold) part_o[32*(t/Fold) +: 32] = word_i[32*t +: 32];
        // The last part goes straight to the word.
        if (t % Fold == Fold - 1) gathered[32*t +: 32] = part_i[32*(t/Fold) +: 32];
      end
    end
    always_ff @(posedge fast_clk_i) begin
      for (int unsigned t = 0; t < Width; t++) begin
        if (32'(phase_i) == t % Fold) gathered_q[32*t +: 32] <= part_i[32*(t/Fold) +: 32];
      end
    end
    pipe #(.Width(32 * Width), .Stages(1)) u_word (.clk_i, .d_i(gathered), .q_o(word_o));
  end

endmodule
