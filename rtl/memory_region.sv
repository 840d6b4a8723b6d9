// One region of memory: banks side by side, each with one read and one write port, and what leads
// requests to them. The rules of time: an address that is there in cycle n gives its word in cycle
// n + 2, and a write that is there in cycle n can be read by an address of cycle n + 1.
//
// A word may lie in parts, one behind the other in a bank; a cycle's requests are all for one part to read and
// one to write.
module memory_region #(
  parameter int unsigned Lanes = 1,  // of a part
  parameter int unsigned EnableLanes = Lanes,  // a write takes so many of them, or leaves them
  parameter int unsigned Parts = 1,  // a power of 2
  parameter int unsigned Banks = 2,
  parameter int unsigned BramBanks = 0,  // the last ones, if Uram
  parameter int unsigned Depth = 512,
  parameter logic Uram = 1'b0,
  parameter logic [1:0] Region = 2'd0,
  parameter int unsigned Readers = 1,
  parameter int unsigned Writers = 1,
  localparam int unsigned PartBits = Parts > 1 ? $clog2(Parts) : 1
) (
  input  logic                        clk_i,
  input  logic [Readers-1:0]          read_i,
  input  logic [Readers-1:0]          read_again_i,  // the word of another reader: it may
  input  logic [20*Readers-1:0]       read_address_i,
  input  logic [PartBits-1:0]         read_part_i,
  output logic [32*Lanes*Readers-1:0] read_data_o,  // 0 where the word is not of this region
  input  logic [Writers-1:0]          write_i,
  input  logic [20*Writers-1:0]       write_address_i,
  input  logic [PartBits-1:0]         write_part_i,
  input  logic [Lanes*Writers-1:0]    write_lanes_i,  // alike within what is enabled together
  input  logic [32*Lanes*Writers-1:0] write_data_i,
  output logic                        clash_o  // two requests for one port, two cycles before
);

  localparam int unsigned WordBits = 32 * Lanes;
  localparam int unsigned AddressBits = $clog2(Depth);
  localparam int unsigned Enables = (Lanes + EnableLanes - 1) / EnableLanes;
  localparam int unsigned BlockBits = AddressBits + $clog2(Parts);
  localparam int unsigned BankBits = Banks > 1 ? $clog2(Banks) : 1;
  localparam int unsigned WriterBits = Writers > 1 ? $clog2(Writers) : 1;

  // Who asks which bank ---------------------------------------------------------------------------

  logic [Banks*Readers-1:0] read_hit;   // of reader r: bank b at Banks r + b
  logic [Banks*Writers-1:0] write_hit;
  logic [BankBits*Readers-1:0] read_bank;
  logic [AddressBits*Readers-1:0] read_offset;
  logic [AddressBits*Writers-1:0] write_offset;
  logic [Enables*Writers-1:0] enables;

  for (genvar r = 0; r < Readers; r++) begin : gen_readers
    memory_decode #(.Region(Region), .Banks(Banks), .Depth(Depth)) u_decode (
      .valid_i(read_i[r]), .address_i(read_address_i[20*r +: 20]),
      .bank_o(read_bank[BankBits*r +: BankBits]), .hit_o(read_hit[Banks*r +: Banks])
    );
    assign read_offset[AddressBits*r +: AddressBits] = read_address_i[20*r +: AddressBits];
  end
  for (genvar w = 0; w < Writers; w++) begin : gen_writers
    logic [BankBits-1:0] unused_bank;
    memory_decode #(.Region(Region), .Banks(Banks), .Depth(Depth)) u_decode (
      .valid_i(write_i[w]), .address_i(write_address_i[20*w +: 20]), .bank_o(unused_bank),
      .hit_o(write_hit[Banks*w +: Banks])
    );
    assign write_offset[AddressBits*w +: AddressBits] = write_address_i[20*w +: AddressBits];
    for (genvar e = 0; e < Enables; e++) begin : gen_enables
      assign enables[Enables*w+e] = write_lanes_i[Lanes*w+EnableLanes*e];
    end
  end

  // Banks -----------------------------------------------------------------------------------------

  logic [Banks-1:0] clash;
  logic [Banks*WordBits-1:0] words;

  for (genvar b = 0; b < Banks; b++) begin : gen_banks
    logic [Readers-1:0] reads, counted, counted_q;
    logic [Writers-1:0] writes, writes_q;
    logic [AddressBits-1:0] read_address, write_address;
    logic [BlockBits-1:0] read_place, write_place;
    logic [WriterBits-1:0] writer;
    logic [Enables-1:0] write_enables;
    logic [WordBits-1:0] write_data;

    for (genvar r = 0; r < Readers; r++) begin : gen_reads
      assign reads[r] = read_hit[Banks*r+b];
    end
    for (genvar w = 0; w < Writers; w++) begin : gen_writes
      assign writes[w] = write_hit[Banks*w+b];
    end
    memory_bank_port #(.Requesters(Readers), .AddressBits(AddressBits)) u_read (
      .hit_i(reads), .address_i(read_offset), .address_o(read_address)
    );
    always_comb begin
      writer = '0;
      write_enables = '0;
      for (int unsigned w = 0; w < Writers; w++) begin
        writer |= WriterBits'(w) & {WriterBits{writes[w]}};
        write_enables |= enables[Enables*w +: Enables] & {Enables{writes[w]}};
      end
    end
    word_select #(.Words(Writers), .Width(AddressBits)) u_write_address (
      .words_i(write_offset), .number_i(writer), .word_o(write_address)
    );
    word_select #(.Words(Writers), .Width(WordBits)) u_write_data (
      .words_i(write_data_i), .number_i(writer), .word_o(write_data)
    );

    assign counted = reads & ~read_again_i;
    always_ff @(posedge clk_i) begin
      counted_q <= counted;
      writes_q <= writes;
    end
    assign clash[b] = |(counted_q & (counted_q - 1'b1)) | |(writes_q & (writes_q - 1'b1));

    if (Parts == 1) begin : gen_whole
      assign read_place = read_address;
      assign write_place = write_address;
    end else begin : gen_parts
      assign read_place = {read_address, read_part_i};
      assign write_place = {write_address, write_part_i};
    end
    memory_block #(
      .Bits(WordBits), .EnableBits(32 * EnableLanes), .Depth(Depth * Parts),
      .Uram(Uram && b + BramBanks < Banks)
    ) u_block (
      .clk_i, .read_address_i(read_place), .read_data_o(words[WordBits*b +: WordBits]),
      .write_i(write_enables), .write_address_i(write_place), .write_data_i(write_data)
    );
  end

  // Words: one cycle of the bank's, one of the way back ---------------------------------------------

  for (genvar r = 0; r < Readers; r++) begin : gen_words
    logic [BankBits-1:0] bank_q;
    logic here_q;
    logic [WordBits-1:0] word;

    word_select #(.Words(Banks), .Width(WordBits)) u_bank (
      .words_i(words), .number_i(bank_q), .word_o(word)
    );
    always_ff @(posedge clk_i) begin
      bank_q <= read_bank[BankBits*r +: BankBits];
      here_q <= read_address_i[20*r+18 +: 2] == Region;
      if (here_q) read_data_o[WordBits*r +: WordBits] <= word;
      else read_data_o[WordBits*r +: WordBits] <= '0;
    end
  end

  always_ff @(posedge clk_i) clash_o <= |clash;

  logic unused;
  assign unused = ^{write_lanes_i, read_part_i, write_part_i};

endmodule
