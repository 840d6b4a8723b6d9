// SPDX-License-Identifier: Apache-2.0
// An instruction's words in pieces: optional operands, which have words only if they are there, go
// to their places.
//
// walks: load source; stream x, b, y, initial; drain y, initial; vector a, b, y, g, h, lanes,
// lane_scale, feature, pick. indices: load slot; stream slot, slice; drain slot; vector l0, l1, l2,
// lt.
module instruction_decode #(
  localparam int unsigned Words = 56
) (
  input  logic [32*Words-1:0] words_i,
  output core_pkg::pieces_t   pieces_o
);

  // Words before the walks.
  localparam int unsigned LoadBody = bittern_pkg::HeaderWords + bittern_pkg::LoopsWords;
  localparam int unsigned StreamBody = LoadBody + bittern_pkg::StreamFieldWords;
  localparam int unsigned VectorBody = LoadBody + bittern_pkg::VectorFieldWords;

  logic [3:0] opcode;
  logic is_vector, is_stream, is_drain;
  logic [13:0] flags;
  logic [8:0] present;
  logic [4:0] has_index;
  logic [1727:0] body;  // from the first walk on
  logic [3:0] walks_before;
  logic [2:0] indices_before;
  logic [255:0] tail;   // behind the walks

  // How many are there: each count by itself, so that none waits for another.
  function automatic logic [3:0] ones(logic [8:0] bits);
    ones = '0;
    for (int unsigned i = 0; i < 9; i++) ones = ones + {3'b000, bits[i]};
  endfunction

  assign opcode = words_i[3:0];
  assign is_vector = opcode == bittern_pkg::OpcodeVector;
  assign is_stream = opcode == bittern_pkg::OpcodeStream;
  assign is_drain = opcode == bittern_pkg::OpcodeDrain;
  assign flags = words_i[32*LoadBody +: 14];

  always_comb begin
    present = 9'b1;
    has_index = 5'b1;
    body = 1728'(words_i >> (32 * LoadBody));
    if (is_vector) begin
      present = flags[8:0];
      has_index = {flags[13], flags[12:9]};  // and dropout
      body = 1728'(words_i >> (32 * VectorBody));
    end else if (is_stream) begin
      present = {5'h0, flags[3:0]};
      has_index = {3'b000, flags[4], 1'b1};
      body = 1728'(words_i >> (32 * StreamBody));
    end else if (is_drain) begin
      present = {7'h0, flags[0], 1'b1};
      body = 1728'(words_i >> (32 * StreamBody));
    end

    pieces_o.walks = '0;
    for (int unsigned w = 0; w < core_pkg::Walks; w++) begin
      walks_before = ones(present & 9'((1 << w) - 1));
      for (int unsigned earlier = 0; earlier <= w; earlier++) begin
        if (present[w] && walks_before == 4'(earlier)) begin
          pieces_o.walks[128*w +: 128] = body[128*earlier +: 128];
        end
      end
    end

    walks_before = ones(present);
    tail = '0;
    for (int unsigned earlier = 0; earlier <= core_pkg::Walks; earlier++) begin
      if (walks_before == 4'(earlier)) tail = 256'(body >> (128 * earlier));
    end
    pieces_o.indices = '0;
    for (int unsigned i = 0; i < 4; i++) begin
      indices_before = 3'(ones({5'h0, has_index[3:0] & 4'((1 << i) - 1)}));
      for (int unsigned earlier = 0; earlier <= i; earlier++) begin
        if (has_index[i] && indices_before == 3'(earlier)) begin
          pieces_o.indices[32*i +: 32] = tail[32*earlier +: 32];
        end
      end
    end
    indices_before = 3'(ones({5'h0, has_index[3:0]}));
    pieces_o.dropout = '0;
    for (int unsigned earlier = 0; earlier <= 4; earlier++) begin
      if (has_index[4] && indices_before == 3'(earlier)) pieces_o.dropout = tail[32*earlier +: 96];
    end
    pieces_o.header = words_i[95:0];
    pieces_o.count = words_i[96 +: 64];
    pieces_o.fields = words_i[32*LoadBody +: 64];
    pieces_o.present = present;
  end

endmodule
