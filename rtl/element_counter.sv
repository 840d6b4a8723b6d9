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
  output logic [16*Loops-1:0] index_o,
  output logic [Loops-1:0]    beyond_first_o,  // index not 0
  output logic [Loops-1:0]    at_end_o,        // index one below the count
  output logic                last_o
);

  logic [16*Loops-1:0] count_q, index_q, index_d, count;
  logic [LoopBits-1:0] advanced_q, advanced_d;

  assign count = start_i ? count_i : count_q;
  assign index_o = start_i ? '0 : index_q;
  assign advanced_o = advanced_q;
  assign last_o = &at_end_o;

  always_comb begin
    for (int unsigned j = 0; j < Loops; j++) begin
      at_end_o[j] = index_o[16*j +: 16] == count[16*j +: 16] - 16'd1;
      beyond_first_o[j] = index_o[16*j +: 16] != 16'd0;
    end
    advanced_d = '0;
    for (int unsigned j = 0; j < Loops; j++) begin
      if (!at_end_o[j]) advanced_d = LoopBits'(j);
    end
    index_d = '0;
    for (int unsigned j = 0; j < Loops; j++) begin
      if (LoopBits'(j) < advanced_d) index_d[16*j +: 16] = index_o[16*j +: 16];
      if (LoopBits'(j) == advanced_d) index_d[16*j +: 16] = index_o[16*j +: 16] + 16'd1;
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
