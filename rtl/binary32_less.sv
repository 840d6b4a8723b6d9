// SPDX-License-Identifier: Apache-2.0
// a < b, as numbers: zeros are equal, and nothing is less than a NaN nor a NaN less than anything.
module binary32_less (
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  output logic        less_o
);

  logic a_zero, b_zero, nan;

  assign a_zero = a_i[30:23] == 8'h00;
  assign b_zero = b_i[30:23] == 8'h00;
  assign nan = (&a_i[30:23] & |a_i[22:0]) | (&b_i[30:23] & |b_i[22:0]);

  always_comb begin
    unique case ({a_i[31] & !a_zero, b_i[31] & !b_zero})
      2'b10: less_o = 1'b1;
      2'b01: less_o = 1'b0;
      2'b00: less_o = !b_zero && (a_zero || a_i[30:0] < b_i[30:0]);
      default: less_o = b_i[30:0] < a_i[30:0];
    endcase
    if (nan) less_o = 1'b0;
  end

endmodule
