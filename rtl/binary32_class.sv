// SPDX-License-Identifier: Apache-2.0
// What kind of a binary32 number it is, subnormals being zeros.
module binary32_class (
  input  logic [31:0] d_i,
  output logic [1:0]  class_o  // 0: none of these; 1: a zero; 2: an infinity; 3: NaN
);

  logic top, zero, fraction;

  assign top = &d_i[30:23];
  assign zero = d_i[30:23] == 8'h00;
  assign fraction = |d_i[22:0];
  assign class_o = {top, top ? fraction : zero};

  logic unused;
  assign unused = d_i[31];

endmodule
