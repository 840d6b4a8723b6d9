// SPDX-License-Identifier: Apache-2.0
// One plane of the array: Rows x Lanes multipliers, each with an adder, its tiles and accumulators.
//
// With folded lanes a word of Fold times Lanes passes in a beat, a part in each cycle of the fast clock. All is as if
// each part were a word, but for tiles and accumulators, which hold all parts, and for the last levels of the fold
// over lanes, which take the parts together (beat_fold). Times below are in beats.
//
// An element's operands are there in cycle n. Its products are there in n + m (m: a multiplication,
// a: an addition). Then, by direction,
//
//   time   every adder adds a product to the lane's accumulator, which is written in n + m + a
//   rank   the adders fold over rows: the sums of all lanes in n + m + a * levels(Rows)
//   token  the adders fold over lanes: the sums of all rows in n + m + a * levels(Lanes)
//
// The same adders serve all three: those of a level of one fold are those of the same level of the
// other, so elements of both may follow one another. An element that sums over time takes them all:
// no fold may be behind its first level then (stream_unit sees to that).
//
// Where both folds have as many adders in the first level, an adder has one operand in common: that of cell
// (r, t) adds rows r and r + Rows/2 of lane t in one fold and, in the other, lanes t and t + Lanes/2 of row r,
// or, in the upper half of the lanes, lanes t - Lanes/2 and t of row r + Rows/2. The common cell is also the
// one that accumulates there, so that nothing is chosen on that side.
module array_plane #(
  parameter int unsigned Rows = 4,
  parameter int unsigned Lanes = 16,  // of a part
  parameter int unsigned Fold = 1,
  parameter int unsigned TileSlots = 32,
  parameter int unsigned AccumulatorSlots = 32,
  parameter int unsigned MultiplyBeats = 4,
  parameter int unsigned AddBeats = 6,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1,
  localparam int unsigned RowBits = $clog2(Rows),
  localparam int unsigned TileBits = $clog2(TileSlots),
  localparam int unsigned AccumulatorBits = $clog2(AccumulatorSlots)
) (
  input  logic                       clk_i,       // beats
  input  logic                       fast_clk_i,
  input  logic [PhaseBits-1:0]       phase_i,
  // An element, in the cycle of its operands.
  input  bittern_pkg::direction_e    direction_i,
  input  logic                       accumulate_i,  // it sums over time, here
  input  logic                       first_i,       // to nothing
  input  logic [7:0]                 slot_i,
  input  logic [32*Lanes-1:0]        x_i,
  input  logic [32*Rows-1:0]         b_i,
  output logic [32*Lanes-1:0]        rank_sum_o,
  output logic [32*Rows-1:0]         token_sum_o,
  // A row of a tile; rows from tile_rows_i on count as 0.
  input  logic                       tile_write_i,
  input  logic [TileBits-1:0]        tile_slot_i,
  input  logic [RowBits-1:0]         tile_row_i,
  input  logic [RowBits:0]           tile_rows_i,
  input  logic [32*Lanes-1:0]        tile_i,
  // A row of an accumulator, in the same cycle.
  input  logic [AccumulatorBits-1:0] drain_slot_i,
  input  logic [RowBits-1:0]         drain_row_i,
  output logic [32*Lanes-1:0]        drain_o
);

  localparam int unsigned MultiplyLatency = Fold * MultiplyBeats, AddLatency = Fold * AddBeats;
  localparam int unsigned Cells = Rows * Lanes;
  localparam int unsigned RankLevels = $clog2(Rows);
  localparam int unsigned TokenLevels = $clog2(Lanes);
  localparam int unsigned Levels = RankLevels > TokenLevels ? RankLevels : TokenLevels;

  // Values that are left of n after some levels of a fold.
  function automatic int unsigned left(int unsigned n, int unsigned levels);
    left = n;
    for (int unsigned i = 0; i < levels; i++) left = left - left / 2;
  endfunction
  // Adders of a level, and the first of them.
  function automatic int unsigned level_adders(int unsigned level);
    level_adders = left(Rows, level - 1) / 2 * Lanes;
    if (left(Lanes, level - 1) / 2 * Rows > level_adders) begin
      level_adders = left(Lanes, level - 1) / 2 * Rows;
    end
  endfunction
  function automatic int unsigned first_adder(int unsigned level);
    first_adder = 0;
    for (int unsigned i = 1; i < level; i++) first_adder = first_adder + level_adders(i);
  endfunction
  localparam int unsigned FoldAdders = first_adder(Levels + 1);
  localparam int unsigned Adders = FoldAdders > Cells ? FoldAdders : Cells;

  localparam bit Shares = Rows % 2 == 0 && Lanes % 2 == 0;
  // Of an adder of the first level: its sum's place in the fold over lanes.
  function automatic int unsigned first_token_sum(int unsigned n);
    first_token_sum = n;
    if (Shares && n % Lanes < Lanes / 2) first_token_sum = Rows * (n % Lanes) + n / Lanes;
    else if (Shares) first_token_sum = Rows * (n % Lanes - Lanes / 2) + n / Lanes + Rows / 2;
  endfunction
  // The cell that an adder accumulates for: a permutation. Where the first level's take cells of the lower
  // half of the rows and the upper half of the lanes, the others have those left.
  function automatic int unsigned cell_of(int unsigned adder);
    cell_of = adder;
    if (Shares && adder < Cells && adder % Lanes >= Lanes / 2) begin
      cell_of = adder < Cells / 2 ? adder + Cells / 2 : adder - Cells / 2;
    end
  endfunction

  // Tiles ---------------------------------------------------------------------------------------

  // split_var: Verilator takes the lanes apart, instead of putting all of them together for each that changes.
  logic [32*Cells-1:0] tile /*verilator split_var*/;
  logic [2*Cells-1:0] tile_class /*verilator split_var*/;
  logic [2*Lanes-1:0] written_class;
  logic [RowBits:0] rows;
  logic [Rows-1:0] none_d, none_q;  // of a row: the tile has none, which the multipliers are told a cycle later

  // Written when the last part is, so that parts that are read meanwhile have the rows of old.
  lane_memory #(.Width(RowBits + 1), .Depth(TileSlots)) u_rows (
    .clk_i(fast_clk_i), .write_i(tile_write_i && 32'(phase_i) == Fold - 1),
    .write_address_i(tile_slot_i), .write_data_i(tile_rows_i),
    .read_address_i(slot_i[TileBits-1:0]), .read_data_o(rows)
  );
  for (genvar t = 0; t < Lanes; t++) begin : gen_tile_lanes
    binary32_class u_class (.d_i(tile_i[32*t +: 32]), .class_o(written_class[2*t +: 2]));
  end
  for (genvar r = 0; r < Rows; r++) begin : gen_tile_rows
    word_memory #(.Width(34 * Lanes), .Depth(TileSlots), .Fold(Fold)) u_row (
      .clk_i(fast_clk_i), .phase_i, .write_i(tile_write_i && 32'(tile_row_i) == r),
      .write_address_i(tile_slot_i), .write_data_i({written_class, tile_i}),
      .read_address_i(slot_i[TileBits-1:0]),
      .read_data_o({tile_class[2*Lanes*r +: 2*Lanes], tile[32*Lanes*r +: 32*Lanes]})
    );
    assign none_d[r] = direction_i != bittern_pkg::DirectionTime && !(32'(rows) > r);
  end
  pipe #(.Width(Rows), .Stages(1)) u_none (.clk_i(fast_clk_i), .d_i(none_d), .q_o(none_q));

  // Products ------------------------------------------------------------------------------------

  logic [32*Cells-1:0] product /*verilator split_var*/;
  logic [2*Lanes-1:0] x_class;
  logic [2*Rows-1:0] b_class;

  for (genvar t = 0; t < Lanes; t++) begin : gen_x_classes
    binary32_class u_class (.d_i(x_i[32*t +: 32]), .class_o(x_class[2*t +: 2]));
  end
  for (genvar r = 0; r < Rows; r++) begin : gen_b_classes
    binary32_class u_class (.d_i(b_i[32*r +: 32]), .class_o(b_class[2*r +: 2]));
  end
  for (genvar r = 0; r < Rows; r++) begin : gen_multiplier_rows
    for (genvar t = 0; t < Lanes; t++) begin : gen_multipliers
      localparam int unsigned Cell = Lanes * r + t;
      logic [33:0] x, row, tiled, a, b;
      assign x = {x_class[2*t +: 2], x_i[32*t +: 32]};
      assign row = {b_class[2*r +: 2], b_i[32*r +: 32]};
      assign tiled = {tile_class[2*Cell +: 2], tile[32*Cell +: 32]};
      assign a = direction_i == bittern_pkg::DirectionToken ? x : row;
      assign b = direction_i == bittern_pkg::DirectionTime ? x : tiled;
      binary32_product #(.Latency(MultiplyLatency), .LateB(1'b1)) u_multiply (
        .clk_i(fast_clk_i), .a_i(a[31:0]), .b_i(b[31:0]), .a_class_i(a[33:32]), .b_class_i(b[33:32]),
        .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(none_q[r]), .b_sign_i(1'b0),
        .product_o(product[32*Cell +: 32])
      );
    end
  end

  // Control, at the products ----------------------------------------------------------------------

  logic accumulate, first, accumulated;
  logic [AccumulatorBits-1:0] slot, written_slot;
  logic [Levels:0] is_token;  // is_token[l]: at the adders of level l

  pipe #(.Width(2 + AccumulatorBits), .Stages(MultiplyLatency)) u_control (
    .clk_i(fast_clk_i), .d_i({accumulate_i, first_i, slot_i[AccumulatorBits-1:0]}),
    .q_o({accumulate, first, slot})
  );
  pipe #(.Width(1 + AccumulatorBits), .Stages(AddLatency)) u_written (
    .clk_i(fast_clk_i), .d_i({accumulate, slot}), .q_o({accumulated, written_slot})
  );
  assign is_token[0] = direction_i == bittern_pkg::DirectionToken;
  for (genvar l = 1; l <= Levels; l++) begin : gen_direction
    pipe #(.Width(1), .Stages(l == 1 ? MultiplyLatency : AddLatency)) u_is_token (
      .clk_i(fast_clk_i), .d_i(is_token[l-1]), .q_o(is_token[l])
    );
  end

  // Adders --------------------------------------------------------------------------------------

  // What each level of the folds takes: value i of lane t at Lanes i + t, of row r at Rows i + r.
  logic [32*Cells*(Levels+1)-1:0] rank_values /*verilator split_var*/;
  logic [32*Cells*(Levels+1)-1:0] token_values /*verilator split_var*/;
  logic [32*Cells-1:0] accumulator /*verilator split_var*/;
  logic [32*Adders-1:0] sum /*verilator split_var*/;

  assign rank_values[0 +: 32*Cells] = product;
  for (genvar r = 0; r < Rows; r++) begin : gen_turn
    for (genvar t = 0; t < Lanes; t++) begin : gen_lanes
      assign token_values[32*(Rows*t+r) +: 32] = product[32*(Lanes*r+t) +: 32];
    end
  end

  for (genvar l = 1; l <= Levels; l++) begin : gen_levels
    localparam int unsigned First = first_adder(l);
    localparam int unsigned Here = level_adders(l);
    // Of the fold over rows, over lanes: values that come, adders, values that go on.
    localparam int unsigned RankIn = left(Rows, l - 1), TokenIn = left(Lanes, l - 1);
    localparam int unsigned RankAdders = RankIn / 2 * Lanes, TokenAdders = TokenIn / 2 * Rows;
    localparam int unsigned RankOut = RankIn * Lanes - RankAdders;
    localparam int unsigned TokenOut = TokenIn * Rows - TokenAdders;
    localparam int unsigned In = 32 * Cells * (l - 1), Out = 32 * Cells * l;

    for (genvar n = 0; n < Here; n++) begin : gen_adders
      localparam bit Ranks = n < RankAdders, Tokens = n < TokenAdders;
      localparam bit Accumulates = First + n < Cells;
      localparam int unsigned Cell = Accumulates ? cell_of(First + n) : 0;
      localparam bit Upper = l == 1 && Shares && n % Lanes >= Lanes / 2;  // operand b is in common
      localparam int unsigned TokenPair = l == 1 ? first_token_sum(n) : n;
      logic [31:0] a, b, start;

      assign start = first ? 32'h80000000 : accumulator[32*Cell +: 32];  // x + -0 is x
      always_comb begin
        a = '0;
        b = '0;
        if (Ranks) begin
          a = rank_values[In + 32*n +: 32];
          b = rank_values[In + 32*(Ranks ? n + RankOut : 0) +: 32];
        end
        if (Tokens && (!Ranks || is_token[l])) begin
          a = token_values[In + 32*TokenPair +: 32];
          b = token_values[In + 32*(Tokens ? TokenPair + TokenOut : 0) +: 32];
        end
        if (Accumulates && accumulate) begin
          a = Upper ? start : product[32*Cell +: 32];
          b = Upper ? product[32*Cell +: 32] : start;
        end
        if (l == 1 && Shares && Upper) b = product[32*Cell +: 32];
        if (l == 1 && Shares && !Upper) a = product[32*Cell +: 32];
      end
      binary32_add #(.Latency(AddLatency)) u_add (
        .clk_i(fast_clk_i), .a_i(a), .b_i(b), .sum_o(sum[32*(First+n) +: 32])
      );
    end

    // A value that waits goes the adders' way; a fold that is over goes nowhere.
    for (genvar n = 0; n < Cells; n++) begin : gen_values
      if (n < RankAdders) begin : gen_rank
        assign rank_values[Out + 32*n +: 32] = sum[32*(First+n) +: 32];
      end else if (n < RankOut && RankIn > 1) begin : gen_rank_waits
        pipe #(.Width(32), .Stages(AddLatency)) u_waits (
          .clk_i(fast_clk_i), .d_i(rank_values[In + 32*n +: 32]), .q_o(rank_values[Out + 32*n +: 32])
        );
      end else begin : gen_no_rank
        assign rank_values[Out + 32*n +: 32] = '0;
      end
      if (n < TokenAdders) begin : gen_token
        localparam int unsigned Place = l == 1 ? first_token_sum(n) : n;
        assign token_values[Out + 32*Place +: 32] =
            sum[32*(First+n) +: 32];
      end else if (n < TokenOut && TokenIn > 1) begin : gen_token_waits
        pipe #(.Width(32), .Stages(AddLatency)) u_waits (
          .clk_i(fast_clk_i), .d_i(token_values[In + 32*n +: 32]), .q_o(token_values[Out + 32*n +: 32])
        );
      end else begin : gen_no_token
        assign token_values[Out + 32*n +: 32] = '0;
      end
    end
  end

  // Those that the folds leave over.
  for (genvar n = FoldAdders; n < Adders; n++) begin : gen_spare
    localparam int unsigned Spare = cell_of(n);
    binary32_add #(.Latency(AddLatency)) u_add (
      .clk_i(fast_clk_i), .a_i(product[32*Spare +: 32]),
      .b_i(first ? 32'h80000000 : accumulator[32*Spare +: 32]), .sum_o(sum[32*n +: 32])
    );
  end

  assign rank_sum_o = rank_values[32*Cells*RankLevels +: 32*Lanes];
  if (Fold == 1) begin : gen_whole
    assign token_sum_o = token_values[32*Cells*TokenLevels +: 32*Rows];
  end else begin : gen_parts
    for (genvar r = 0; r < Rows; r++) begin : gen_rows
      beat_fold #(.Fold(Fold), .AddBeats(AddBeats)) u_beat (
        .clk_i, .fast_clk_i, .phase_i, .value_i(token_values[32*(Cells*TokenLevels+r) +: 32]),
        .sum_o(token_sum_o[32*r +: 32])
      );
    end
  end

  // Accumulators --------------------------------------------------------------------------------

  logic [32*Cells-1:0] drained, cell_sum;

  for (genvar n = 0; n < Cells; n++) begin : gen_cell_sums
    assign cell_sum[32*cell_of(n) +: 32] = sum[32*n +: 32];
  end
  for (genvar r = 0; r < Rows; r++) begin : gen_accumulator_rows
    // One memory for each reader.
    word_memory #(.Width(32 * Lanes), .Depth(AccumulatorSlots), .Fold(Fold)) u_sums (
      .clk_i(fast_clk_i), .phase_i, .write_i(accumulated), .write_address_i(written_slot),
      .write_data_i(cell_sum[32*Lanes*r +: 32*Lanes]), .read_address_i(slot),
      .read_data_o(accumulator[32*Lanes*r +: 32*Lanes])
    );
    word_memory #(.Width(32 * Lanes), .Depth(AccumulatorSlots), .Fold(Fold)) u_drained (
      .clk_i(fast_clk_i), .phase_i, .write_i(accumulated), .write_address_i(written_slot),
      .write_data_i(cell_sum[32*Lanes*r +: 32*Lanes]), .read_address_i(drain_slot_i),
      .read_data_o(drained[32*Lanes*r +: 32*Lanes])
    );
  end
  word_select #(.Words(Rows), .Width(32 * Lanes)) u_drain_row (
    .words_i(drained), .number_i(drain_row_i), .word_o(drain_o)
  );

  logic unused;
  assign unused = ^{clk_i, phase_i, slot_i, rank_values, token_values};

endmodule
