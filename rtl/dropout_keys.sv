// The keys of dropout's ten rounds, the same for all tokens, each in the cycle of its round: 0 to 4 in the
// key's, 5 to 8 one later, 9 and the threshold two later.
module dropout_keys (
  input  logic         clk_i,
  input  logic [63:0]  key_i,
  input  logic [16:0]  threshold_i,
  output logic [319:0] keys_o,
  output logic [16:0]  threshold_o
);

  logic [63:0] key1, key2, key;

  pipe #(.Width(64), .Stages(1)) u_key1 (.clk_i, .d_i(key_i), .q_o(key1));
  pipe #(.Width(64), .Stages(1)) u_key2 (.clk_i, .d_i(key1), .q_o(key2));
  pipe #(.Width(17), .Stages(2)) u_threshold (.clk_i, .d_i(threshold_i), .q_o(threshold_o));

  always_comb begin
    for (int unsigned n = 0; n < 10; n++) begin
      key = n < 5 ? key_i : (n < 9 ? key1 : key2);
      keys_o[32*n +: 32] = (n % 2 == 0 ? key[31:0] : key[63:32]) + n;
    end
  end

endmodule
