// SPDX-License-Identifier: Apache-2.0
// A column of a memory bank: `Depth` words of `Bits` bits, one read port and one write port with an
// enable for every `EnableBits` of them; the last one's may be fewer. A read takes a cycle; of a word that is
// written in that cycle it gives anything, and nobody may ask.
//
// The one place that names the kind of memory: synthesis makes RAMB36E2 or URAM288 of it. Their bytes have 9 bits with
// an enable each, so where there are several enables the bits of each are filled up to whole bytes: the form that
// synthesis knows. The fewer enables, the fewer blocks.
module memory_block #(
  parameter int unsigned Bits = 64,
  parameter int unsigned EnableBits = 32,
  parameter int unsigned Depth = 512,
  parameter logic Uram = 1'b0,
  localparam int unsigned Enables = (Bits + EnableBits - 1) / EnableBits,
  localparam int unsigned AddressBits = $clog2(Depth)
) (
  input  logic                   clk_i,
  input  logic [AddressBits-1:0] read_address_i,
  output logic [Bits-1:0]        read_data_o,
  input  logic [Enables-1:0]     write_i,
  input  logic [AddressBits-1:0] write_address_i,
  input  logic [Bits-1:0]        write_data_i
);

  localparam int unsigned ByteBits = Enables == 1 ? Bits : 9;
  localparam int unsigned EnableBytes = Enables == 1 ? 1 : (EnableBits + ByteBits - 1) / ByteBits;
  localparam int unsigned LastBits = Bits - (Enables - 1) * EnableBits;
  localparam int unsigned LastBytes = Enables == 1 ? 1 : (LastBits + ByteBits - 1) / ByteBits;
  localparam int unsigned Bytes = (Enables - 1) * EnableBytes + LastBytes;

  logic [ByteBits*Bytes-1:0] write_bytes, read_bytes;
  logic [Bytes-1:0] write_byte;

  for (genvar e = 0; e < Enables; e++) begin : gen_enable
    localparam int unsigned Used = e == Enables - 1 ? LastBits : EnableBits;
    localparam int unsigned Filled = ByteBits * (e == Enables - 1 ? LastBytes : EnableBytes);
    localparam int unsigned Begin = ByteBits * EnableBytes * e;
    assign write_bytes[Begin +: Filled] = Filled'(write_data_i[EnableBits*e +: Used]);
    assign write_byte[EnableBytes*e +: Filled/ByteBits] = {(Filled / ByteBits){write_i[e]}};
    assign read_data_o[EnableBits*e +: Used] = read_bytes[Begin +: Used];
  end

  if (Uram) begin : gen_uram
    (* ram_style = "ultra", no_rw_check *) logic [ByteBits*Bytes-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned b = 0; b < Bytes; b++) begin
        if (write_byte[b]) words[write_address_i][ByteBits*b +: ByteBits] <= write_bytes[ByteBits*b +: ByteBits];
      end
      read_bytes <= words[read_address_i];
    end
  end else begin : gen_bram
    (* ram_style = "block", no_rw_check *) logic [ByteBits*Bytes-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned b = 0; b < Bytes; b++) begin
        if (write_byte[b]) words[write_address_i][ByteBits*b +: ByteBits] <= write_bytes[ByteBits*b +: ByteBits];
      end
      read_bytes <= words[read_address_i];
    end
  end

  if (Enables > 1) begin : gen_unused
    logic unused;
    assign unused = ^read_bytes;
  end

endmodule
