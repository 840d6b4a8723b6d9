// SPDX-License-Identifier: Apache-2.0
// The last levels of a fold over lanes that pass in Fold parts: of the values of a beat's cycles, a half is added
// to the other until one is left, $clog2(Fold) additions of a beat's count later, and stays for the beat.
//
// One adder takes all levels in turn, a cycle of the beat each: the first level's Fold/2 sums in the upper half
// of the cycles, when the later operands come, the further levels' in the lower half one behind the other. Level l
// begins in cycle start(l); its operands are sums that wait in a delay line until then.
module beat_fold #(
  parameter int unsigned Fold = 8,
  parameter int unsigned AddBeats = 2,  // beats of an addition, as all timing counts them
  localparam int unsigned PhaseBits = $clog2(Fold)
) (
  input  logic                 clk_i,
  input  logic                 fast_clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic [31:0]          value_i,  // of the cycle
  output logic [31:0]          sum_o     // of the beat
);

  localparam int unsigned Levels = $clog2(Fold);
  localparam int unsigned Latency = 6;  // cycles of the adder

  // By level, from 1 on: its first cycle, from that of the first value on; its sums.
  function automatic int unsigned phase(int unsigned level);
    phase = level == 1 ? Fold / 2 : Fold / 2 - (Fold >> (level - 1));
  endfunction
  function automatic int unsigned start(int unsigned level);
    start = Fold * AddBeats * (level - 1) + phase(level);
  endfunction
  function automatic int unsigned sums(int unsigned level);
    sums = Fold >> level;
  endfunction
  // How long a level's first and second operand have waited, behind the adder or (level 1) since they came.
  function automatic int unsigned first_wait(int unsigned level);
    first_wait = level == 1 ? Fold / 2 : start(level) - start(level - 1) - Latency;
  endfunction
  function automatic int unsigned second_wait(int unsigned level);
    second_wait = level == 1 ? 0 : first_wait(level) - sums(level);
  endfunction

  logic [31:0] a, b, sum;
  logic [32*Levels-1:0] firsts, seconds;

  for (genvar l = 1; l <= Levels; l++) begin : gen_levels
    pipe #(.Width(32), .Stages(first_wait(l))) u_first (
      .clk_i(fast_clk_i), .d_i(l == 1 ? value_i : sum), .q_o(firsts[32*(l-1) +: 32])
    );
    pipe #(.Width(32), .Stages(second_wait(l))) u_second (
      .clk_i(fast_clk_i), .d_i(l == 1 ? value_i : sum), .q_o(seconds[32*(l-1) +: 32])
    );
  end
  always_comb begin
    a = firsts[31:0];
    b = seconds[31:0];
    for (int unsigned l = 2; l <= Levels; l++) begin
      if (32'(phase_i) >= phase(l) && 32'(phase_i) < phase(l) + sums(l)) begin
        a = firsts[32*(l-1) +: 32];
        b = seconds[32*(l-1) +: 32];
      end
    end
  end
  binary32_add #(.Latency(Latency)) u_add (.clk_i(fast_clk_i), .a_i(a), .b_i(b), .sum_o(sum));

  // The last sum is there for a cycle, then for a beat, then at the beats' edges.
  localparam int unsigned Last = start(Levels) + Latency;
  localparam int unsigned Whole = Last / Fold + 1;  // the first beat that it can be there for

  logic [31:0] last_q;
  always_ff @(posedge fast_clk_i) begin
    if (32'(phase_i) == Last % Fold) last_q <= sum;
  end
  pipe #(.Width(32), .Stages(AddBeats * Levels - Whole + 1)) u_beats (
    .clk_i, .d_i(Last % Fold == Fold - 1 ? sum : last_q), .q_o(sum_o)
  );

`ifndef SYNTHESIS
  initial begin
    assert (Whole <= AddBeats * Levels) else $error("an addition takes too few beats");
  end
`endif

endmodule
