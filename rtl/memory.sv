// On-chip memory: the three regions behind one set of ports. A word port reads any region: lanes
// that a word lacks are 0. Times as in memory_region.
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

  logic [32*Lanes*WordReaders-1:0] token_words;
  logic [32*Rows*WordReaders-1:0] rank_words;
  logic [32*AllReaders-1:0] scalars;
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
  for (genvar r = 0; r < WordReaders; r++) begin : gen_readers
    assign word_o[32*Width*r +: 32*Width] =
        (32*Width)'(token_words[32*Lanes*r +: 32*Lanes])
        | (32*Width)'(rank_words[32*Rows*r +: 32*Rows])
        | (32*Width)'(scalars[32*r +: 32]);
  end
  // What is not split the planes read together.
  for (genvar r = 0; r < WordReaders; r++) begin : gen_again
    if (r >= WordReaders - PlaneReaders && (WordReaders - 1 - r) % 2 == 0) begin : gen_second
      assign again[r] = word_read_i[r-1]
                        && word_address_i[20*r +: 20] == word_address_i[20*(r-1) +: 20];
    end else begin : gen_first
      assign again[r] = 1'b0;
    end
  end
  assign scalar_o = scalars[32*WordReaders +: 32*ScalarReaders];

  memory_region #(
    .Lanes(Lanes), .PartLanes(PartLanes), .Banks(Config.tokens.banks), .Depth(Config.tokens.depth),
    .Uram(Config.tokens.memory == bittern_pkg::MemoryUram), .Region(2'd0), .Readers(WordReaders),
    .Writers(WordWriters)
  ) u_tokens (
    .clk_i, .read_i(word_read_i), .read_again_i(again), .read_address_i(word_address_i),
    .read_data_o(token_words),
    .write_i(word_write_i), .write_address_i(word_write_address_i), .write_lanes_i(token_lanes),
    .write_data_i(token_data), .clash_o(clash[0])
  );
  memory_region #(
    .Lanes(Rows), .Banks(Config.ranks.banks), .Depth(Config.ranks.depth),
    .Uram(Config.ranks.memory == bittern_pkg::MemoryUram), .Region(2'd1), .Readers(WordReaders),
    .Writers(WordWriters)
  ) u_ranks (
    .clk_i, .read_i(word_read_i), .read_again_i(again), .read_address_i(word_address_i),
    .read_data_o(rank_words),
    .write_i(word_write_i), .write_address_i(word_write_address_i),
    .write_lanes_i({(Rows*WordWriters){1'b1}}), .write_data_i(rank_data), .clash_o(clash[1])
  );
  memory_region #(
    .Lanes(1), .Banks(Config.scalars.banks), .Depth(Config.scalars.depth),
    .Uram(Config.scalars.memory == bittern_pkg::MemoryUram), .Region(2'd2), .Readers(AllReaders),
    .Writers(AllWriters)
  ) u_scalars (
    .clk_i, .read_i({scalar_read_i, word_read_i}),
    .read_again_i({{ScalarReaders{1'b0}}, again}),
    .read_address_i({scalar_address_i, word_address_i}), .read_data_o(scalars),
    .write_i({scalar_write_i, word_write_i}),
    .write_address_i({scalar_write_address_i, word_write_address_i}),
    .write_lanes_i({AllWriters{1'b1}}), .write_data_i({scalar_write_data_i, scalar_data}),
    .clash_o(clash[2])
  );
  assign clash_o = |clash;

endmodule
