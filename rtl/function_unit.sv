// SPDX-License-Identifier: Apache-2.0
// A function of docs/arithmetic.md in one lane: an entry of the table and a cubic, one a cycle.
// Cycle 0: z and the function, and the address of the entry. A look-up later: the entry. Three multiply-adds
// later: the value. LOG2's last addition is left to the caller: log2(z) = exponent_o + value_o, in
// this order.
module function_unit #(
  parameter int unsigned MultiplyLatency = 4,
  parameter int unsigned AddLatency = 6,
  parameter int unsigned Lookup = 2
) (
  input  logic                   clk_i,
  input  logic [3:0]             function_i,  // bittern_pkg::function_e
  input  logic [31:0]            z_i,
  output logic [9:0]             address_o,
  input  logic [127:0]           entry_i,
  output logic [31:0]            value_o,
  output logic signed [8:0]      exponent_o
);

  localparam int unsigned MultiplyAdd = MultiplyLatency + AddLatency;

  localparam logic [30:0] Eight = 31'h41000000;
  localparam logic [30:0] OneHundredTwentySix = 31'h42FC0000;
  localparam logic [7:0] ExponentOf16 = 8'd131, ExponentOf128 = 8'd134, ExponentOf2ToMinus5 = 8'd122;

  // What the value is made of beside r.
  typedef enum logic [2:0] {Plain, Scaled, NotANumber, Infinity, Zero, One} kind_e;
  typedef struct packed {
    kind_e             kind;
    logic              sign;
    logic signed [8:0] exponent;  // Scaled: r 2^exponent; LOG2: the summand
  } finish_t;

  // Operand -------------------------------------------------------------------------------------

  logic sign, is_zero, is_top, is_nan, is_infinity;
  logic [7:0] exponent;
  logic [30:0] magnitude;

  assign sign = z_i[31];
  assign exponent = z_i[30:23];
  assign magnitude = z_i[30:0];
  assign is_zero = exponent == 8'h00;
  assign is_top = &exponent;
  assign is_nan = is_top & |z_i[22:0];
  assign is_infinity = is_top & ~|z_i[22:0];

  // z 2^24 (EXP2) or z 2^27 (the GELUs), rounded to zero.
  logic [7:0] shift;
  logic [30:0] fixed_magnitude;
  logic [31:0] fixed;

  assign shift = (function_i == bittern_pkg::FunctionExp2 ? 8'd133 : 8'd130) - exponent;
  assign fixed_magnitude = |shift[7:5] ? '0 : {1'b1, z_i[22:0], 7'h0} >> shift[4:0];
  assign fixed = ({1'b0, fixed_magnitude} ^ {32{sign}}) + {31'h0, sign};

  // Entry and u ---------------------------------------------------------------------------------

  logic [22:0] fraction_d, fraction_q;  // u = 2 fraction - 1
  logic small_d, small_q;               // u = 32 |z|
  logic [30:0] scaled_d, scaled_q;

  always_comb begin
    small_d = 1'b0;
    scaled_d = is_zero ? '0 : {exponent + 8'd5, z_i[22:0]};
    address_o = '0;
    fraction_d = fixed[22:0];
    case (function_i)
      bittern_pkg::FunctionExp2: begin
        address_o = {4'b0000, fixed[23:18]};
        fraction_d = {fixed[17:0], 5'h0};
      end
      bittern_pkg::FunctionReciprocal, bittern_pkg::FunctionLog2: begin
        address_o = {function_i == bittern_pkg::FunctionLog2 ? 4'b0011 : 4'b0001, z_i[22:17]};
        fraction_d = {z_i[16:0], 6'h0};
      end
      bittern_pkg::FunctionRsqrt: begin
        address_o = {4'b0010, z_i[23:18]};
        fraction_d = {z_i[17:0], 5'h0};
      end
      bittern_pkg::FunctionGeluPhi: address_o = {2'b01, ~fixed[30], fixed[29:23]};
      bittern_pkg::FunctionGeluGrad: address_o = {2'b10, ~fixed[30], fixed[29:23]};
      bittern_pkg::FunctionTanh: begin
        small_d = exponent < ExponentOf2ToMinus5;
        address_o = {2'b11, small_d ? 8'h00 : {exponent[3:0] - 4'd9, z_i[22:19]}};
        fraction_d = {z_i[18:0], 4'h0};
      end
      default: ;
    endcase
  end

  pipe #(.Width(55), .Stages(1)) u_fraction (
    .clk_i, .d_i({small_d, scaled_d, fraction_d}), .q_o({small_q, scaled_q, fraction_q})
  );

  logic [22:0] centred_d, centred_q, normal;
  logic [4:0] zeros_d, zeros_q;
  logic minus_q, from_small_q;
  logic [30:0] small_value_q;
  logic [31:0] u_d, u;

  always_comb begin
    // |2 fraction - 1| in 1.22 bits.
    centred_d = fraction_q[22] ? {1'b0, fraction_q[21:0]} : 23'h400000 - {1'b0, fraction_q[21:0]};
    zeros_d = 5'd31;
    for (int unsigned i = 0; i < 23; i++) begin
      if (centred_d[i]) zeros_d = 5'(22 - i);
    end
  end

  pipe #(.Width(61), .Stages(1)) u_centred (
    .clk_i, .d_i({centred_d, zeros_d, ~fraction_q[22], small_q, scaled_q}),
    .q_o({centred_q, zeros_q, minus_q, from_small_q, small_value_q})
  );

  // The rest in the multiplier's first cycle, which has little to do, if the look-up takes but two.
  always_comb begin
    normal = centred_q << zeros_q;
    u_d = {minus_q, 8'd127 - {3'h0, zeros_q}, normal[21:0], 1'b0};
    if (!normal[22]) u_d = '0;
    if (from_small_q) u_d = {1'b0, small_value_q};
  end
  pipe #(.Width(32), .Stages(Lookup - 2)) u_u (.clk_i, .d_i(u_d), .q_o(u));

  // Cubic ---------------------------------------------------------------------------------------

  logic [31:0] c2, c1, c0, u1, u2, product3, product2, product1, sum2, sum1, r;

  pipe #(.Width(32), .Stages(MultiplyAdd)) u_u1 (.clk_i, .d_i(u), .q_o(u1));
  pipe #(.Width(32), .Stages(MultiplyAdd)) u_u2 (.clk_i, .d_i(u1), .q_o(u2));
  pipe #(.Width(32), .Stages(MultiplyLatency)) u_c2 (.clk_i, .d_i(entry_i[95:64]), .q_o(c2));
  pipe #(.Width(32), .Stages(MultiplyAdd + MultiplyLatency)) u_c1 (
    .clk_i, .d_i(entry_i[63:32]), .q_o(c1)
  );
  pipe #(.Width(32), .Stages(2 * MultiplyAdd + MultiplyLatency)) u_c0 (
    .clk_i, .d_i(entry_i[31:0]), .q_o(c0)
  );
  binary32_multiply #(.Latency(MultiplyLatency)) u_multiply3 (
    .clk_i, .a_i(entry_i[127:96]), .b_i(u), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(product3)
  );
  binary32_add #(.Latency(AddLatency)) u_add3 (.clk_i, .a_i(product3), .b_i(c2), .sum_o(sum2));
  binary32_multiply #(.Latency(MultiplyLatency)) u_multiply2 (
    .clk_i, .a_i(sum2), .b_i(u1), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(product2)
  );
  binary32_add #(.Latency(AddLatency)) u_add2 (.clk_i, .a_i(product2), .b_i(c1), .sum_o(sum1));
  binary32_multiply #(.Latency(MultiplyLatency)) u_multiply1 (
    .clk_i, .a_i(sum1), .b_i(u2), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(product1)
  );
  binary32_add #(.Latency(AddLatency)) u_add1 (.clk_i, .a_i(product1), .b_i(c0), .sum_o(r));

  // Value ---------------------------------------------------------------------------------------

  finish_t finish_d;

  always_comb begin
    finish_d.kind = Plain;
    finish_d.sign = 1'b0;
    finish_d.exponent = '0;
    case (function_i)
      bittern_pkg::FunctionExp2: begin
        finish_d.kind = Scaled;
        finish_d.exponent = $signed({fixed[31], fixed[31:24]});
        if (!sign && exponent >= ExponentOf128) finish_d.kind = Infinity;
        if (sign && magnitude > OneHundredTwentySix) finish_d.kind = Zero;
      end
      bittern_pkg::FunctionReciprocal: begin
        finish_d.kind = Scaled;
        finish_d.sign = sign;
        finish_d.exponent = 9'sd127 - $signed({1'b0, exponent});
        if (is_zero) finish_d.kind = Infinity;
        if (is_infinity) finish_d.kind = Zero;
      end
      bittern_pkg::FunctionRsqrt: begin
        finish_d.kind = Scaled;
        finish_d.exponent = 9'sd64 - $signed({1'b0, exponent[7:1]} + {8'h0, exponent[0]});
        if (is_infinity) finish_d.kind = Zero;
        if (sign) finish_d.kind = NotANumber;
        if (is_zero) finish_d.kind = Infinity;
      end
      bittern_pkg::FunctionLog2: begin
        finish_d.exponent = $signed({1'b0, exponent}) - 9'sd127;
        if (is_infinity) finish_d.kind = Infinity;
        if (sign) finish_d.kind = NotANumber;
        if (is_zero) begin
          finish_d.kind = Infinity;
          finish_d.sign = 1'b1;
        end
      end
      bittern_pkg::FunctionGeluPhi, bittern_pkg::FunctionGeluGrad: begin
        if (!sign && magnitude >= Eight) finish_d.kind = One;
        if (sign && magnitude > Eight) finish_d.kind = Zero;
      end
      bittern_pkg::FunctionTanh: begin
        finish_d.sign = sign;
        if (exponent >= ExponentOf16) finish_d.kind = One;
      end
      default: ;
    endcase
    if (is_nan) begin
      finish_d.kind = NotANumber;
      finish_d.sign = 1'b0;
    end
  end

  // All but what r decides is made ready a cycle before r is there.
  typedef struct packed {
    logic        known;     // the value is `constant`
    logic        scaled;
    logic        sign;
    logic [7:0]  exponent;  // to be added to r's, modulo 256
    logic [9:0]  limit;     // signed: of r's exponent, up to which the value is 0
    logic [31:0] constant;
  } ready_t;

  finish_t finish;
  ready_t ready_d, ready_q;
  logic signed [8:0] exponent_q;

  pipe #(.Width(13), .Stages(Lookup + 3 * MultiplyAdd - 1)) u_finish (
    .clk_i, .d_i(finish_d), .q_o(finish)
  );
  always_comb begin
    ready_d.known = finish.kind != Plain && finish.kind != Scaled;
    ready_d.scaled = finish.kind == Scaled;
    ready_d.sign = finish.sign;
    ready_d.exponent = finish.kind == Scaled ? finish.exponent[7:0] : '0;
    ready_d.limit = finish.kind == Scaled ? 10'd0 - {finish.exponent[8], finish.exponent} : '1;
    ready_d.constant = '0;
    case (finish.kind)
      NotANumber: ready_d.constant = 32'h7FC00000;
      Infinity: ready_d.constant = 32'h7F800000;
      One: ready_d.constant = 32'h3F800000;
      default: ;
    endcase
    ready_d.constant[31] |= finish.sign;
  end
  pipe #(.Width($bits(ready_q)), .Stages(1)) u_ready (.clk_i, .d_i(ready_d), .q_o(ready_q));
  pipe #(.Width(9), .Stages(1)) u_exponent (.clk_i, .d_i(finish.exponent), .q_o(exponent_q));

  logic [7:0] scaled_exponent;
  logic vanishes;

  assign scaled_exponent = r[30:23] + ready_q.exponent;
  assign vanishes = $signed({2'b00, r[30:23]}) <= $signed(ready_q.limit);
  assign exponent_o = exponent_q;
  always_comb begin
    value_o[31] = (r[31] && !ready_q.scaled) || ready_q.sign;
    value_o[30:0] = vanishes ? '0 : {scaled_exponent, r[22:0]};
    if (ready_q.known) value_o = ready_q.constant;
  end

endmodule
