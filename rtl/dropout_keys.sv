// SPDX-License-Identifier: Apache-2.0
// The keys of dropout's ten rounds, the same for all tokens, each in the cycle of its round: 0 to 2 in the
// cycle behind load_i, 3 to 5 one later, 6 to 8 two later, 9 and the threshold three later.
module dropout_keys (
  input  logic         clk_i,       // beats: the load
  input  logic         fast_clk_i,  // all other cycles
  input  logic         load_i,
  input  logic [63:0]  key_i,
  input  logic [16:0]  threshold_i,
  output logic [319:0] keys_o,
  output logic [16:0]  threshold_o
);

  logic [319:0] keys_q;
  logic [16:0] threshold_q;
  logic [223:0] later1_q;
  logic [127:0] later2_q;
  logic [31:0] later3_q;

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned n = 0; n < 10; n++) begin
        keys_q[32*n +: 32] <= (n % 2 == 0 ? key_i[31:0] : key_i[63:32]) + n;
      end
      threshold_q <= threshold_i;
    end
  end
  always_ff @(posedge fast_clk_i) begin
    later1_q <= keys_q[319:96];
    later2_q <= later1_q[223:96];
    later3_q <= later2_q[127:96];
  end
  assign keys_o = {later3_q, later2_q[95:0], later1_q[95:0], keys_q[95:0]};

  pipe #(.Width(17), .Stages(3)) u_threshold (.clk_i(fast_clk_i), .d_i(threshold_q), .q_o(threshold_o));

endmodule
