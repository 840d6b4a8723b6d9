// The product of two binary32 numbers (docs/arithmetic.md: to nearest even, subnormals are zeros,
// one NaN), `Latency` cycles later; one a cycle.
//
// Four steps of logic: operands taken apart; the product of the significands; its first place found;
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

  // 1: operands.
  fate_t fate1_d, fate1_q;
  logic [23:0] a_d, a_q, b_d, b_q;
  logic a_zero, b_zero, a_top, b_top, a_nan, b_nan;

  assign a_zero = a_i[30:23] == 8'h00;
  assign b_zero = b_i[30:23] == 8'h00;
  assign a_top = &a_i[30:23];
  assign b_top = &b_i[30:23];
  assign a_nan = a_top & |a_i[22:0];
  assign b_nan = b_top & |b_i[22:0];
  assign a_d = {1'b1, a_i[22:0]};
  assign b_d = {1'b1, b_i[22:0]};

  always_comb begin
    fate1_d.special = Number;
    if (a_nan | b_nan | (a_top & b_zero) | (a_zero & b_top)) fate1_d.special = NotANumber;
    else if (a_top | b_top) fate1_d.special = Infinity;
    else if (a_zero | b_zero) fate1_d.special = Zero;
    fate1_d.sign = a_i[31] ^ b_i[31];
    fate1_d.exponent = $signed({2'b00, a_i[30:23]}) + $signed({2'b00, b_i[30:23]}) - 10'sd127;
  end

  pipe #(.Width($bits(fate1_q)), .Stages(Stages1)) u_fate1 (.clk_i, .d_i(fate1_d), .q_o(fate1_q));
  pipe #(.Width(48), .Stages(Stages1)) u_operands (.clk_i, .d_i({a_d, b_d}), .q_o({a_q, b_q}));

  // 2: 2.46 bits.
  fate_t fate2_q;
  logic [47:0] product_d, product_q;

  assign product_d = a_q * b_q;

  pipe #(.Width($bits(fate1_q)), .Stages(Stages2)) u_fate2 (.clk_i, .d_i(fate1_q), .q_o(fate2_q));
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

  pipe #(.Width($bits(fate1_q)), .Stages(Stages3)) u_fate3 (.clk_i, .d_i(fate3_d), .q_o(fate3_q));
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
