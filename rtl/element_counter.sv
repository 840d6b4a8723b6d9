// SPDX-License-Identifier: Apache-2.0
// The nested loops of an instruction, outermost first: which element is being issued, and which
// loop has advanced to get to it.
module element_counter #(
  parameter int unsigned Loops = 4,
  localparam int unsigned LoopBits = $clog2(Loops)
) (
  input  logic                clk_i,
  input  logic                start_i,    // the element is the first one of an instruction
  input  logic                go_i,       // an element is issued
  input  logic [16*Loops-1:0] count_i,    // at the start; at least 1 each
  output logic [LoopBits-1:0] advanced_o, // behind the first element
  output logic [16*Loops-1:0] index_o,         // of an element that is not the first one, whose are all 0
  output logic [Loops-1:0]    beyond_first_o,  // index_o not 0
  output logic [Loops-1:0]    at_end_o,        // index one below the count
  output logic                last_first_o,    // the last element, if it is the first one
  output logic                last_next_o      // if it is not
);

  logic [16*Loops-1:0] count_q, index_q, index_d, index_first, index_next;
  logic [LoopBits-1:0] advanced_q, advanced_d;
  logic [Loops-1:0] at_end_first, at_end_next;

  // start_i comes late, so what it chooses from is there.
  assign at_end_o = start_i ? at_end_first : at_end_next;
  assign last_first_o = &at_end_first;
  assign last_next_o = &at_end_next;
  assign index_o = index_q;
  assign index_d = start_i ? index_first : index_next;
  assign advanced_o = advanced_q;
  assign advanced_d = start_i ? advanced(at_end_first) : advanced(at_end_next);

  // The innermost loop that is not at its end.
  function automatic logic [LoopBits-1:0] advanced(logic [Loops-1:0] at_end);
    advanced = '0;
    for (int unsigned j = 0; j < Loops; j++) begin
      if (!at_end[j]) advanced = LoopBits'(j);
    end
  endfunction

  always_comb begin
    for (int unsigned j = 0; j < Loops; j++) begin
      at_end_first[j] = count_i[16*j +: 16] == 16'd1;
      at_end_next[j] = index_q[16*j +: 16] == count_q[16*j +: 16] - 16'd1;
      beyond_first_o[j] = index_q[16*j +: 16] != 16'd0;
    end
    index_first = '0;
    index_next = '0;
    for (int unsigned j = 0; j < Loops; j++) begin
      if (LoopBits'(j) == advanced(at_end_first)) index_first[16*j] = 1'b1;
      if (LoopBits'(j) < advanced(at_end_next)) index_next[16*j +: 16] = index_q[16*j +: 16];
      if (LoopBits'(j) == advanced(at_end_next)) begin
        index_next[16*j +: 16] = index_q[16*j +: 16] + 16'd1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (go_i) begin
      if (start_i) count_q <= count_i;
      index_q <= index_d;
      advanced_q <= advanced_d;
    end
  end

endmodule
