// SPDX-License-Identifier: Apache-2.0
// What elements carry past a pipe whose length depends on the instruction: pushed at one end,
// popped in the same order at the other, and there in the same cycle.
module fifo #(
  parameter int unsigned Width = 32,
  parameter int unsigned Depth = 64  // a power of 2
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             push_i,
  input  logic [Width-1:0] d_i,
  input  logic             pop_i,
  output logic [Width-1:0] q_o
);

  localparam int unsigned Bits = $clog2(Depth);

  logic [Bits-1:0] write_q, read_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      write_q <= write_q + Bits'(push_i);
      read_q <= read_q + Bits'(pop_i);
    end
  end

  lane_memory #(.Width(Width), .Depth(Depth)) u_entries (
    .clk_i, .write_i(push_i), .write_address_i(write_q), .write_data_i(d_i),
    .read_address_i(read_q), .read_data_o(q_o)
  );

`ifndef SYNTHESIS
  int unsigned filled_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      filled_q <= 0;
    end else begin
      filled_q <= filled_q + 32'(push_i) - 32'(pop_i);
      assert (!pop_i || filled_q != 0) else $error("an empty queue was popped");
      assert (filled_q <= Depth) else $error("a queue ran over");
    end
  end
`endif

endmodule
