// On-chip memory: the three regions behind one set of ports. A word port reads any region: lanes
// that a word lacks are 0. Times as in memory_region.
//
// The ports of two planes read one word together, or one of the two reads alone, or plane 0 reads from the lower
// half of a region's banks and plane 1 from the upper half. So each half is led to one of them, and where not both
// read apart, either has the union.
module memory #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter int unsigned WordReaders = 1,
  parameter int unsigned PlaneReaders = 0,  // the last ones: pairs, of planes 0 and 1
  parameter int unsigned ScalarReaders = 1,
  parameter int unsigned WordWriters = 1,
  parameter int unsigned ScalarWriters = 1,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Width = Rows > Lanes ? Rows : Lanes
) (
  input  logic                            clk_i,
  input  logic [WordReaders-1:0]          word_read_i,
  input  logic [20*WordReaders-1:0]       word_address_i,
  output logic [32*Width*WordReaders-1:0] word_o,
  input  logic [ScalarReaders-1:0]        scalar_read_i,
  input  logic [20*ScalarReaders-1:0]     scalar_address_i,
  output logic [32*ScalarReaders-1:0]     scalar_o,
  input  logic [WordWriters-1:0]          word_write_i,
  input  logic [20*WordWriters-1:0]       word_write_address_i,
  input  logic [Width*WordWriters-1:0]    word_write_lanes_i,
  input  logic [32*Width*WordWriters-1:0] word_write_data_i,
  input  logic [ScalarWriters-1:0]        scalar_write_i,
  input  logic [20*ScalarWriters-1:0]     scalar_write_address_i,
  input  logic [32*ScalarWriters-1:0]     scalar_write_data_i,
  output logic                            clash_o
);

  // Of token words, the slices in which rank words are written to them.
  localparam int unsigned PartLanes = Rows < Lanes ? Rows : Lanes;
  localparam int unsigned AllReaders = WordReaders + ScalarReaders;
  localparam int unsigned AllWriters = WordWriters + ScalarWriters;

  localparam int unsigned FirstPaired = WordReaders - PlaneReaders;
  // Pieces of a word, of one of a pair.
  localparam int unsigned Tokens = core_pkg::pieces_of(Config.tokens.banks);
  localparam int unsigned Ranks = core_pkg::pieces_of(Config.ranks.banks);
  localparam int unsigned Scalars = core_pkg::pieces_of(Config.scalars.banks);
  localparam int unsigned PairedTokens = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.tokens.banks) : 0;
  localparam int unsigned PairedRanks = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.ranks.banks) : 0;
  localparam int unsigned PairedScalars = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.scalars.banks) : 0;

  logic [32*Lanes*(Tokens*FirstPaired+PairedTokens*PlaneReaders)-1:0] token_pieces;
  logic [32*Rows*(Ranks*FirstPaired+PairedRanks*PlaneReaders)-1:0] rank_pieces;
  logic [32*(Scalars*(FirstPaired+ScalarReaders)+PairedScalars*PlaneReaders)-1:0] scalar_pieces;
  logic [20*WordReaders-1:0] choose_address;
  logic [Lanes*WordWriters-1:0] token_lanes;
  logic [32*Lanes*WordWriters-1:0] token_data;
  logic [32*Rows*WordWriters-1:0] rank_data;
  logic [32*WordWriters-1:0] scalar_data;
  logic [WordReaders-1:0] again;
  logic [2:0] clash;

  for (genvar w = 0; w < WordWriters; w++) begin : gen_writers
    assign token_lanes[Lanes*w +: Lanes] = word_write_lanes_i[Width*w +: Lanes];
    assign token_data[32*Lanes*w +: 32*Lanes] = word_write_data_i[32*Width*w +: 32*Lanes];
    assign rank_data[32*Rows*w +: 32*Rows] = word_write_data_i[32*Width*w +: 32*Rows];
    assign scalar_data[32*w +: 32] = word_write_data_i[32*Width*w +: 32];
  end
  for (genvar r = 0; r < FirstPaired; r++) begin : gen_readers
    always_comb begin
      word_o[32*Width*r +: 32*Width] = '0;
      for (int unsigned p = 0; p < Tokens; p++) begin
        word_o[32*Width*r +: 32*Lanes] |= token_pieces[32*Lanes*(Tokens*r+p) +: 32*Lanes];
      end
      for (int unsigned p = 0; p < Ranks; p++) begin
        word_o[32*Width*r +: 32*Rows] |= rank_pieces[32*Rows*(Ranks*r+p) +: 32*Rows];
      end
      for (int unsigned p = 0; p < Scalars; p++) begin
        word_o[32*Width*r +: 32] |= scalar_pieces[32*(Scalars*r+p) +: 32];
      end
    end
    assign again[r] = 1'b0;
    assign choose_address[20*r +: 20] = word_address_i[20*r +: 20];
  end
  for (genvar n = 0; n < PlaneReaders; n += 2) begin : gen_pairs
    localparam int unsigned R = FirstPaired + n;
    logic [1:0] reads;
    logic [39:0] address;
    logic same, apart_d, apart;
    logic [64*Width-1:0] halves;

    for (genvar h = 0; h < 2; h++) begin : gen_halves
      always_comb begin
        halves[32*Width*h +: 32*Width] = '0;
        for (int unsigned p = 0; p < PairedTokens; p++) begin
          halves[32*Width*h +: 32*Lanes] |=
              token_pieces[32*Lanes*(Tokens*FirstPaired+PairedTokens*(n+h)+p) +: 32*Lanes];
        end
        for (int unsigned p = 0; p < PairedRanks; p++) begin
          halves[32*Width*h +: 32*Rows] |=
              rank_pieces[32*Rows*(Ranks*FirstPaired+PairedRanks*(n+h)+p) +: 32*Rows];
        end
        for (int unsigned p = 0; p < PairedScalars; p++) begin
          halves[32*Width*h +: 32] |=
              scalar_pieces[32*(Scalars*FirstPaired+PairedScalars*(n+h)+p) +: 32];
        end
      end
    end
    assign reads = word_read_i[R +: 2];
    assign address = word_address_i[20*R +: 40];
    assign same = address[19:0] == address[39:20];
    assign apart_d = &reads && !same;
    assign choose_address[20*R +: 40] = {reads[1] ? address[39:20] : address[19:0],
                                         reads[0] ? address[19:0] : address[39:20]};
    assign again[R +: 2] = {reads[0] && same, 1'b0};
    pipe #(.Width(1), .Stages(2)) u_apart (.clk_i, .d_i(apart_d), .q_o(apart));
    assign word_o[32*Width*R +: 64*Width] =
        halves | ({halves[0 +: 32*Width], halves[32*Width +: 32*Width]} & {(64*Width){!apart}});
  end
  for (genvar r = 0; r < ScalarReaders; r++) begin : gen_scalars
    localparam int unsigned Place = Scalars * (FirstPaired + r) + PairedScalars * PlaneReaders;
    always_comb begin
      scalar_o[32*r +: 32] = '0;
      for (int unsigned p = 0; p < Scalars; p++) begin
        scalar_o[32*r +: 32] |= scalar_pieces[32*(Place+p) +: 32];
      end
    end
  end

  memory_region #(
    .Lanes(Lanes), .PartLanes(PartLanes), .Banks(Config.tokens.banks), .Depth(Config.tokens.depth),
    .Uram(Config.tokens.memory == bittern_pkg::MemoryUram), .Region(2'd0), .Readers(WordReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(WordWriters)
  ) u_tokens (
    .clk_i, .read_i(word_read_i), .read_again_i(again), .read_address_i(word_address_i),
    .choose_address_i(choose_address), .pieces_o(token_pieces),
    .write_i(word_write_i), .write_address_i(word_write_address_i), .write_lanes_i(token_lanes),
    .write_data_i(token_data), .clash_o(clash[0])
  );
  memory_region #(
    .Lanes(Rows), .Banks(Config.ranks.banks), .Depth(Config.ranks.depth),
    .Uram(Config.ranks.memory == bittern_pkg::MemoryUram), .Region(2'd1), .Readers(WordReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(WordWriters)
  ) u_ranks (
    .clk_i, .read_i(word_read_i), .read_again_i(again), .read_address_i(word_address_i),
    .choose_address_i(choose_address), .pieces_o(rank_pieces),
    .write_i(word_write_i), .write_address_i(word_write_address_i),
    .write_lanes_i({(Rows*WordWriters){1'b1}}), .write_data_i(rank_data), .clash_o(clash[1])
  );
  memory_region #(
    .Lanes(1), .Banks(Config.scalars.banks), .Depth(Config.scalars.depth),
    .Uram(Config.scalars.memory == bittern_pkg::MemoryUram), .Region(2'd2), .Readers(AllReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(AllWriters)
  ) u_scalars (
    .clk_i, .read_i({scalar_read_i, word_read_i}),
    .read_again_i({{ScalarReaders{1'b0}}, again}),
    .read_address_i({scalar_address_i, word_address_i}),
    .choose_address_i({scalar_address_i, choose_address}), .pieces_o(scalar_pieces),
    .write_i({scalar_write_i, word_write_i}),
    .write_address_i({scalar_write_address_i, word_write_address_i}),
    .write_lanes_i({AllWriters{1'b1}}), .write_data_i({scalar_write_data_i, scalar_data}),
    .clash_o(clash[2])
  );
  assign clash_o = |clash;

endmodule
