// SPDX-License-Identifier: Apache-2.0
// The stages of one lane of the vector unit. Two times of entry: `first` for x1 p1 + q1; and
// `second`, either a multiply-add (v1 there) or that and a function later, for v2 p2 + q2 and p3.
module vector_lane #(
  parameter int unsigned MultiplyLatency = 4,
  parameter int unsigned AddLatency = 6,
  parameter int unsigned Lookup = 2
) (
  input  logic                   clk_i,
  // First. A factor of 1 and a summand of -0 change nothing.
  input  logic [31:0]            x1_i,
  input  logic [31:0]            p1_i,
  input  logic [31:0]            q1_i,
  // A cycle later: which of these are zeros after all, and of which signs.
  input  logic [2:0]             none_i,    // x1, p1, q1
  input  logic [2:0]             sign_i,
  // A multiply-add later.
  input  logic [3:0]             function_i,  // bittern_pkg::function_e
  output logic [9:0]             address_o,
  input  logic [127:0]           entry_i,
  // Second.
  input  logic                   from_function_i,
  input  logic                   log2_i,        // q2 is what the function leaves to be added
  input  logic [31:0]            p2_i,
  input  logic [31:0]            q2_i,
  input  logic [31:0]            p3_i,
  input  logic                   p2_self_i,
  input  logic                   q2_self_i,
  input  logic                   q2_negate_i,   // of itself
  input  logic                   p3_self_i,
  // A multiply-add later, and a multiplication later.
  output logic [31:0]            v3_o,
  output logic [31:0]            v4_o
);

  logic [31:0] product1, late_q1, q1, v1, value, v2, product2, q2_d, q2_q, q2, p3;
  logic signed [8:0] exponent, summand;
  logic log2, p3_self;

  binary32_multiply #(.Latency(MultiplyLatency), .Late(1'b1)) u_multiply1 (
    .clk_i, .a_i(x1_i), .b_i(p1_i), .a_none_i(none_i[0]), .a_sign_i(sign_i[0]),
    .b_none_i(none_i[1]), .b_sign_i(sign_i[1]), .product_o(product1)
  );
  late_zero u_late_q1 (
    .clk_i, .d_i(q1_i), .none_i(none_i[2]), .sign_i(sign_i[2]), .q_o(late_q1)
  );
  pipe #(.Width(32), .Stages(MultiplyLatency - 2)) u_q1 (.clk_i, .d_i(late_q1), .q_o(q1));
  binary32_add #(.Latency(AddLatency)) u_add1 (.clk_i, .a_i(product1), .b_i(q1), .sum_o(v1));

  function_unit #(
    .MultiplyLatency(MultiplyLatency), .AddLatency(AddLatency), .Lookup(Lookup)
  ) u_function (
    .clk_i, .function_i, .z_i(v1), .address_o, .entry_i, .value_o(value), .exponent_o(exponent)
  );

  assign v2 = from_function_i ? value : v1;
  binary32_multiply #(.Latency(MultiplyLatency)) u_multiply2 (
    .clk_i, .a_i(v2), .b_i(p2_self_i ? v2 : p2_i), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(product2)
  );
  assign q2_d = q2_self_i ? v2 ^ {q2_negate_i, 31'h0} : q2_i;
  pipe #(.Width(42), .Stages(1)) u_summand (
    .clk_i, .d_i({q2_d, exponent, log2_i}), .q_o({q2_q, summand, log2})
  );

  // The exponent as a number, in the multiplier's second cycle: nine bits, signed.
  logic [8:0] size, normal;
  logic [3:0] zeros;
  logic [31:0] exponent_value;

  always_comb begin
    size = summand[8] ? 9'(-summand) : 9'(summand);
    zeros = 4'd9;
    for (int unsigned i = 0; i < 9; i++) begin
      if (size[i]) zeros = 4'(8 - i);
    end
    normal = size << zeros;
    exponent_value = {summand[8], 8'd135 - {4'h0, zeros}, normal[7:0], 15'h0};
    if (!normal[8]) exponent_value = '0;
  end
  pipe #(.Width(32), .Stages(MultiplyLatency - 1)) u_q2 (
    .clk_i, .d_i(log2 ? exponent_value : q2_q), .q_o(q2)
  );

  binary32_add #(.Latency(AddLatency)) u_add2 (
    .clk_i, .a_i(product2), .b_i(q2), .sum_o(v3_o)
  );
  pipe #(.Width(33), .Stages(MultiplyLatency + AddLatency)) u_p3 (
    .clk_i, .d_i({p3_i, p3_self_i}), .q_o({p3, p3_self})
  );
  binary32_multiply #(.Latency(MultiplyLatency)) u_multiply3 (
    .clk_i, .a_i(v3_o), .b_i(p3_self ? v3_o : p3), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(v4_o)
  );

endmodule
