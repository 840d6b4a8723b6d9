// One of several words. A number beyond the last gives 0.
module word_select #(
  parameter int unsigned Words = 4,
  parameter int unsigned Width = 32,
  localparam int unsigned Bits = Words > 1 ? $clog2(Words) : 1
) (
  input  logic [Width*Words-1:0] words_i,
  input  logic [Bits-1:0]        number_i,
  output logic [Width-1:0]       word_o
);

  // An index that varies would be a shift of all words for synthesis.
  always_comb begin
    word_o = '0;
    for (int unsigned i = 0; i < Words; i++) begin
      word_o |= words_i[Width*i +: Width] & {Width{number_i == Bits'(i)}};
    end
  end

endmodule
