// The sum of two binary32 numbers (docs/arithmetic.md: to nearest even, subnormals are zeros, one
// NaN), `Latency` cycles later; one a cycle.
//
// Six steps of logic: operands in order of size; the smaller one shifted; sum or difference; its
// first place found; normalised; rounded. The registers are spread over the ends of the steps (6:
// one each; more: added last).
module binary32_add #(
  parameter int unsigned Latency = 6
) (
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] sum_o
);

  localparam int unsigned Steps = 6;
  localparam int unsigned Stages1 = 1 * Latency / Steps;
  localparam int unsigned Stages2 = 2 * Latency / Steps - 1 * Latency / Steps;
  localparam int unsigned Stages3 = 3 * Latency / Steps - 2 * Latency / Steps;
  localparam int unsigned Stages4 = 4 * Latency / Steps - 3 * Latency / Steps;
  localparam int unsigned Stages5 = 5 * Latency / Steps - 4 * Latency / Steps;
  localparam int unsigned Stages6 = Latency - 5 * Latency / Steps;

  typedef struct packed {
    logic       nan;
    logic       infinity;
    logic       sign;       // of the larger operand
    logic       zero_sign;  // of a sum of zero
    logic [7:0] exponent;   // of the larger operand
  } fate_t;

  // 1: |large| >= |small|, 1.23 bits each; a zero has none.
  fate_t fate1_d, fate1_q;
  logic [30:0] larger, smaller;
  logic [23:0] large_d, large_q, small_d, small_q;
  logic a_less, a_top, b_top, subtract1_d, subtract1_q;
  logic [7:0] shift_d, shift_q;

  assign a_less = a_i[30:0] < b_i[30:0];
  assign larger = a_less ? b_i[30:0] : a_i[30:0];
  assign smaller = a_less ? a_i[30:0] : b_i[30:0];
  assign large_d = {1'b1, larger[22:0]} & {24{larger[30:23] != 8'h00}};
  assign small_d = {1'b1, smaller[22:0]} & {24{smaller[30:23] != 8'h00}};
  assign shift_d = larger[30:23] - smaller[30:23];
  assign subtract1_d = a_i[31] ^ b_i[31];
  assign a_top = &a_i[30:23];
  assign b_top = &b_i[30:23];

  always_comb begin
    fate1_d.nan = (a_top & |a_i[22:0]) | (b_top & |b_i[22:0]) | (a_top & b_top & subtract1_d);
    fate1_d.infinity = a_top | b_top;
    fate1_d.sign = a_less ? b_i[31] : a_i[31];
    fate1_d.zero_sign = a_i[31] & b_i[31];
    fate1_d.exponent = larger[30:23];
  end

  pipe #(.Width($bits(fate1_q)), .Stages(Stages1)) u_fate1 (.clk_i, .d_i(fate1_d), .q_o(fate1_q));
  pipe #(.Width(57), .Stages(Stages1)) u_ordered (
    .clk_i, .d_i({large_d, small_d, subtract1_d, shift_d}),
    .q_o({large_q, small_q, subtract1_q, shift_q})
  );

  // 2: three more places, the last of which stands for all that was shifted out.
  fate_t fate2_q;
  logic [49:0] shifted;
  logic [26:0] aligned_d, aligned_q;
  logic [23:0] large2_q;
  logic subtract2_q;

  assign shifted = {small_q, 26'h0} >> shift_q[4:0];
  always_comb begin
    aligned_d = {shifted[49:24], |shifted[23:0]};
    if (|shift_q[7:5]) aligned_d = {26'h0, |small_q};
  end

  pipe #(.Width($bits(fate1_q)), .Stages(Stages2)) u_fate2 (.clk_i, .d_i(fate1_q), .q_o(fate2_q));
  pipe #(.Width(52), .Stages(Stages2)) u_aligned (
    .clk_i, .d_i({large_q, aligned_d, subtract1_q}), .q_o({large2_q, aligned_q, subtract2_q})
  );

  // 3: 2.26 bits, not negative.
  fate_t fate3_q;
  logic [27:0] total_d, total_q;

  assign total_d = {1'b0, large2_q, 3'b000} + ({1'b0, aligned_q} ^ {28{subtract2_q}})
                 + {27'h0, subtract2_q};

  pipe #(.Width($bits(fate1_q)), .Stages(Stages3)) u_fate3 (.clk_i, .d_i(fate2_q), .q_o(fate3_q));
  pipe #(.Width(28), .Stages(Stages3)) u_total (.clk_i, .d_i(total_d), .q_o(total_q));

  // 4: zeros before the first place; 31 where there is none.
  fate_t fate4_q;
  logic [27:0] total4_q;
  logic [4:0] zeros_d, zeros_q;

  always_comb begin
    zeros_d = 5'd31;
    for (int unsigned i = 0; i < 28; i++) begin
      if (total_q[i]) zeros_d = 5'(27 - i);
    end
  end

  pipe #(.Width($bits(fate1_q)), .Stages(Stages4)) u_fate4 (.clk_i, .d_i(fate3_q), .q_o(fate4_q));
  pipe #(.Width(33), .Stages(Stages4)) u_zeros (
    .clk_i, .d_i({total_q, zeros_d}), .q_o({total4_q, zeros_q})
  );

  // 5: the first place is bit 27.
  fate_t fate5_q;
  logic [27:0] normal_d, normal_q;
  logic signed [9:0] exponent_d, exponent_q;

  assign normal_d = total4_q << zeros_q;
  assign exponent_d = $signed({2'b00, fate4_q.exponent}) + 10'sd1 - $signed({5'b0, zeros_q});

  pipe #(.Width($bits(fate1_q)), .Stages(Stages5)) u_fate5 (.clk_i, .d_i(fate4_q), .q_o(fate5_q));
  pipe #(.Width(38), .Stages(Stages5)) u_normal (
    .clk_i, .d_i({normal_d, exponent_d}), .q_o({normal_q, exponent_q})
  );

  // 6: rounded. A carry out of the fraction goes into the exponent.
  logic signed [9:0] exponent;
  logic [22:0] fraction;
  logic round_up;
  logic [31:0] rounded;

  assign round_up = normal_q[3] & (|normal_q[2:0] | normal_q[4]);
  always_comb begin
    {exponent, fraction} = {exponent_q, normal_q[26:4]} + {32'h0, round_up};
    rounded = {fate5_q.sign, exponent[7:0], fraction};
    if (fate5_q.nan) begin
      rounded = 32'h7FC00000;
    end else if (fate5_q.infinity || exponent >= 10'sd255) begin
      rounded[30:0] = 31'h7F800000;
    end else if (!normal_q[27]) begin
      rounded = {fate5_q.zero_sign, 31'h0};
    end else if (exponent <= 10'sd0) begin
      rounded[30:0] = '0;
    end
  end

  pipe #(.Width(32), .Stages(Stages6)) u_rounded (.clk_i, .d_i(rounded), .q_o(sum_o));

  logic unused_fate5;
  assign unused_fate5 = ^fate5_q.exponent;

endmodule
