// SPDX-License-Identifier: Apache-2.0
// For Yosys's techmap: an unsigned product of up to 26 by 34 bits from two DSP48E2, the second of which takes the
// first one's result by the cascade, 17 places on, so that no adder of LUTs is left (UG579, wide multiplication;
// AMD's tools make the same of it). Yosys's own map adds in LUTs. No registers within, as in that map.
(* techmap_celltype = "$mul" *)
module cascaded_product (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 0;
  parameter B_WIDTH = 0;
  parameter Y_WIDTH = 0;

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire _TECHMAP_FAIL_ = A_SIGNED || B_SIGNED || A_WIDTH > 26 || A_WIDTH < 18 || B_WIDTH > 34 || B_WIDTH < 18;

  // The multiplier's operands are signed, of 27 and 18 bits.
  wire [29:0] a = A;
  wire [33:0] b = B;
  wire [47:0] low, high, cascade;
  wire [64:0] all = {high, low[16:0]};
  assign Y = all;

  DSP48E2 #(
    .ACASCREG(0), .ADREG(0), .A_INPUT("DIRECT"), .ALUMODEREG(0), .AREG(0), .BCASCREG(0),
    .B_INPUT("DIRECT"), .BREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .CREG(0), .DREG(0),
    .INMODEREG(0), .MREG(0), .OPMODEREG(0), .PREG(0), .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"),
    .AMULTSEL("A"), .BMULTSEL("B")
  ) first (
    .A(a), .B({1'b0, b[16:0]}), .C(48'b0), .D(27'b0), .P(low), .PCOUT(cascade),
    .INMODE(5'b00000), .ALUMODE(4'b0000), .OPMODE(9'b000000101),  // W 0, Z 0, Y and X the product
    .CARRYINSEL(3'b000), .ACIN(30'b0), .BCIN(18'b0), .PCIN(48'b0), .CARRYIN(1'b0)
  );
  DSP48E2 #(
    .ACASCREG(0), .ADREG(0), .A_INPUT("DIRECT"), .ALUMODEREG(0), .AREG(0), .BCASCREG(0),
    .B_INPUT("DIRECT"), .BREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .CREG(0), .DREG(0),
    .INMODEREG(0), .MREG(0), .OPMODEREG(0), .PREG(0), .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"),
    .AMULTSEL("A"), .BMULTSEL("B")
  ) second (
    .A(a), .B({1'b0, b[33:17]}), .C(48'b0), .D(27'b0), .P(high),
    .INMODE(5'b00000), .ALUMODE(4'b0000), .OPMODE(9'b001010101),  // W 0, Z the cascade >> 17
    .CARRYINSEL(3'b000), .ACIN(30'b0), .BCIN(18'b0), .PCIN(cascade), .CARRYIN(1'b0)
  );
endmodule
