// What several requesters ask of the port of one bank: those whose address lies in it. At most one
// may, or all for the same word; else the result is meaningless and `clash_o` is set.
module memory_bank_port #(
  parameter int unsigned Requesters = 1,
  parameter int unsigned Depth = 512,  // a power of 2
  localparam int unsigned AddressBits = $clog2(Depth)
) (
  input  logic [19:0]              first_i,  // of the bank: a constant, so that all banks are one module
  input  logic [Requesters-1:0]    valid_i,
  input  logic [20*Requesters-1:0] address_i,
  output logic [Requesters-1:0]    hit_o,
  output logic [AddressBits-1:0]   address_o,
  output logic                     clash_o
);

  always_comb begin
    address_o = '0;
    for (int unsigned i = 0; i < Requesters; i++) begin
      hit_o[i] = valid_i[i] && address_i[20*i + AddressBits +: 20 - AddressBits]
                 == first_i[19:AddressBits];
      address_o |= address_i[20*i +: AddressBits] & {AddressBits{hit_o[i]}};
    end
    // The union of different addresses is not one of them.
    clash_o = 1'b0;
    for (int unsigned i = 0; i < Requesters; i++) begin
      clash_o |= hit_o[i] && address_i[20*i +: AddressBits] != address_o;
    end
  end

  logic unused;
  assign unused = ^first_i;

endmodule
