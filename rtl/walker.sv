// SPDX-License-Identifier: Apache-2.0
// base + the sum of index times stride: the value for the element that was issued in the cycle
// before. It only adds: every loop remembers where its present pass began.
module walker #(
  parameter int unsigned Loops = 4,
  parameter int unsigned Width = 20,
  parameter int unsigned StrideBits = 17,
  localparam int unsigned LoopBits = $clog2(Loops)
) (
  input  logic                        clk_i,
  input  logic                        start_i,
  input  logic                        go_i,
  input  logic [LoopBits-1:0]         advanced_i,  // element_counter's
  input  logic [Width-1:0]            base_i,      // at the start
  input  logic [StrideBits*Loops-1:0] stride_i,    // at the start; signed
  output logic [Width-1:0]            value_o
);

  logic [StrideBits*Loops-1:0] stride_q;
  logic [Width*Loops-1:0] begin_q;
  logic [StrideBits-1:0] stride;
  logic [Width-1:0] from, next;

  word_select #(.Words(Loops), .Width(StrideBits)) u_stride (
    .words_i(stride_q), .number_i(advanced_i), .word_o(stride)
  );
  word_select #(.Words(Loops), .Width(Width)) u_from (
    .words_i(begin_q), .number_i(advanced_i), .word_o(from)
  );
  assign next = start_i ? base_i : from + {{(Width-StrideBits){stride[StrideBits-1]}}, stride};
  assign value_o = begin_q[Width*(Loops-1) +: Width];

  always_ff @(posedge clk_i) begin
    if (go_i) begin
      if (start_i) stride_q <= stride_i;
      for (int unsigned j = 0; j < Loops; j++) begin
        if (start_i || LoopBits'(j) >= advanced_i) begin_q[Width*j +: Width] <= next;
      end
    end
  end

endmodule
