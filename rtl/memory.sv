// SPDX-License-Identifier: Apache-2.0
// On-chip memory: the three regions behind one set of ports. A word port reads any region: lanes
// that a word lacks are 0. Times as in memory_region, in beats.
//
// The ports of two planes read one word together, or one of the two reads alone, or plane 0 reads from the lower
// half of a region's banks and plane 1 from the upper half. So each half is led to one of them, and where not both
// read apart, either has the union.
//
// With folded lanes a token word passes in Fold parts, lane t in cycle t % Fold of a beat at place t / Fold. A
// rank word or a scalar stays for the beat; at a port of parts each of its lanes passes as a token word's would.
module memory #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter int unsigned WordReaders = 1,
  parameter int unsigned PlaneReaders = 0,  // the last ones: pairs, of planes 0 and 1
  parameter logic [WordReaders-1:0] Factors = '0,  // readers of factors: see factor_o
  parameter int unsigned ScalarReaders = 1,
  parameter int unsigned WordWriters = 1,
  parameter int unsigned ScalarWriters = 1,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned Part = (Rows > Lanes ? Rows : Lanes) / Fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                           clk_i,       // beats
  input  logic                           fast_clk_i,
  input  logic [PhaseBits-1:0]           phase_i,
  input  logic [WordReaders-1:0]         word_read_i,
  input  logic [20*WordReaders-1:0]      word_address_i,
  output logic [32*Part*WordReaders-1:0] word_o,
  // Of readers of factors: a rank word, or a scalar in lane 0. Where lanes are folded, their word_o has token words
  // alone, a part in the cycle before it has its part's number, a beat before the operands.
  output logic [32*Rows*WordReaders-1:0] factor_o,
  output logic [32*WordReaders-1:0]      lane0_o,     // of the word, for the beat
  input  logic [ScalarReaders-1:0]       scalar_read_i,
  input  logic [20*ScalarReaders-1:0]    scalar_address_i,
  output logic [32*ScalarReaders-1:0]    scalar_o,
  input  logic [WordWriters-1:0]         word_write_i,
  input  logic [20*WordWriters-1:0]      word_write_address_i,
  input  logic [Part*WordWriters-1:0]    word_write_lanes_i,
  input  logic [32*Part*WordWriters-1:0] word_write_data_i,
  input  logic [ScalarWriters-1:0]       scalar_write_i,
  input  logic [20*ScalarWriters-1:0]    scalar_write_address_i,
  input  logic [32*ScalarWriters-1:0]    scalar_write_data_i,
  output logic                           clash_o      // of the fast clock
);

  localparam int unsigned TokenPart = Lanes / Fold;
  // Of token words, the slices in which rank words are written to them; their lanes lie apart where they pass in
  // parts.
  localparam int unsigned EnableLanes = Fold > 1 ? 1 : (Rows < Lanes ? Rows : Lanes);
  localparam int unsigned RankParts = Config.ranks.parts;
  localparam int unsigned RankPart = (Rows + RankParts - 1) / RankParts;
  localparam int unsigned RankPartBits = RankParts > 1 ? $clog2(RankParts) : 1;
  localparam int unsigned ReadBeats = Config.read_latency - 1;
  localparam int unsigned AllReaders = WordReaders + ScalarReaders;
  localparam int unsigned AllWriters = WordWriters + ScalarWriters;

  // Pieces of words (memory_region), of one of a pair.
  localparam int unsigned FirstPaired = WordReaders - PlaneReaders;
  localparam int unsigned Tokens = core_pkg::pieces_of(Config.tokens.banks);
  localparam int unsigned Ranks = core_pkg::pieces_of(Config.ranks.banks);
  localparam int unsigned Scalars = core_pkg::pieces_of(Config.scalars.banks);
  localparam int unsigned PairedTokens = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.tokens.banks) : 0;
  localparam int unsigned PairedRanks = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.ranks.banks) : 0;
  localparam int unsigned PairedScalars = PlaneReaders > 0 ? core_pkg::paired_pieces_of(Config.scalars.banks) : 0;

  logic [32*TokenPart*(Tokens*FirstPaired+PairedTokens*PlaneReaders)-1:0] token_pieces;
  logic [32*RankPart*(Ranks*FirstPaired+PairedRanks*PlaneReaders)-1:0] rank_pieces;
  logic [32*(Scalars*(FirstPaired+ScalarReaders)+PairedScalars*PlaneReaders)-1:0] scalar_pieces;
  // A reader's words, of a pair's those of its half of the banks.
  logic [32*TokenPart*WordReaders-1:0] token_half;
  logic [32*RankPart*WordReaders-1:0] rank_half;
  logic [32*WordReaders-1:0] scalar_half;
  logic [32*ScalarReaders-1:0] scalars;
  logic [WordReaders-1:0] together;  // a pair whose halves go to both
  logic [20*WordReaders-1:0] choose_address;
  logic [TokenPart*WordWriters-1:0] token_lanes;
  logic [32*TokenPart*WordWriters-1:0] token_data;
  logic [32*RankPart*WordWriters-1:0] rank_data;
  logic [32*WordWriters-1:0] scalar_data;
  logic [WordReaders-1:0] again;
  logic [RankPartBits-1:0] rank_read_part, rank_write_part;
  logic rank_write, scalar_write;
  logic [2:0] clash;

  // The other one of a pair.
  function automatic int unsigned other_of(int unsigned r);
    other_of = r;
    if (r >= FirstPaired) other_of = (r - FirstPaired) % 2 == 0 ? r + 1 : r - 1;
  endfunction

  for (genvar r = 0; r < WordReaders; r++) begin : gen_halves
    localparam bit Paired = r >= FirstPaired;
    localparam int unsigned PairedBefore = Paired ? r - FirstPaired : 0, Before = r - PairedBefore;
    localparam int unsigned TokensHere = Paired ? PairedTokens : Tokens;
    localparam int unsigned RanksHere = Paired ? PairedRanks : Ranks;
    localparam int unsigned ScalarsHere = Paired ? PairedScalars : Scalars;
    localparam int unsigned Token = Tokens * Before + PairedTokens * PairedBefore;
    localparam int unsigned Rank = Ranks * Before + PairedRanks * PairedBefore;
    localparam int unsigned Scalar = Scalars * Before + PairedScalars * PairedBefore;

    always_comb begin
      token_half[32*TokenPart*r +: 32*TokenPart] = '0;
      rank_half[32*RankPart*r +: 32*RankPart] = '0;
      scalar_half[32*r +: 32] = '0;
      for (int unsigned p = 0; p < TokensHere; p++) begin
        token_half[32*TokenPart*r +: 32*TokenPart] |=
            token_pieces[32*TokenPart*(Token+p) +: 32*TokenPart];
      end
      for (int unsigned p = 0; p < RanksHere; p++) begin
        rank_half[32*RankPart*r +: 32*RankPart] |= rank_pieces[32*RankPart*(Rank+p) +: 32*RankPart];
      end
      for (int unsigned p = 0; p < ScalarsHere; p++) begin
        scalar_half[32*r +: 32] |= scalar_pieces[32*(Scalar+p) +: 32];
      end
    end
    if (!Paired) begin : gen_single
      assign again[r] = 1'b0;
      assign choose_address[20*r +: 20] = word_address_i[20*r +: 20];
      assign together[r] = 1'b0;
    end else if ((r - FirstPaired) % 2 == 0) begin : gen_pair
      logic [1:0] reads;
      logic [39:0] address;
      logic same;

      assign reads = word_read_i[r +: 2];
      assign address = word_address_i[20*r +: 40];
      assign same = address[19:0] == address[39:20];
      assign choose_address[20*r +: 40] = {reads[1] ? address[39:20] : address[19:0],
                                           reads[0] ? address[19:0] : address[39:20]};
      assign again[r +: 2] = {reads[0] && same, 1'b0};
      pipe #(.Width(2), .Stages(2)) u_together (
        .clk_i(fast_clk_i), .d_i({2{!(&reads) || same}}), .q_o(together[r +: 2])
      );
    end
  end
  for (genvar s = 0; s < ScalarReaders; s++) begin : gen_scalars
    localparam int unsigned Place = Scalars * (FirstPaired + s) + PairedScalars * PlaneReaders;
    always_comb begin
      scalars[32*s +: 32] = '0;
      for (int unsigned p = 0; p < Scalars; p++) scalars[32*s +: 32] |= scalar_pieces[32*(Place+p) +: 32];
    end
  end

  if (Fold == 1) begin : gen_whole
    // Words as they are.
    for (genvar w = 0; w < WordWriters; w++) begin : gen_writers
      assign token_lanes[Lanes*w +: Lanes] = word_write_lanes_i[Part*w +: Lanes];
      assign token_data[32*Lanes*w +: 32*Lanes] = word_write_data_i[32*Part*w +: 32*Lanes];
      assign rank_data[32*Rows*w +: 32*Rows] = word_write_data_i[32*Part*w +: 32*Rows];
      assign scalar_data[32*w +: 32] = word_write_data_i[32*Part*w +: 32];
    end
    logic [32*Part*WordReaders-1:0] halves;
    for (genvar r = 0; r < WordReaders; r++) begin : gen_readers
      localparam int unsigned Other = other_of(r);
      assign halves[32*Part*r +: 32*Part] = (32*Part)'(token_half[32*Lanes*r +: 32*Lanes])
                                            | (32*Part)'(rank_half[32*Rows*r +: 32*Rows])
                                            | (32*Part)'(scalar_half[32*r +: 32]);
      assign word_o[32*Part*r +: 32*Part] =
          halves[32*Part*r +: 32*Part] | (halves[32*Part*Other +: 32*Part] & {(32*Part){together[r]}});
      assign factor_o[32*Rows*r +: 32*Rows] = word_o[32*Part*r +: 32*Rows];
      assign lane0_o[32*r +: 32] = word_o[32*Part*r +: 32];
    end
    assign scalar_o = scalars;
    assign rank_read_part = '0;
    assign rank_write_part = '0;
    assign rank_write = 1'b1;
    assign scalar_write = 1'b1;
    logic unused;
    assign unused = ^{clk_i, phase_i};
  end else begin : gen_parts
    // Reads: parts of rank words one after the other at a beat's begin. They and scalars are there for whole beats.
    assign rank_read_part = RankPartBits'(phase_i);
    for (genvar r = 0; r < WordReaders; r++) begin : gen_readers
      localparam int unsigned Other = other_of(r);
      logic [32*Part-1:0] token_part;
      logic [32*RankPart-1:0] rank_part;
      logic [32*RankPart*RankParts-1:0] collected_q, rank_before, rank;  // before: a beat earlier
      logic [31:0] scalar_now, scalar_before, scalar;

      assign token_part = token_half[32*Part*r +: 32*Part]
                          | (token_half[32*Part*Other +: 32*Part] & {(32*Part){together[r]}});
      assign rank_part = rank_half[32*RankPart*r +: 32*RankPart]
                         | (rank_half[32*RankPart*Other +: 32*RankPart] & {(32*RankPart){together[r]}});
      assign scalar_now = scalar_half[32*r +: 32] | (scalar_half[32*Other +: 32] & {32{together[r]}});

      always_ff @(posedge fast_clk_i) begin
        for (int unsigned p = 0; p < RankParts; p++) begin
          if (32'(phase_i) == p + 2) begin
            collected_q[32*RankPart*p +: 32*RankPart] <= rank_part;
          end
        end
      end
      pipe #(.Width(32 * RankPart * RankParts), .Stages(ReadBeats - 1)) u_rank_before (
        .clk_i, .d_i(collected_q), .q_o(rank_before)
      );
      pipe #(.Width(32 * RankPart * RankParts), .Stages(1)) u_rank (.clk_i, .d_i(rank_before), .q_o(rank));
      pipe #(.Width(32), .Stages(ReadBeats - 1)) u_scalar_before (
        .clk_i, .d_i(scalar_now), .q_o(scalar_before)
      );
      pipe #(.Width(32), .Stages(1)) u_scalar (.clk_i, .d_i(scalar_before), .q_o(scalar));
      assign lane0_o[32*r +: 32] = scalar;
      if (Factors[r]) begin : gen_factor
        assign factor_o[32*Rows*r +: 32*Rows] = rank[32*Rows-1:0] | (32*Rows)'(scalar);
        pipe #(.Width(32 * Part), .Stages(Fold - 3)) u_parts (
          .clk_i(fast_clk_i), .d_i(token_part),
          .q_o(word_o[32*Part*r +: 32*Part])
        );
      end else begin : gen_word
        // Joined a cycle early: those that pass in the first cycle of a beat, in the beat before.
        logic [PhaseBits-1:0] next;
        logic [32*Part-1:0] token, lanes;

        assign next = phase_i + 1'b1;
        pipe #(.Width(32 * Part), .Stages(Fold * ReadBeats - 3)) u_parts (
          .clk_i(fast_clk_i), .d_i(token_part), .q_o(token)
        );
        always_comb begin
          lanes = '0;
          for (int unsigned n = 0; n < Rows; n++) begin
            if (32'(next) == n % Fold) begin
              lanes[32*(n/Fold) +: 32] = n % Fold == 0 ? rank_before[32*n +: 32] : rank[32*n +: 32];
            end
          end
          if (next == '0) lanes[31:0] |= scalar_before;
        end
        pipe #(.Width(32 * Part), .Stages(1)) u_joined (
          .clk_i(fast_clk_i), .d_i(token | lanes), .q_o(word_o[32*Part*r +: 32*Part])
        );
        assign factor_o[32*Rows*r +: 32*Rows] = '0;
      end
    end
    for (genvar s = 0; s < ScalarReaders; s++) begin : gen_scalar_beats
      pipe #(.Width(32), .Stages(ReadBeats)) u_scalar (
        .clk_i, .d_i(scalars[32*s +: 32]), .q_o(scalar_o[32*s +: 32])
      );
    end

    // Writes: token words as they pass, rank words and scalars when all of their lanes have passed.
    assign rank_write = 32'(phase_i) >= Fold - RankParts;
    assign rank_write_part = RankPartBits'(32'(phase_i) - (Fold - RankParts));
    assign scalar_write = 32'(phase_i) == Fold - 1;
    assign token_lanes = word_write_lanes_i;
    assign token_data = word_write_data_i;
    for (genvar w = 0; w < WordWriters; w++) begin : gen_writers
      logic [32*RankPart*RankParts-1:0] passed_q, passed;

      always_comb begin
        passed = passed_q;
        for (int unsigned n = 0; n < Rows; n++) begin
          if (n % Fold == Fold - 1) passed[32*n +: 32] = word_write_data_i[32*(Part*w+n/Fold) +: 32];
        end
      end
      always_ff @(posedge fast_clk_i) begin
        passed_q <= passed_q;
        for (int unsigned n = 0; n < Rows; n++) begin
          if (32'(phase_i) == n % Fold) begin
            passed_q[32*n +: 32] <= word_write_data_i[32*(Part*w+n/Fold) +: 32];
          end
        end
      end
      assign rank_data[32*RankPart*w +: 32*RankPart] =
          passed[32*RankPart*32'(rank_write_part) +: 32*RankPart];
      assign scalar_data[32*w +: 32] = passed_q[31:0];
    end
`ifndef SYNTHESIS
    initial begin
      assert (Rows <= Lanes && Lanes % Fold == 0) else $error("lanes that cannot be folded");
      assert (Config.tokens.parts == Fold) else $error("token words lie in other parts than they pass in");
      assert (RankParts + 2 < Fold) else $error("a rank word has too many parts to be read in a beat");
      for (int unsigned n = 0; n < Rows; n++) begin
        assert (n % Fold <= Fold - RankParts + n / RankPart) else $error("a lane passes too late to be written");
      end
    end
`endif
  end

  memory_region #(
    .Lanes(TokenPart), .EnableLanes(EnableLanes), .Parts(Fold), .Banks(Config.tokens.banks),
    .BramBanks(Config.tokens.bram_banks), .Depth(Config.tokens.depth),
    .Uram(Config.tokens.memory == bittern_pkg::MemoryUram), .Region(2'd0), .Readers(WordReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(WordWriters)
  ) u_tokens (
    .clk_i(fast_clk_i), .read_i(word_read_i), .read_again_i(again),
    .read_address_i(word_address_i), .read_part_i(phase_i),
    .choose_address_i(choose_address), .pieces_o(token_pieces),
    .write_i(word_write_i), .write_address_i(word_write_address_i), .write_part_i(phase_i),
    .write_lanes_i(token_lanes), .write_data_i(token_data), .clash_o(clash[0])
  );
  memory_region #(
    .Lanes(RankPart), .Parts(RankParts), .Banks(Config.ranks.banks),
    .BramBanks(Config.ranks.bram_banks), .Depth(Config.ranks.depth),
    .Uram(Config.ranks.memory == bittern_pkg::MemoryUram), .Region(2'd1), .Readers(WordReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(WordWriters)
  ) u_ranks (
    .clk_i(fast_clk_i), .read_i(word_read_i), .read_again_i(again),
    .read_address_i(word_address_i), .read_part_i(rank_read_part),
    .choose_address_i(choose_address), .pieces_o(rank_pieces),
    .write_i(word_write_i & {WordWriters{rank_write}}), .write_address_i(word_write_address_i),
    .write_part_i(rank_write_part), .write_lanes_i({(RankPart*WordWriters){1'b1}}),
    .write_data_i(rank_data), .clash_o(clash[1])
  );
  memory_region #(
    .Lanes(1), .Banks(Config.scalars.banks), .BramBanks(Config.scalars.bram_banks),
    .Depth(Config.scalars.depth),
    .Uram(Config.scalars.memory == bittern_pkg::MemoryUram), .Region(2'd2), .Readers(AllReaders),
    .FirstPaired(FirstPaired), .PairedReaders(PlaneReaders), .Writers(AllWriters)
  ) u_scalars (
    .clk_i(fast_clk_i), .read_i({scalar_read_i, word_read_i}),
    .read_again_i({{ScalarReaders{1'b0}}, again}),
    .read_address_i({scalar_address_i, word_address_i}), .read_part_i(1'b0),
    .choose_address_i({scalar_address_i, choose_address}), .pieces_o(scalar_pieces),
    .write_i({scalar_write_i, word_write_i} & {AllWriters{scalar_write}}),
    .write_address_i({scalar_write_address_i, word_write_address_i}), .write_part_i(1'b0),
    .write_lanes_i({AllWriters{1'b1}}), .write_data_i({scalar_write_data_i, scalar_data}),
    .clash_o(clash[2])
  );
  assign clash_o = |clash;

endmodule
