// SPDX-License-Identifier: Apache-2.0
// The accelerator: program, memory, array and units behind plain host ports.
//
// The host writes program, memory, tables and registers while `busy_o` is 0, then sets start_i for a
// cycle. Counters hold those of the last run. After reset the core is busy until its pipes are empty.
//
// With folded lanes (Config.fold) two clocks come from outside: fast_clk_i, and clk_i, of which a cycle is a beat of
// so many cycles of the fast one and each edge is an edge of it. All control runs by beats, as without; only
// what lanes hold, compute and pass runs by the fast clock, a part of each word in each of a beat's cycles.
module core #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter TableFile = "generated/function_table.hex",
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Planes = Config.planes,
  localparam int unsigned Width = Rows > Lanes ? Rows : Lanes,
  localparam int unsigned Word = 32 * Width,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned TableBits = $clog2(Config.tables),
  localparam int unsigned LaneBits = $clog2(Lanes)
) (
  input  logic                                     clk_i,
  input  logic                                     fast_clk_i,  // without folded lanes unused
  input  logic                                     rst_ni,
  input  logic                                     start_i,
  input  logic                                     hold_i,  // no instruction is taken in this cycle
  output logic                                     busy_o,
  output logic                                     clash_o,  // of the last run: two asked for one port
  output logic [63:0]                              cycles_o,
  output logic [255:0]                             busy_cycles_o,  // 64 bits a unit
  // Registers of a step.
  input  logic [16*Config.list_registers-1:0]      lists_i,
  input  logic [15:0]                              tokens_i,
  input  logic [63:0]                              dropout_key_i,
  // Program: a row of four words.
  input  logic                                     program_write_i,
  input  logic [$clog2(Config.program_words)-3:0]  program_row_i,
  input  logic [127:0]                             program_data_i,
  input  logic                                     table_write_i,
  input  logic [TableBits-1:0]                     table_i,
  input  logic [LaneBits-1:0]                      table_lane_i,
  input  logic [31:0]                              table_entry_i,
  // Memory: whole words. What is read is there two cycles after its address, with folded lanes three.
  input  logic                                     memory_read_i,
  input  logic                                     memory_write_i,
  input  logic [19:0]                              memory_address_i,
  input  logic [Word-1:0]                          memory_data_i,
  output logic [Word-1:0]                          memory_data_o
);

  localparam int unsigned SlotBits = $clog2(Config.tile_slots);
  localparam int unsigned AccumulatorBits = $clog2(Config.accumulator_slots);
  localparam int unsigned RowBits = $clog2(Rows);
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1;
  localparam int unsigned PartLanes = Lanes / Fold;
  localparam int unsigned PartWidth = Width / Fold;
  localparam int unsigned Part = 32 * PartWidth;  // what passes of a word in a cycle of the fast clock

  // Clocks --------------------------------------------------------------------------------------

  logic fast_clk;
  logic [PhaseBits-1:0] phase;

  if (Fold == 1) begin : gen_one_clock
    logic unused_clock;
    assign fast_clk = clk_i;
    assign unused_clock = fast_clk_i;
  end else begin : gen_fast_clock
    assign fast_clk = fast_clk_i;
  end
  beat_phase #(.Fold(Fold)) u_phase (.clk_i, .fast_clk_i(fast_clk), .phase_o(phase));

  // Reset: long enough for every pipe to run empty, and then 16 cycles in which its end may arrive late -------------

  logic [7:0] settle_q;
  logic rst_n, ready_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      settle_q <= '0;
      rst_n <= 1'b0;
      ready_q <= 1'b0;
    end else begin
      settle_q <= settle_q + {7'h0, !ready_q};
      rst_n <= rst_n || settle_q == 8'd240;
      ready_q <= ready_q || settle_q == '1;
    end
  end

  // Sequencer -----------------------------------------------------------------------------------

  logic done, running, hand, nothing;
  logic [15:0] now_q, v, column_v, count0;
  logic [119:0] waits;
  core_pkg::pieces_t pieces;
  logic [3:0] push, head_valid, started, issuing, retired;
  logic [175:0] progress;
  core_pkg::load_t load_pushed, load_head;
  core_pkg::stream_t stream_pushed, stream_head;
  core_pkg::drain_t drain_pushed, drain_head;
  core_pkg::vector_t vector_pushed, vector_head;
  logic [24*Config.tables-1:0] column;
  logic busy_q;

  sequencer #(.Config(Config)) u_sequencer (
    .clk_i, .rst_ni(rst_n), .start_i(start_i && !busy_o), .hold_i, .done_o(done),
    .running_o(running), .program_write_i, .program_row_i, .program_data_i, .lists_i,
    .started_i(started), .progress_i(progress), .retired_i(retired), .hand_o(hand), .pieces_o(pieces), .v_o(v), .waits_o(waits),
    .count0_o(count0), .nothing_o(nothing)
  );
  instruction_resolve #(.Config(Config)) u_resolve (
    .clk_i, .rst_ni(rst_n), .hand_i(hand), .pieces_i(pieces), .v_i(v), .waits_i(waits),
    .count0_i(count0), .nothing_i(nothing), .v_o(column_v), .column_i(column), .dropout_key_i,
    .push_o(push), .load_o(load_pushed), .stream_o(stream_pushed), .drain_o(drain_pushed),
    .vector_o(vector_pushed)
  );
  instruction_queue #(.Width($bits(load_head)), .Depth(Config.queue_depth)) u_load_queue (
    .clk_i, .rst_ni(rst_n), .push_i(push[0]), .instruction_i(load_pushed), .pop_i(started[0]),
    .valid_o(head_valid[0]), .head_o(load_head)
  );
  instruction_queue #(.Width($bits(stream_head)), .Depth(Config.queue_depth)) u_stream_queue (
    .clk_i, .rst_ni(rst_n), .push_i(push[1]), .instruction_i(stream_pushed), .pop_i(started[1]),
    .valid_o(head_valid[1]), .head_o(stream_head)
  );
  instruction_queue #(.Width($bits(drain_head)), .Depth(Config.queue_depth)) u_drain_queue (
    .clk_i, .rst_ni(rst_n), .push_i(push[2]), .instruction_i(drain_pushed), .pop_i(started[2]),
    .valid_o(head_valid[2]), .head_o(drain_head)
  );
  instruction_queue #(.Width($bits(vector_head)), .Depth(Config.queue_depth)) u_vector_queue (
    .clk_i, .rst_ni(rst_n), .push_i(push[3]), .instruction_i(vector_pushed), .pop_i(started[3]),
    .valid_o(head_valid[3]), .head_o(vector_head)
  );

  always_ff @(posedge clk_i or negedge rst_n) begin
    if (!rst_n) begin
      now_q <= '0;
      busy_q <= 1'b0;
      cycles_o <= '0;
      busy_cycles_o <= '0;
    end else begin
      now_q <= now_q + 16'd1;
      if (start_i && !busy_o) begin
        busy_q <= 1'b1;
        cycles_o <= '0;
        busy_cycles_o <= '0;
      end else begin
        if (done) busy_q <= 1'b0;
        if (running) cycles_o <= cycles_o + 64'd1;
        for (int unsigned u = 0; u < core_pkg::Units; u++) begin
          if (issuing[u]) busy_cycles_o[64*u +: 64] <= busy_cycles_o[64*u +: 64] + 64'd1;
        end
      end
    end
  end
  assign busy_o = busy_q || !ready_q;

  // Tables --------------------------------------------------------------------------------------

  logic [3:0] stream_table, vector_table;
  logic [32*PartLanes-1:0] stream_row, vector_row;

  index_tables #(.Tables(Config.tables), .Lanes(Lanes), .Fold(Fold)) u_tables (
    .clk_i, .phase_i(phase), .write_i(table_write_i), .write_table_i(table_i), .write_lane_i(table_lane_i),
    .write_entry_i(table_entry_i), .stream_table_i(stream_table), .stream_row_o(stream_row),
    .vector_table_i(vector_table), .vector_row_o(vector_row), .column_i(column_v[LaneBits-1:0]),
    .column_o(column)
  );

  // Units ---------------------------------------------------------------------------------------

  logic [Planes-1:0] load_read, x_read, b_read, first_read, stream_write;
  logic [20*Planes-1:0] load_address, x_address, b_address, first_address;
  logic [20*Planes-1:0] stream_write_address;
  logic [Part*Planes-1:0] load_word, x_word, b_word, first_word, stream_write_data;
  logic [32*Rows*Planes-1:0] b_factor;
  logic [32*Planes-1:0] first_scalar;
  logic [PartWidth*Planes-1:0] stream_write_lanes;
  logic drain_read, drain_write, vector_write, scalar_write;
  logic [19:0] drain_address, drain_write_address, vector_write_address, scalar_write_address;
  logic [Part-1:0] drain_word, drain_write_data, vector_write_data;
  logic [31:0] drain_scalar;
  logic [1:0] vector_read;
  logic [39:0] vector_address;
  logic [2*Part-1:0] vector_word;
  logic [3:0] scalar_read;
  logic [79:0] scalar_address;
  logic [127:0] scalar;
  logic [31:0] scalar_write_data;

  logic [Planes-1:0] tile_write, accumulate;
  logic [SlotBits-1:0] tile_slot;
  logic [RowBits-1:0] tile_row, drain_row;
  logic [RowBits:0] tile_rows;
  logic [32*PartLanes*Planes-1:0] tile, x, rank_sum, drained;
  logic [32*Rows*Planes-1:0] b, token_sum;
  logic [AccumulatorBits-1:0] drain_slot;
  logic [7:0] stream_slot;
  logic first;
  bittern_pkg::direction_e direction;

  load_unit #(.Config(Config)) u_load (
    .clk_i, .rst_ni(rst_n), .now_i(now_q), .valid_i(head_valid[0]), .head_i(load_head),
    .pop_o(started[0]), .progress_i(progress), .progress_o(progress[0 +: 44]), .retire_o(retired[0]),
    .busy_o(issuing[0]), .read_o(load_read), .read_address_o(load_address),
    .read_word_i(load_word), .tile_write_o(tile_write), .tile_slot_o(tile_slot),
    .tile_row_o(tile_row), .tile_rows_o(tile_rows), .tile_o(tile)
  );
  stream_unit #(.Config(Config)) u_stream (
    .clk_i, .fast_clk_i(fast_clk), .phase_i(phase), .rst_ni(rst_n), .now_i(now_q), .valid_i(head_valid[1]), .head_i(stream_head),
    .pop_o(started[1]), .progress_i(progress), .progress_o(progress[44 +: 44]), .retire_o(retired[1]),
    .busy_o(issuing[1]), .table_o(stream_table), .table_row_i(stream_row), .x_read_o(x_read),
    .x_address_o(x_address), .x_word_i(x_word), .b_read_o(b_read), .b_address_o(b_address),
    .b_word_i(b_word), .b_factor_i(b_factor), .start_read_o(first_read),
    .start_address_o(first_address), .start_word_i(first_word), .start_scalar_i(first_scalar), .write_o(stream_write), .write_address_o(stream_write_address),
    .write_lanes_o(stream_write_lanes), .write_data_o(stream_write_data),
    .direction_o(direction), .accumulate_o(accumulate), .first_o(first), .slot_o(stream_slot),
    .x_o(x), .b_o(b), .rank_sum_i(rank_sum), .token_sum_i(token_sum)
  );
  drain_unit #(.Config(Config)) u_drain (
    .clk_i, .fast_clk_i(fast_clk), .phase_i(phase), .rst_ni(rst_n), .now_i(now_q), .valid_i(head_valid[2]), .head_i(drain_head),
    .pop_o(started[2]), .progress_i(progress), .progress_o(progress[88 +: 44]), .retire_o(retired[2]),
    .busy_o(issuing[2]), .slot_o(drain_slot), .row_o(drain_row), .row_i(drained),
    .read_o(drain_read), .read_address_o(drain_address), .read_word_i(drain_word),
    .read_scalar_i(drain_scalar),
    .write_o(drain_write), .write_address_o(drain_write_address),
    .write_data_o(drain_write_data)
  );
  vector_unit #(.Config(Config), .TableFile(TableFile)) u_vector (
    .clk_i, .fast_clk_i(fast_clk), .phase_i(phase), .rst_ni(rst_n), .now_i(now_q), .valid_i(head_valid[3]), .head_i(vector_head),
    .pop_o(started[3]), .progress_i(progress), .progress_o(progress[132 +: 44]), .retire_o(retired[3]),
    .busy_o(issuing[3]), .tokens_i, .table_o(vector_table), .table_row_i(vector_row),
    .word_read_o(vector_read), .word_address_o(vector_address), .word_i(vector_word),
    .scalar_read_o(scalar_read), .scalar_address_o(scalar_address), .scalar_i(scalar),
    .write_o(vector_write), .write_address_o(vector_write_address),
    .write_data_o(vector_write_data), .scalar_write_o(scalar_write),
    .scalar_write_address_o(scalar_write_address), .scalar_write_data_o(scalar_write_data)
  );

  for (genvar p = 0; p < Planes; p++) begin : gen_planes
    array_plane #(
      .Rows(Rows), .Lanes(PartLanes), .Fold(Fold), .TileSlots(Config.tile_slots),
      .AccumulatorSlots(Config.accumulator_slots), .MultiplyBeats(Config.multiply_latency),
      .AddBeats(Config.add_latency)
    ) u_plane (
      .clk_i, .fast_clk_i(fast_clk), .phase_i(phase), .direction_i(direction),
      .accumulate_i(accumulate[p]), .first_i(first), .slot_i(stream_slot),
      .x_i(x[32*PartLanes*p +: 32*PartLanes]), .b_i(b[32*Rows*p +: 32*Rows]),
      .rank_sum_o(rank_sum[32*PartLanes*p +: 32*PartLanes]),
      .token_sum_o(token_sum[32*Rows*p +: 32*Rows]), .tile_write_i(tile_write[p]),
      .tile_slot_i(tile_slot), .tile_row_i(tile_row), .tile_rows_i(tile_rows),
      .tile_i(tile[32*PartLanes*p +: 32*PartLanes]), .drain_slot_i(drain_slot),
      .drain_row_i(drain_row), .drain_o(drained[32*PartLanes*p +: 32*PartLanes])
    );
  end

  // Memory --------------------------------------------------------------------------------------

  // The host takes the ports of the vector unit's operand a and result, while that is at rest.
  logic clash, a_read, y_write;
  logic [19:0] a_address, y_address;
  logic [Part-1:0] host_part, y_data;

  word_parts #(.Width(Width), .Fold(Fold)) u_host (
    .clk_i, .fast_clk_i(fast_clk), .phase_i(phase), .word_i(memory_data_i), .part_o(host_part),
    .part_i(vector_word[Part-1:0]), .word_o(memory_data_o)
  );
  assign a_read = busy_o ? vector_read[0] : memory_read_i;
  assign a_address = busy_o ? vector_address[19:0] : memory_address_i;
  assign y_write = busy_o ? vector_write : memory_write_i;
  assign y_address = busy_o ? vector_write_address : memory_address_i;
  assign y_data = busy_o ? vector_write_data : host_part;

  localparam int unsigned Readers = 4 * Planes + 3;
  logic [32*Rows*Readers-1:0] factor;
  logic [32*Readers-1:0] lane0;

  memory #(
    .Config(Config), .WordReaders(Readers), .PlaneReaders(Planes > 1 ? 4 * Planes : 0),
    .Factors(Readers'((1 << Planes) - 1) << (Planes + 3)), .ScalarReaders(4),
    .WordWriters(Planes + 2), .ScalarWriters(1)
  ) u_memory (
    .clk_i, .fast_clk_i(fast_clk), .phase_i(phase),
    .word_read_i({load_read, x_read, b_read, first_read, drain_read, vector_read[1], a_read}),
    .word_address_i({load_address, x_address, b_address, first_address, drain_address,
                     vector_address[39:20], a_address}),
    .word_o({load_word, x_word, b_word, first_word, drain_word, vector_word}), .factor_o(factor),
    .lane0_o(lane0),
    .scalar_read_i(scalar_read), .scalar_address_i(scalar_address), .scalar_o(scalar),
    .word_write_i({stream_write, drain_write, y_write}),
    .word_write_address_i({stream_write_address, drain_write_address, y_address}),
    .word_write_lanes_i({stream_write_lanes, {(2*PartWidth){1'b1}}}),
    .word_write_data_i({stream_write_data, drain_write_data, y_data}),
    .scalar_write_i(scalar_write), .scalar_write_address_i(scalar_write_address),
    .scalar_write_data_i(scalar_write_data), .clash_o(clash)
  );
  assign b_factor = factor[32*Rows*(Planes+3) +: 32*Rows*Planes];
  assign first_scalar = lane0[32*3 +: 32*Planes];
  assign drain_scalar = lane0[32*2 +: 32];

  always_ff @(posedge fast_clk or negedge rst_n) begin
    if (!rst_n) clash_o <= 1'b0;
    else if (start_i && !busy_o) clash_o <= 1'b0;
    else if (clash && busy_q) clash_o <= 1'b1;
  end

  logic unused;
  assign unused = ^{column_v, factor, lane0};

endmodule
