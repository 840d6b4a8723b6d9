// A column of a memory bank: `Depth` words of `Bits` bits, one read port and one write port with an
// enable for every `EnableBits` of them; the last one's may be fewer. A read takes a cycle; of a word that is
// written in that cycle it gives anything, and nobody may ask.
//
// The one place that names the kind of memory: synthesis makes RAMB36E2 or URAM288 of it. Their bytes have
// 9 bits, and a byte belongs to one enable: the fewer, the fewer blocks.
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

  localparam int unsigned Whole = Bits / EnableBits;  // enables of as many bits
  localparam int unsigned Rest = Bits - Whole * EnableBits;

  if (Uram) begin : gen_uram
    (* ram_style = "ultra", no_rw_check *) logic [Bits-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned p = 0; p < Whole; p++) begin
        if (write_i[p]) begin
          words[write_address_i][EnableBits*p +: EnableBits] <= write_data_i[EnableBits*p +: EnableBits];
        end
      end
      read_data_o <= words[read_address_i];
    end
    if (Rest != 0) begin : gen_rest
      always_ff @(posedge clk_i) begin
        if (write_i[Enables-1]) begin
          words[write_address_i][Bits-1 -: Rest] <= write_data_i[Bits-1 -: Rest];
        end
      end
    end
  end else begin : gen_bram
    (* ram_style = "block", no_rw_check *) logic [Bits-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned p = 0; p < Whole; p++) begin
        if (write_i[p]) begin
          words[write_address_i][EnableBits*p +: EnableBits] <= write_data_i[EnableBits*p +: EnableBits];
        end
      end
      read_data_o <= words[read_address_i];
    end
    if (Rest != 0) begin : gen_rest
      always_ff @(posedge clk_i) begin
        if (write_i[Enables-1]) begin
          words[write_address_i][Bits-1 -: Rest] <= write_data_i[Bits-1 -: Rest];
        end
      end
    end
  end

endmodule
