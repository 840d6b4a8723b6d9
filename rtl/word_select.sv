// SPDX-License-Identifier: Apache-2.0
// One of several words. A number beyond the last gives any of them.
module word_select #(
  parameter int unsigned Words = 4,
  parameter int unsigned Width = 32,
  localparam int unsigned Bits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic [Width*Words-1:0] words_i,
  input  logic [Bits-1:0]        number_i,
  output logic [Width-1:0]       word_o
);

  // A tree of choices between two, in place: four words so take a table of six inputs a bit, where a union of
  // masked words takes twice as many, and an index that varies is a shift of all words for synthesis.
  logic [Width*Words-1:0] words;

  always_comb begin
    words = words_i;
    for (int unsigned l = 0; l < Bits; l++) begin
      for (int unsigned i = 0; i + (1 << l) < Words; i += 2 << l) begin
        if (number_i[l]) words[Width*i +: Width] = words[Width*(i+(1<<l)) +: Width];
      end
    end
    word_o = words[Width-1:0];
  end

endmodule
