// SPDX-License-Identifier: Apache-2.0
// The sum of two binary32 numbers (docs/arithmetic.md: to nearest even, subnormals are zeros, one
// NaN), `Latency` cycles later; one a cycle.
//
// Six steps of logic: operands in order of size; the smaller one shifted; sum or difference; the group of
// four places that holds the first one; the sum shifted by groups; within a group, and rounded. The
// registers are spread over the ends of the steps (6: one each; more: added last; more than two each: behind the
// last, where they are fewest).
//
// Most of the area of the accelerator is adders, so steps lie where they share a table of six inputs: the
// smaller operand is chosen and shifted by one place at once; eight places are shifted where the sum
// is made, and the last shift and the change of the exponent where it is rounded; registers' resets
// take what would be a row of ands.
module binary32_add #(
  parameter int unsigned Latency = 6
) (
  input  logic        clk_i,
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic [31:0] sum_o
);

  localparam int unsigned Steps = 6;
  localparam int unsigned Within = Latency > 2 * Steps ? 2 * Steps : Latency;
  localparam int unsigned Stages1 = 1 * Within / Steps;
  localparam int unsigned Stages2 = 2 * Within / Steps - 1 * Within / Steps;
  localparam int unsigned Stages3 = 3 * Within / Steps - 2 * Within / Steps;
  localparam int unsigned Stages4 = 4 * Within / Steps - 3 * Within / Steps;
  localparam int unsigned Stages5 = 5 * Within / Steps - 4 * Within / Steps;
  localparam int unsigned Stages6 = Within - 5 * Within / Steps;

  // 1: |large| >= |small|, 1.23 bits each; small has one more place and may have been shifted by one. (A large
  // zero counts as 2^-126 and more: the sum's exponent is 0 then, and so becomes a zero.)
  logic a_less, small_zero, shift0, subtract_d, subtract1_q, sign1_q, zero_sign1_q;
  logic [7:0] exponent_d, exponent1_q, small_exponent, shift_d, shift_q;
  logic [22:0] large_d, large1_q, small_fraction;
  logic [24:0] small_d, small_q;

  assign a_less = a_i[30:0] < b_i[30:0];
  assign exponent_d = a_less ? b_i[30:23] : a_i[30:23];
  assign small_exponent = a_less ? a_i[30:23] : b_i[30:23];
  assign large_d = a_less ? b_i[22:0] : a_i[22:0];
  assign small_fraction = a_less ? a_i[22:0] : b_i[22:0];
  assign small_zero = small_exponent == 8'h00;
  assign shift0 = a_i[23] ^ b_i[23];
  assign small_d = shift0 ? {2'b01, small_fraction} : {1'b1, small_fraction, 1'b0};
  assign shift_d = exponent_d - small_exponent;
  assign subtract_d = a_i[31] ^ b_i[31];

  pipe #(.Width(42), .Stages(Stages1)) u_large (
    .clk_i,
    .d_i({large_d, exponent_d, shift_d, subtract_d, a_less ? b_i[31] : a_i[31],
          a_i[31] & b_i[31]}),
    .q_o({large1_q, exponent1_q, shift_q, subtract1_q, sign1_q, zero_sign1_q})
  );
  pipe_clear #(.Width(25), .Stages(Stages1)) u_small (
    .clk_i, .clear_i(small_zero), .d_i(small_d), .q_o(small_q)
  );

  // 2: small by 16, 4 and 2 places; one more place, and whether a one was shifted out behind them. By 16
  // places none gets into the upper 16.
  logic [25:0] plain, places_q;
  logic [15:0] by16, upper, lower;
  logic far, lost_d, lost2_q, subtract2_q, shift8_q;
  logic [22:0] large2_q;

  assign plain = {small_q, 1'b0};
  assign by16 = shift_q[4] ? {6'h0, small_q[24:15]} : plain[15:0];
  assign far = |shift_q[7:5];
  always_comb begin
    case (shift_q[2:1])
      2'd0: upper = plain[25:10];
      2'd1: upper = {2'h0, plain[25:12]};
      2'd2: upper = {4'h0, plain[25:14]};
      default: upper = {6'h0, plain[25:16]};
    endcase
    case (shift_q[2:1])
      2'd0: lower = by16;
      2'd1: lower = {2'h0, by16[15:2]};
      2'd2: lower = {4'h0, by16[15:4]};
      default: lower = {6'h0, by16[15:6]};
    endcase
    lost_d = (shift_q[4] && |small_q[14:0]) || (|shift_q[2:1] && |by16[1:0])
             || (shift_q[2] && |by16[3:2]) || (&shift_q[2:1] && |by16[5:4]) || (far && |small_q);
  end

  pipe #(.Width(26), .Stages(Stages2)) u_large2 (
    .clk_i, .d_i({large1_q, subtract1_q, lost_d, shift_q[3]}),
    .q_o({large2_q, subtract2_q, lost2_q, shift8_q})
  );
  pipe_clear #(.Width(16), .Stages(Stages2)) u_upper (
    .clk_i, .clear_i(far || shift_q[4]), .d_i(upper), .q_o(places_q[25:10])
  );
  pipe_clear #(.Width(10), .Stages(Stages2)) u_lower (
    .clk_i, .clear_i(far), .d_i(lower[9:0]), .q_o(places_q[9:0])
  );

  // What becomes of the sum whatever its places are. Of two infinities the second one is as large.
  typedef struct packed {
    logic       nan;
    logic       infinity;
    logic       sign;
    logic [7:0] exponent;  // of the larger operand
  } fate_t;
  localparam int unsigned FateBits = 11;
  fate_t fate1, fate2_q, fate3_q, fate4_q, fate5_q;

  always_comb begin
    fate1.infinity = &exponent1_q;
    fate1.nan = fate1.infinity && (|large1_q || (subtract1_q && shift_q == '0));
    fate1.sign = exponent1_q == 8'h00 ? zero_sign1_q : sign1_q && !fate1.nan;
    fate1.exponent = exponent1_q;
  end
  pipe #(.Width(FateBits), .Stages(Stages2)) u_fate2 (.clk_i, .d_i(fate1), .q_o(fate2_q));

  // 3: 2.25 bits, not negative; behind them what was lost: a difference takes one from the places for it.
  logic [25:0] aligned;
  logic lost;
  logic [27:0] with_carry, total_d, total_q;

  assign aligned = shift8_q ? {8'h0, places_q[25:8]} : places_q;
  assign lost = lost2_q || (shift8_q && |places_q[7:0]);
  assign with_carry = {2'b01, large2_q, 2'b00, 1'b1}
                      + {{1'b0, aligned} ^ {27{subtract2_q}}, subtract2_q && !lost};
  assign total_d = {with_carry[27:1], lost};

  pipe #(.Width(FateBits), .Stages(Stages3)) u_fate3 (.clk_i, .d_i(fate2_q), .q_o(fate3_q));
  pipe #(.Width(28), .Stages(Stages3)) u_total (.clk_i, .d_i(total_d), .q_o(total_q));

  // 4: groups before the one with the first one, of four places each, but that the first has two. (Behind the
  // first group the last two places are zeros: the operands were next to each other.)
  logic [27:0] total4_q;
  logic [5:1] some;
  logic [2:0] groups_d, groups_q;

  always_comb begin
    for (int unsigned g = 1; g <= 5; g++) some[g] = |total_q[26-4*g +: 4];
    groups_d = 3'd6;
    for (int unsigned g = 5; g >= 1; g--) begin
      if (some[g]) groups_d = 3'(g);
    end
    if (|total_q[27:26]) groups_d = 3'd0;
  end

  pipe #(.Width(FateBits), .Stages(Stages4)) u_fate4 (.clk_i, .d_i(fate3_q), .q_o(fate4_q));
  pipe #(.Width(31), .Stages(Stages4)) u_groups (
    .clk_i, .d_i({total_q, groups_d}), .q_o({total4_q, groups_q})
  );

  // 5: the first one gets into the first four places; zeros before it there.
  logic [29:0] by12, shifted_q;
  logic [11:0] top;
  logic [1:0] zeros_d, zeros_q;
  logic [3:0] minus_groups_q;
  logic none_q;

  always_comb begin
    case (groups_q[1:0])
      2'd0: by12 = {2'b00, total4_q};
      2'd1: by12 = {total4_q[25:0], 4'h0};
      2'd2: by12 = {total4_q[21:0], 8'h0};
      default: by12 = {total4_q[17:0], 12'h0};
    endcase
    top = groups_q[2] ? by12[13:2] : by12[29:18];
    zeros_d = 2'd3;
    if (top[9]) zeros_d = 2'd2;
    if (top[10]) zeros_d = 2'd1;
    if (top[11]) zeros_d = 2'd0;
  end

  pipe #(.Width(FateBits), .Stages(Stages5)) u_fate5 (.clk_i, .d_i(fate4_q), .q_o(fate5_q));
  pipe #(.Width(19), .Stages(Stages5)) u_shifted (
    .clk_i, .d_i({top, zeros_d, 4'h0 - {1'b0, groups_q}, ~|top[11:8]}),
    .q_o({shifted_q[29:18], zeros_q, minus_groups_q, none_q})
  );
  pipe_clear #(.Width(18), .Stages(Stages5)) u_shifted_low (
    .clk_i, .clear_i(groups_q[2]), .d_i(by12[17:0]), .q_o(shifted_q[17:0])
  );

  // 6: rounded. A carry out of the fraction goes into the exponent, from which the zeros are taken with it:
  // what is added is 3 - zeros - 4 groups, as the first group has two places before the sum's. Nine bits
  // tell -26 .. 256 apart.
  logic [28:0] normal;
  logic [8:0] exponent;
  logic [22:0] fraction;
  logic round_up, unused_carry, infinity, zero;
  logic [31:0] sum;

  always_comb begin
    case (zeros_q)
      2'd0: normal = shifted_q[28:0];
      2'd1: normal = {shifted_q[27:0], 1'h0};
      2'd2: normal = {shifted_q[26:0], 2'h0};
      default: normal = {shifted_q[25:0], 3'h0};
    endcase
    round_up = normal[5] && (|normal[4:0] || normal[6]);
    {exponent, fraction, unused_carry} =
        {1'b0, fate5_q.exponent, 23'h0, 1'b1}
        + {{3{minus_groups_q[3]}}, minus_groups_q, ~zeros_q, normal[28:6], round_up};
    infinity = fate5_q.infinity || (exponent[8] && !exponent[7]) || exponent == 9'd255;
    zero = none_q || &exponent[8:7] || exponent == '0;
  end

  pipe #(.Width(10), .Stages(Stages6)) u_rounded (
    .clk_i,
    .d_i({fate5_q.sign && !none_q, {8{infinity}} | (exponent[7:0] & {8{!zero}}),
          fate5_q.nan || (fraction[22] && !infinity && !zero)}),
    .q_o(sum[31:22])
  );
  pipe_clear #(.Width(22), .Stages(Stages6)) u_fraction (
    .clk_i, .clear_i(infinity || zero), .d_i(fraction[21:0]), .q_o(sum[21:0])
  );
  pipe #(.Width(32), .Stages(Latency - Within)) u_behind (.clk_i, .d_i(sum), .q_o(sum_o));

  logic unused;
  assign unused = ^{shifted_q[29], lower[15:10], with_carry[0]};

endmodule
