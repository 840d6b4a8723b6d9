// SPDX-License-Identifier: Apache-2.0
// Whether dropout keeps a token's value of a feature (base/dropout_bits.h), three cycles later: ten
// rounds, of which the first takes no addition; two additions in the first cycle, three in each of the next, and one
// in that of the answer.
module dropout_bits (
  input  logic         clk_i,
  input  logic [6:0]   token_i,      // a constant, so that all tokens are one module
  input  logic [319:0] keys_i,       // dropout_keys'
  input  logic [16:0]  threshold_i,  // in the cycle of the answer
  input  logic [19:0]  feature_i,
  output logic         keeps_o
);

  // What is added first in a sum goes into the carries as it is, so it is y, which is there by itself.
  function automatic logic [63:0] round(logic [63:0] state, logic [31:0] key);
    logic [31:0] x, y;
    x = state[63:32];
    y = state[31:0];
    x = (y + {x[7:0], x[31:8]}) ^ key;
    y = {y[28:0], y[31:29]} ^ x;
    round = {x, y};
  endfunction

  logic [63:0] state0, state1_d, state1_q, state2_d, state2_q, state3_d, state3_q;
  logic [1:0] part1_q, part2_q, part3_q;
  logic [31:0] sum, key, mask;
  logic [15:0] part;

  assign state0 = {39'h0, feature_i[19:2], token_i};
  assign state1_d = round(round(round(state0, keys_i[0 +: 32]), keys_i[32 +: 32]), keys_i[64 +: 32]);
  assign state2_d = round(round(round(state1_q, keys_i[96 +: 32]), keys_i[128 +: 32]),
                          keys_i[160 +: 32]);
  assign state3_d = round(round(round(state2_q, keys_i[192 +: 32]), keys_i[224 +: 32]),
                          keys_i[256 +: 32]);

  always_ff @(posedge clk_i) begin
    state1_q <= state1_d;
    state2_q <= state2_d;
    state3_q <= state3_d;
    part1_q <= feature_i[1:0];
    part2_q <= part1_q;
    part3_q <= part2_q;
  end

  // The last round: its sum, and what that is changed by into its words: the first one by the key, the second one
  // by y as well. Of the 64 bits 16 count: the first word, then the second; low half first.
  assign sum = state3_q[31:0] + {state3_q[39:32], state3_q[63:40]};
  assign key = keys_i[288 +: 32];
  assign mask = key ^ ({state3_q[28:0], state3_q[31:29]} & {32{part3_q[1]}});
  assign part = part3_q[0] ? sum[31:16] ^ mask[31:16] : sum[15:0] ^ mask[15:0];
  assign keeps_o = {1'b0, part} < threshold_i;

endmodule
