// SPDX-License-Identifier: Apache-2.0
// Instructions that wait before a unit, in order. One that is pushed in cycle n is at the head in
// n + 2 at the earliest. Whoever pushes counts the room.
module instruction_queue #(
  parameter int unsigned Width = 32,
  parameter int unsigned Depth = 8  // a power of 2
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             push_i,
  input  logic [Width-1:0] instruction_i,
  input  logic             pop_i,
  output logic             valid_o,
  output logic [Width-1:0] head_o
);

  localparam int unsigned Bits = $clog2(Depth);

  (* ram_style = "distributed" *) logic [Width-1:0] entries[Depth];
  logic [Bits:0] write_q, read_q;
  logic refill;

  assign refill = write_q != read_q && (!valid_o || pop_i);

  always_ff @(posedge clk_i) begin
    if (push_i) entries[write_q[Bits-1:0]] <= instruction_i;
    if (refill) head_o <= entries[read_q[Bits-1:0]];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
      valid_o <= 1'b0;
    end else begin
      if (push_i) write_q <= write_q + 1'b1;
      if (refill) read_q <= read_q + 1'b1;
      valid_o <= refill || (valid_o && !pop_i);
    end
  end

`ifndef SYNTHESIS
  logic [Bits:0] filled;
  assign filled = write_q - read_q;
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!push_i || 32'(filled) < Depth) else $error("a full queue was pushed");
  end
`endif

endmodule
