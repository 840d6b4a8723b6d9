// SPDX-License-Identifier: Apache-2.0
// The bank of a region that an address is in.
module memory_decode #(
  parameter logic [1:0] Region = 2'd0,
  parameter int unsigned Banks = 2,
  parameter int unsigned Depth = 512,  // a power of 2
  localparam int unsigned BankBits = Banks > 1 ? $clog2(Banks) : 1
) (
  input  logic                valid_i,
  input  logic [19:0]         address_i,
  output logic [Banks-1:0]    hit_o    // none if the address is not of the region, or not valid
);

  localparam int unsigned AddressBits = $clog2(Depth);

  logic here;
  logic [BankBits-1:0] bank;

  assign bank = address_i[AddressBits +: BankBits];
  assign here = valid_i && address_i[19:AddressBits] >> BankBits == (20-AddressBits)'(Region) << (18 - AddressBits - BankBits);
  for (genvar b = 0; b < Banks; b++) begin : gen_banks
    assign hit_o[b] = here && bank == BankBits'(b);
  end

  logic unused;
  assign unused = ^address_i;

endmodule
