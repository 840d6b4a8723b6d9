// A column of a memory bank: `Depth` words of `Parts` x `PartBits` bits, one read port and one
// write port with an enable a part. A read takes a cycle; of a word that is written in that cycle it gives
// anything, and nobody may ask.
//
// The one place that names the kind of memory: synthesis makes RAMB36E2 or URAM288 of it.
module memory_block #(
  parameter int unsigned Parts = 2,
  parameter int unsigned PartBits = 32,
  parameter int unsigned Depth = 512,
  parameter logic Uram = 1'b0,
  localparam int unsigned AddressBits = $clog2(Depth)
) (
  input  logic                      clk_i,
  input  logic [AddressBits-1:0]    read_address_i,
  output logic [Parts*PartBits-1:0] read_data_o,
  input  logic [Parts-1:0]          write_i,
  input  logic [AddressBits-1:0]    write_address_i,
  input  logic [Parts*PartBits-1:0] write_data_i
);

  if (Uram) begin : gen_uram
    (* ram_style = "ultra", no_rw_check *) logic [Parts*PartBits-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned p = 0; p < Parts; p++) begin
        if (write_i[p]) begin
          words[write_address_i][PartBits*p +: PartBits] <= write_data_i[PartBits*p +: PartBits];
        end
      end
      read_data_o <= words[read_address_i];
    end
  end else begin : gen_bram
    (* ram_style = "block", no_rw_check *) logic [Parts*PartBits-1:0] words[Depth];
    always_ff @(posedge clk_i) begin
      for (int unsigned p = 0; p < Parts; p++) begin
        if (write_i[p]) begin
          words[write_address_i][PartBits*p +: PartBits] <= write_data_i[PartBits*p +: PartBits];
        end
      end
      read_data_o <= words[read_address_i];
    end
  end

endmodule
