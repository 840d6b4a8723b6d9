// The product of two binary32 numbers (docs/arithmetic.md: to nearest even, subnormals are zeros,
// one NaN), `Latency` cycles later; one a cycle.
//
// Four steps of logic: operands taken apart, as little as can be, for what comes before takes time of its own;
// the product of the significands, and what becomes of it whatever it is; its first place found;
// rounding. The registers are spread over the ends of the steps (4: one each; more: added last).
module binary32_multiply #(
  parameter int unsigned Latency = 4
) (
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] product_o
);

  localparam int unsigned Steps = 4;
  localparam int unsigned Stages1 = 1 * Latency / Steps;
  localparam int unsigned Stages2 = 2 * Latency / Steps - Stages1;
  localparam int unsigned Stages3 = 3 * Latency / Steps - 2 * Latency / Steps;
  localparam int unsigned Stages4 = Latency - 3 * Latency / Steps;

  // What becomes of the product whatever the significands are.
  typedef enum logic [1:0] {Number, Zero, Infinity, NotANumber} special_e;

  typedef struct packed {
    special_e          special;
    logic              sign;
    logic signed [9:0] exponent;  // biased, of a product of 1 <= product < 2
  } fate_t;

  typedef struct packed {
    logic       a_zero;
    logic       b_zero;
    logic       a_top;
    logic       b_top;
    logic       a_fraction;  // is not 0
    logic       b_fraction;
    logic       sign;
    logic [8:0] exponents;   // their sum, both biased
  } operands_t;

  // 1: operands.
  operands_t about_d, about_q;
  logic [23:0] a_d, a_q, b_d, b_q;

  always_comb begin
    about_d.a_zero = a_i[30:23] == 8'h00;
    about_d.b_zero = b_i[30:23] == 8'h00;
    about_d.a_top = &a_i[30:23];
    about_d.b_top = &b_i[30:23];
    about_d.a_fraction = |a_i[22:0];
    about_d.b_fraction = |b_i[22:0];
    about_d.sign = a_i[31] ^ b_i[31];
    about_d.exponents = {1'b0, a_i[30:23]} + {1'b0, b_i[30:23]};
  end
  assign a_d = {1'b1, a_i[22:0]};
  assign b_d = {1'b1, b_i[22:0]};

  pipe #(.Width($bits(about_q)), .Stages(Stages1)) u_about (.clk_i, .d_i(about_d), .q_o(about_q));
  pipe #(.Width(48), .Stages(Stages1)) u_operands (.clk_i, .d_i({a_d, b_d}), .q_o({a_q, b_q}));

  // 2: 2.46 bits.
  fate_t fate2_d, fate2_q;
  logic a_nan, b_nan;
  logic [47:0] product_d, product_q;

  assign product_d = a_q * b_q;
  assign a_nan = about_q.a_top & about_q.a_fraction;
  assign b_nan = about_q.b_top & about_q.b_fraction;
  always_comb begin
    fate2_d.special = Number;
    if (a_nan | b_nan | (about_q.a_top & about_q.b_zero) | (about_q.a_zero & about_q.b_top)) begin
      fate2_d.special = NotANumber;
    end else if (about_q.a_top | about_q.b_top) begin
      fate2_d.special = Infinity;
    end else if (about_q.a_zero | about_q.b_zero) begin
      fate2_d.special = Zero;
    end
    fate2_d.sign = about_q.sign;
    fate2_d.exponent = $signed({1'b0, about_q.exponents}) - 10'sd127;
  end

  pipe #(.Width($bits(fate2_q)), .Stages(Stages2)) u_fate2 (.clk_i, .d_i(fate2_d), .q_o(fate2_q));
  pipe #(.Width(48), .Stages(Stages2)) u_product (.clk_i, .d_i(product_d), .q_o(product_q));

  // 3: 23 bits behind the first place, the next one, and whether anything follows.
  fate_t fate3_d, fate3_q;
  logic [22:0] kept_d, kept_q;
  logic half_d, half_q, rest_d, rest_q;

  always_comb begin
    fate3_d = fate2_q;
    kept_d = product_q[45:23];
    half_d = product_q[22];
    rest_d = |product_q[21:0];
    if (product_q[47]) begin
      fate3_d.exponent = fate2_q.exponent + 10'sd1;
      kept_d = product_q[46:24];
      half_d = product_q[23];
      rest_d = |product_q[22:0];
    end
  end

  pipe #(.Width($bits(fate2_q)), .Stages(Stages3)) u_fate3 (.clk_i, .d_i(fate3_d), .q_o(fate3_q));
  pipe #(.Width(25), .Stages(Stages3)) u_kept (
    .clk_i, .d_i({kept_d, half_d, rest_d}), .q_o({kept_q, half_q, rest_q})
  );

  // 4: rounded. A carry out of the fraction goes into the exponent.
  logic signed [9:0] exponent;
  logic [22:0] fraction;
  logic [31:0] rounded;

  always_comb begin
    {exponent, fraction} = {fate3_q.exponent, kept_q} + {32'h0, half_q & (rest_q | kept_q[0])};
    rounded = {fate3_q.sign, exponent[7:0], fraction};
    if (fate3_q.special == NotANumber) begin
      rounded = 32'h7FC00000;
    end else if (fate3_q.special == Infinity || (fate3_q.special == Number && exponent >= 10'sd255))
    begin
      rounded[30:0] = 31'h7F800000;
    end else if (fate3_q.special == Zero || exponent <= 10'sd0) begin
      rounded[30:0] = '0;
    end
  end

  pipe #(.Width(32), .Stages(Stages4)) u_rounded (.clk_i, .d_i(rounded), .q_o(product_o));

endmodule
