// SPDX-License-Identifier: Apache-2.0
// One region of memory: banks side by side, each with one read and one write port, and what leads
// requests to them. The rules of time: an address that is there in cycle n gives its word in cycle
// n + 2, and a write that is there in cycle n can be read by an address of cycle n + 1.
//
// A word may lie in parts, one behind the other in a bank; a cycle's requests are all for one part to read and
// one to write.
//
// What is read comes in pieces, of which all but one are 0 and that one may be: each is a choice from a window of
// banks, and their union is the word. A register's reset makes the zeros, and the union is the user's, together
// with that of the regions, so that both take no logic of their own.
//
// Readers may be pairs. The first of two then has the words of the lower half of the banks, the second those of
// the upper half, each by its own choosing address: who may read from both halves takes the union.
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
  parameter int unsigned FirstPaired = Readers,  // from this reader on: pairs
  parameter int unsigned PairedReaders = 0,
  parameter int unsigned Writers = 1,
  localparam int unsigned Pieces = core_pkg::pieces_of(Banks),
  localparam int unsigned PairedPieces = PairedReaders > 0 ? core_pkg::paired_pieces_of(Banks) : 0,
  localparam int unsigned AllPieces = Pieces * (Readers - PairedReaders) + PairedPieces * PairedReaders,
  localparam int unsigned PartBits = Parts > 1 ? $clog2(Parts) : 1
) (
  input  logic                        clk_i,
  input  logic [Readers-1:0]          read_i,
  input  logic [Readers-1:0]          read_again_i,  // the word of another reader: it may
  input  logic [20*Readers-1:0]       read_address_i,
  input  logic [PartBits-1:0]         read_part_i,
  input  logic [20*Readers-1:0]       choose_address_i,  // of pairs: may be the other one's
  // Of reader r: those before FirstPaired, of pairs, those behind. All 0 where the word is not of this region.
  output logic [32*Lanes*AllPieces-1:0] pieces_o,
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
  logic [AddressBits*Readers-1:0] read_offset;
  logic [AddressBits*Writers-1:0] write_offset;
  logic [Enables*Writers-1:0] enables;

  for (genvar r = 0; r < Readers; r++) begin : gen_readers
    memory_decode #(.Region(Region), .Banks(Banks), .Depth(Depth)) u_decode (
      .valid_i(read_i[r]), .address_i(read_address_i[20*r +: 20]), .hit_o(read_hit[Banks*r +: Banks])
    );
    assign read_offset[AddressBits*r +: AddressBits] = read_address_i[20*r +: AddressBits];
  end
  for (genvar w = 0; w < Writers; w++) begin : gen_writers
    memory_decode #(.Region(Region), .Banks(Banks), .Depth(Depth)) u_decode (
      .valid_i(write_i[w]), .address_i(write_address_i[20*w +: 20]),
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
    localparam bit Paired = r >= FirstPaired && r < FirstPaired + PairedReaders;
    localparam bit Upper = Paired && (r - FirstPaired) % 2 == 1;
    localparam int unsigned Begin = Upper ? Banks / 2 : 0, End = Paired && !Upper ? Banks / 2 : Banks;
    localparam int unsigned Window = core_pkg::window_of(Paired ? Banks / 2 : Banks);
    localparam int unsigned First = Begin / Window;  // windows begin at multiples of their size
    localparam int unsigned Here = Paired ? PairedPieces : Pieces;
    localparam int unsigned PairedBefore =
        r < FirstPaired ? 0 : Paired ? r - FirstPaired : PairedReaders;
    localparam int unsigned Place = Pieces * (r - PairedBefore) + PairedPieces * PairedBefore;
    logic [BankBits-1:0] bank_q;
    logic here;

    assign here = choose_address_i[20*r+18 +: 2] == Region;
    always_ff @(posedge clk_i) bank_q <= choose_address_i[20*r+AddressBits +: BankBits];
    for (genvar p = 0; p < Here; p++) begin : gen_pieces
      localparam int unsigned From = Window * (First + p) > Begin ? Window * (First + p) : Begin;
      localparam int unsigned To =
          From < End ? (Window * (First + p + 1) < End ? Window * (First + p + 1) : End) : From;
      if (To > From) begin : gen_piece
        localparam int unsigned Bits = To - From > 1 ? $clog2(To - From) : 1;
        logic [31:0] bank;
        logic chosen, here_q;
        logic [WordBits-1:0] word, word_q;

        always_comb begin
          chosen = 1'b0;
          for (int unsigned b = From; b < To; b++) begin
            chosen |= choose_address_i[20*r+AddressBits +: BankBits] == BankBits'(b);
          end
        end
        assign bank = 32'(bank_q) - From;
        word_select #(.Words(To - From), .Width(WordBits)) u_bank (
          .words_i(words[WordBits*From +: WordBits*(To-From)]), .number_i(bank[Bits-1:0]),
          .word_o(word)
        );
        always_ff @(posedge clk_i) begin
          here_q <= here && chosen;
          if (here_q) word_q <= word;
          else word_q <= '0;
        end
        assign pieces_o[WordBits*(Place+p) +: WordBits] = word_q;
        logic unused;
        assign unused = ^bank;
      end else begin : gen_none
        assign pieces_o[WordBits*(Place+p) +: WordBits] = '0;
      end
    end
  end

  always_ff @(posedge clk_i) clash_o <= |clash;

  logic unused;
  assign unused = ^{write_lanes_i, choose_address_i, read_part_i, write_part_i};

`ifndef SYNTHESIS
  initial assert (PairedReaders == 0 || Banks % 2 == 0) else $error("half a bank");
`endif

endmodule
