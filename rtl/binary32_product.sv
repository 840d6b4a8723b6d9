// SPDX-License-Identifier: Apache-2.0
// The product of two binary32 numbers (docs/arithmetic.md: to nearest even, subnormals are zeros,
// one NaN), `Latency` cycles later; one a cycle. What kinds of numbers they are comes with them (binary32_class):
// that is known once for many products of one number.
//
// Four steps of logic: operands taken apart, as little as can be, for what comes before takes time of its own;
// the product of the significands, and what becomes of it whatever it is; whether to round up; rounding.
// The registers are spread over the ends of the steps (4: one each; more: added last).
//
// With `LateA`, `LateB`, an operand may turn out to be a zero, of any sign, a cycle after it was there.
module binary32_product #(
  parameter int unsigned Latency = 4,
  parameter bit LateA = 1'b0,  // Latency is 4 or more then
  parameter bit LateB = 1'b0
) (
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  input  logic [1:0]  a_class_i,
  input  logic [1:0]  b_class_i,
  input  logic        a_none_i,  // a cycle later, as the next three
  input  logic        a_sign_i,  // if it is none
  input  logic        b_none_i,
  input  logic        b_sign_i,
  output logic [31:0] product_o
);

  localparam int unsigned Steps = 4;
  localparam int unsigned Stages1 = 1 * Latency / Steps;
  localparam int unsigned Stages2 = 2 * Latency / Steps - Stages1;
  localparam int unsigned Stages3 = 3 * Latency / Steps - 2 * Latency / Steps;
  localparam int unsigned Stages4 = Latency - 3 * Latency / Steps;

  typedef struct packed {
    logic [1:0] a_class;
    logic [1:0] b_class;
    logic       a_sign;
    logic       b_sign;      // with none late, a_sign is the product's and this is 0
    logic [8:0] exponents;   // their sum, both biased
  } operands_t;

  // What becomes of the product whatever the significands are.
  typedef struct packed {
    logic       nan;
    logic       infinity;   // or nan
    logic       zero;
    logic       sign;
    logic [8:0] exponents;
  } fate_t;
  localparam int unsigned FateBits = 13;

  // 1: operands.
  operands_t about_d, about_q;
  logic [23:0] a_d, a_q, b_d, b_q;

  always_comb begin
    about_d.a_class = a_class_i;
    about_d.b_class = b_class_i;
    about_d.a_sign = LateA || LateB ? a_i[31] : a_i[31] ^ b_i[31];
    about_d.b_sign = (LateA || LateB) && b_i[31];
    about_d.exponents = {1'b0, a_i[30:23]} + {1'b0, b_i[30:23]};
  end
  assign a_d = {1'b1, a_i[22:0]};
  assign b_d = {1'b1, b_i[22:0]};

  pipe #(.Width($bits(about_q)), .Stages(Stages1)) u_about (.clk_i, .d_i(about_d), .q_o(about_q));
  pipe #(.Width(48), .Stages(Stages1)) u_operands (.clk_i, .d_i({a_d, b_d}), .q_o({a_q, b_q}));

  // 2: 2.46 bits.
  fate_t fate2_d, fate2_q, fate3_q;
  logic [47:0] product_d, product_q;

  assign product_d = a_q * b_q;

  logic [1:0] a_class, b_class;
  logic a_sign, b_sign, a_none, a_none_sign, b_none, b_none_sign;

  localparam logic [1:0] Zero = 2'd1, Infinity = 2'd2, Nan = 2'd3;

  pipe #(.Width(4), .Stages(LateA || LateB ? Stages1 - 1 : 0)) u_none (
    .clk_i, .d_i({a_none_i, a_sign_i, b_none_i, b_sign_i}),
    .q_o({a_none, a_none_sign, b_none, b_none_sign})
  );
  assign a_class = LateA && a_none ? Zero : about_q.a_class;
  assign b_class = LateB && b_none ? Zero : about_q.b_class;
  assign a_sign = LateA && a_none ? a_none_sign : about_q.a_sign;
  assign b_sign = LateB && b_none ? b_none_sign : about_q.b_sign;

  always_comb begin
    fate2_d.nan = a_class == Nan || b_class == Nan || (a_class == Infinity && b_class == Zero)
                  || (a_class == Zero && b_class == Infinity);
    fate2_d.infinity = a_class[1] || b_class[1];
    fate2_d.zero = a_class == Zero || b_class == Zero;
    fate2_d.sign = (a_sign ^ b_sign) & ~fate2_d.nan;
    fate2_d.exponents = about_q.exponents;
  end

  pipe #(.Width(FateBits), .Stages(Stages2)) u_fate2 (.clk_i, .d_i(fate2_d), .q_o(fate2_q));
  pipe #(.Width(48), .Stages(Stages2)) u_product (.clk_i, .d_i(product_d), .q_o(product_q));

  // 3: whether the 23 bits behind the first place are rounded up.
  logic two, half, round_up_d, round_up_q;  // two: the product is 2 or more
  logic [24:0] product3_q;

  assign two = product_q[47];
  assign half = two ? product_q[23] : product_q[22];
  assign round_up_d = half & (|product_q[21:0] | (two & product_q[22])
                              | (two ? product_q[24] : product_q[23]));

  pipe #(.Width(FateBits), .Stages(Stages3)) u_fate3 (.clk_i, .d_i(fate2_q), .q_o(fate3_q));
  pipe #(.Width(26), .Stages(Stages3)) u_kept (
    .clk_i, .d_i({product_q[47:23], round_up_d}), .q_o({product3_q, round_up_q})
  );

  // 4: rounded. A carry out of the fraction goes into the exponent, and with it the bias that the sum of
  // exponents has twice, or one less than that from two on. Nine bits tell -125 .. 383 apart.
  logic [8:0] exponent, minus_bias;
  logic [22:0] kept, fraction;
  logic unused_carry, infinity, zero;

  assign kept = product3_q[24] ? product3_q[23:1] : product3_q[22:0];
  assign minus_bias = {7'b1100000, product3_q[24], ~product3_q[24]};
  always_comb begin
    {exponent, fraction, unused_carry} = {fate3_q.exponents, 23'h0, 1'b1}
                                         + {minus_bias, kept, round_up_q};
    infinity = fate3_q.infinity || (!fate3_q.zero && ((exponent[8] && !exponent[7])
                                                      || exponent == 9'd255));
    zero = fate3_q.zero || &exponent[8:7] || exponent == '0;
  end

  pipe #(.Width(10), .Stages(Stages4)) u_rounded (
    .clk_i,
    .d_i({fate3_q.sign, {8{infinity}} | (exponent[7:0] & {8{!zero}}),
          fate3_q.nan || (fraction[22] && !infinity && !zero)}),
    .q_o(product_o[31:22])
  );
  pipe_clear #(.Width(22), .Stages(Stages4)) u_fraction (
    .clk_i, .clear_i(infinity || zero), .d_i(fraction[21:0]), .q_o(product_o[21:0])
  );

  logic unused;
  assign unused = ^{a_none, a_none_sign, b_none, b_none_sign};

`ifndef SYNTHESIS
  initial assert (!(LateA || LateB) || Latency >= Steps) else $error("the operands' registers take no cycle");
`endif

endmodule
