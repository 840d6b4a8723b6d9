// SPDX-License-Identifier: Apache-2.0
// What dsp_cascade.v uses of a DSP48E2, written down from UG579: without registers, X and Y the product.
module DSP48E2 (
  input  [29:0] A, ACIN,
  input  [17:0] B, BCIN,
  input  [47:0] C, PCIN,
  input  [26:0] D,
  input  [4:0]  INMODE,
  input  [3:0]  ALUMODE,
  input  [8:0]  OPMODE,
  input  [2:0]  CARRYINSEL,
  input         CARRYIN,
  output [47:0] P, PCOUT
);
  parameter ACASCREG = 1, ADREG = 1, A_INPUT = "", ALUMODEREG = 1, AREG = 1, BCASCREG = 1, B_INPUT = "",
            BREG = 1, CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
            OPMODEREG = 1, PREG = 1, USE_MULT = "", USE_SIMD = "", AMULTSEL = "", BMULTSEL = "";

  wire signed [44:0] product = $signed(A[26:0]) * $signed(B);
  wire signed [47:0] x_and_y = product;
  wire signed [47:0] cascade = PCIN;
  wire signed [47:0] z = OPMODE[6:4] == 3'b101 ? cascade >>> 17 : 48'd0;

  assign P = OPMODE[3:0] == 4'b0101 && OPMODE[8:7] == 2'b00 && ALUMODE == 4'b0000 ? z + x_and_y : 48'bx;
  assign PCOUT = P;
endmodule
