// SPDX-License-Identifier: Apache-2.0
// The table of the functions (docs/arithmetic.md): two lanes read an entry a cycle each, two cycles
// from address to entry: the memory's own output register. c3 is in the highest bits.
module function_table #(
  // $readmemh's, from where the tool runs.
  parameter TableFile = "generated/function_table.hex"
) (
  input  logic         clk_i,
  input  logic [9:0]   address_a_i,
  output logic [127:0] entry_a_o,
  input  logic [9:0]   address_b_i,
  output logic [127:0] entry_b_o
);

  (* rom_style = "block", ram_style = "block" *) logic [127:0] entries[1024];
  logic [127:0] a_q, b_q;

  initial $readmemh(TableFile, entries);

  always_ff @(posedge clk_i) begin
    a_q <= entries[address_a_i];
    b_q <= entries[address_b_i];
    entry_a_o <= a_q;
    entry_b_o <= b_q;
  end

endmodule
