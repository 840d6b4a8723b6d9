// One region of memory: banks side by side, each with one read and one write port, and what leads
// requests to them. The rules of time: an address that is there in cycle n gives its word in cycle
// n + 2, and a write that is there in cycle n can be read by an address of cycle n + 1.
module memory_region #(
  parameter int unsigned Lanes = 1,
  parameter int unsigned PartLanes = Lanes,  // a write takes a word in parts of so many lanes
  parameter int unsigned Banks = 2,
  parameter int unsigned Depth = 512,
  parameter logic Uram = 1'b0,
  parameter logic [1:0] Region = 2'd0,
  parameter int unsigned Readers = 1,
  parameter int unsigned Writers = 1
) (
  input  logic                        clk_i,
  input  logic [Readers-1:0]          read_i,
  input  logic [20*Readers-1:0]       read_address_i,
  output logic [32*Lanes*Readers-1:0] read_data_o,  // 0 where the word is not of this region
  input  logic [Writers-1:0]          write_i,
  input  logic [20*Writers-1:0]       write_address_i,
  input  logic [Lanes*Writers-1:0]    write_lanes_i,  // alike within a part
  input  logic [32*Lanes*Writers-1:0] write_data_i,
  output logic                        clash_o  // two requests for one port
);

  localparam int unsigned WordBits = 32 * Lanes;
  localparam int unsigned AddressBits = $clog2(Depth);
  localparam int unsigned Parts = (Lanes + PartLanes - 1) / PartLanes;
  localparam int unsigned BankBits = Banks > 1 ? $clog2(Banks) : 1;

  logic [Banks-1:0] read_clash, write_clash;
  logic [Banks*WordBits-1:0] words;

  for (genvar b = 0; b < Banks; b++) begin : gen_banks
    logic [Readers-1:0] unused_read_hit;
    logic [AddressBits-1:0] read_address, write_address;
    logic [Writers-1:0] write_hit;
    logic [Lanes-1:0] write_lanes;
    logic [Parts-1:0] write_parts;
    logic [WordBits-1:0] write_data;
    logic write_clash_address;

    memory_bank_port #(.Requesters(Readers), .Depth(Depth)) u_read (
      .first_i({Region, 18'(b * Depth)}), .valid_i(read_i), .address_i(read_address_i),
      .hit_o(unused_read_hit), .address_o(read_address), .clash_o(read_clash[b])
    );
    memory_bank_port #(.Requesters(Writers), .Depth(Depth)) u_write (
      .first_i({Region, 18'(b * Depth)}), .valid_i(write_i), .address_i(write_address_i),
      .hit_o(write_hit), .address_o(write_address), .clash_o(write_clash_address)
    );
    always_comb begin
      write_lanes = '0;
      write_data = '0;
      for (int unsigned w = 0; w < Writers; w++) begin
        write_lanes |= write_lanes_i[Lanes*w +: Lanes] & {Lanes{write_hit[w]}};
        write_data |= write_data_i[WordBits*w +: WordBits] & {WordBits{write_hit[w]}};
      end
      // Two writers clash even for one word.
      write_clash[b] = write_clash_address | (|(write_hit & (write_hit - 1'b1)));
    end
    for (genvar p = 0; p < Parts; p++) begin : gen_parts
      assign write_parts[p] = write_lanes[PartLanes*p];
    end
    memory_block #(.Bits(WordBits), .PartBits(32 * PartLanes), .Depth(Depth), .Uram(Uram)) u_block (
      .clk_i, .read_address_i(read_address), .read_data_o(words[WordBits*b +: WordBits]),
      .write_i(write_parts), .write_address_i(write_address), .write_data_i(write_data)
    );
  end

  for (genvar r = 0; r < Readers; r++) begin : gen_readers
    logic [BankBits-1:0] bank_d, bank_q;
    logic here_d, here_q;
    logic [19:0] address;
    logic [WordBits-1:0] word;

    word_select #(.Words(Banks), .Width(WordBits)) u_bank (
      .words_i(words), .number_i(bank_q), .word_o(word)
    );
    assign address = read_address_i[20*r +: 20];
    assign bank_d = address[AddressBits +: BankBits];
    assign here_d = address[19:18] == Region;
    always_ff @(posedge clk_i) begin
      bank_q <= bank_d;
      here_q <= here_d;
      read_data_o[WordBits*r +: WordBits] <= here_q ? word : '0;
    end
    logic unused_address;
    assign unused_address = ^address;
  end

  always_ff @(posedge clk_i) clash_o <= (|read_clash) | (|write_clash);

endmodule
