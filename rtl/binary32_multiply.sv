// SPDX-License-Identifier: Apache-2.0
// The product of two binary32 numbers, each of its own kind (binary32_product).
module binary32_multiply #(
  parameter int unsigned Latency = 4,
  parameter bit Late = 1'b0  // either operand
) (
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  input  logic        a_none_i,  // a cycle later, as the next three
  input  logic        a_sign_i,  // if it is none
  input  logic        b_none_i,
  input  logic        b_sign_i,
  output logic [31:0] product_o
);

  logic [1:0] a_class, b_class;

  binary32_class u_a (.d_i(a_i), .class_o(a_class));
  binary32_class u_b (.d_i(b_i), .class_o(b_class));
  binary32_product #(.Latency(Latency), .LateA(Late), .LateB(Late)) u_product (
    .clk_i, .a_i, .b_i, .a_class_i(a_class), .b_class_i(b_class), .a_none_i, .a_sign_i, .b_none_i,
    .b_sign_i, .product_o
  );

endmodule
