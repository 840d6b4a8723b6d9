// SPDX-License-Identifier: Apache-2.0
// A number two cycles later, or, where it turns out a cycle after it was there that it is none, a zero of a sign.
module late_zero (
  input  logic        clk_i,
  input  logic [31:0] d_i,
  input  logic        none_i,  // a cycle later
  input  logic        sign_i,  // if it is none
  output logic [31:0] q_o
);

  logic [31:0] d_q;

  pipe #(.Width(32), .Stages(1)) u_first (.clk_i, .d_i, .q_o(d_q));
  pipe #(.Width(1), .Stages(1)) u_sign (
    .clk_i, .d_i(none_i ? sign_i : d_q[31]), .q_o(q_o[31])
  );
  pipe_clear #(.Width(31), .Stages(1)) u_rest (
    .clk_i, .clear_i(none_i), .d_i(d_q[30:0]), .q_o(q_o[30:0])
  );

endmodule
