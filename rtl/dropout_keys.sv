// The keys of dropout's ten rounds, the same for all tokens, each in the cycle of its round: 0 to 3 in the
// cycle behind load_i, 4 to 6 one later, 7 to 9 two later, and the threshold three later.
module dropout_keys (
  input  logic         clk_i,
  input  logic         load_i,
  input  logic [63:0]  key_i,
  input  logic [16:0]  threshold_i,
  output logic [319:0] keys_o,
  output logic [16:0]  threshold_o
);

  logic [319:0] keys_q;
  logic [16:0] threshold_q;
  logic [191:0] later_q;
  logic [95:0] last_q;

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned n = 0; n < 10; n++) begin
        keys_q[32*n +: 32] <= (n % 2 == 0 ? key_i[31:0] : key_i[63:32]) + n;
      end
      threshold_q <= threshold_i;
    end
    later_q <= keys_q[319:128];
    last_q <= later_q[191:96];
  end
  assign keys_o = {last_q, later_q[95:0], keys_q[127:0]};

  pipe #(.Width(17), .Stages(3)) u_threshold (.clk_i, .d_i(threshold_q), .q_o(threshold_o));

endmodule
