// SPDX-License-Identifier: Apache-2.0
// Function units with their table, as a pair of lanes has them: for the tests and the sizes of functions
// alone.
module function_bench #(
  parameter TableFile = "generated/function_table.hex"
) (
  input  logic                   clk_i,
  input  bittern_pkg::function_e function_i,
  input  logic [31:0]            a_i,
  input  logic [31:0]            b_i,
  output logic [31:0]            value_a_o,
  output logic signed [8:0]      exponent_a_o,
  output logic [31:0]            value_b_o,
  output logic signed [8:0]      exponent_b_o
);

  logic [9:0] address_a, address_b;
  logic [127:0] entry_a, entry_b;

  function_table #(.TableFile(TableFile)) u_table (
    .clk_i, .address_a_i(address_a), .entry_a_o(entry_a), .address_b_i(address_b),
    .entry_b_o(entry_b)
  );
  function_unit u_a (
    .clk_i, .function_i, .z_i(a_i), .address_o(address_a), .entry_i(entry_a), .value_o(value_a_o),
    .exponent_o(exponent_a_o)
  );
  function_unit u_b (
    .clk_i, .function_i, .z_i(b_i), .address_o(address_b), .entry_i(entry_b), .value_o(value_b_o),
    .exponent_o(exponent_b_o)
  );

endmodule
