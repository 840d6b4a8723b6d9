// SPDX-License-Identifier: Apache-2.0
// What several requesters ask of the port of one bank: at most one may. If more do, the result is
// meaningless.
module memory_bank_port #(
  parameter int unsigned Requesters = 1,
  parameter int unsigned AddressBits = 9
) (
  input  logic [Requesters-1:0]             hit_i,  // they ask
  input  logic [AddressBits*Requesters-1:0] address_i,
  output logic [AddressBits-1:0]            address_o
);

  always_comb begin
    address_o = '0;
    for (int unsigned i = 0; i < Requesters; i++) begin
      address_o |= address_i[AddressBits*i +: AddressBits] & {AddressBits{hit_i[i]}};
    end
  end

endmodule
