// SPDX-License-Identifier: Apache-2.0
// The stream unit but for the array: issues elements, reads their operands, hands them to the planes
// in the cycle in which the operands are there, and writes sums over ranks and tokens.
//
// By cycle after an element's issue: 1 addresses, 3 operands at the planes, 3 + multiplication
// products; then the folds and stream_tail. Cycles are beats; of T lanes a part passes in each of their cycles.
module stream_unit #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Planes = Config.planes,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned Width = (Rows > Lanes ? Rows : Lanes) / Fold,  // of what passes of a word
  localparam int unsigned Word = 32 * Width
) (
  input  logic                        clk_i,       // beats
  input  logic                        fast_clk_i,
  input  logic [PhaseBits-1:0]        phase_i,
  input  logic                        rst_ni,
  input  logic [15:0]                 now_i,
  input  logic                        valid_i,
  input  core_pkg::stream_t           head_i,
  output logic                        pop_o,
  input  logic [175:0]                progress_i,
  output core_pkg::progress_t         progress_o,
  output logic                        retire_o,
  output logic                        busy_o,
  // Index tables: a row, in the same cycle.
  output logic [3:0]                  table_o,
  input  logic [32*Part-1:0]          table_row_i,
  // Memory: a word two cycles after its address; as to b see memory's factor_o.
  output logic [Planes-1:0]           x_read_o,
  output logic [20*Planes-1:0]        x_address_o,
  input  logic [Word*Planes-1:0]      x_word_i,
  output logic [Planes-1:0]           b_read_o,
  output logic [20*Planes-1:0]        b_address_o,
  input  logic [Word*Planes-1:0]      b_word_i,
  input  logic [32*Rows*Planes-1:0]   b_factor_i,
  output logic [Planes-1:0]           start_read_o,
  output logic [20*Planes-1:0]        start_address_o,
  input  logic [Word*Planes-1:0]      start_word_i,
  input  logic [32*Planes-1:0]        start_scalar_i,
  output logic [Planes-1:0]           write_o,
  output logic [20*Planes-1:0]        write_address_o,
  output logic [Width*Planes-1:0]     write_lanes_o,
  output logic [Word*Planes-1:0]      write_data_o,
  // The planes of the array.
  output bittern_pkg::direction_e     direction_o,
  output logic [Planes-1:0]           accumulate_o,
  output logic                        first_o,
  output logic [7:0]                  slot_o,
  output logic [32*Part*Planes-1:0]   x_o,
  output logic [32*Rows*Planes-1:0]   b_o,
  input  logic [32*Part*Planes-1:0]   rank_sum_i,
  input  logic [32*Rows*Planes-1:0]   token_sum_i
);

  localparam int unsigned RankStages = Config.multiply_latency + Config.add_latency * $clog2(Rows);
  localparam int unsigned TokenStages = Config.multiply_latency
                                      + Config.add_latency * $clog2(Lanes);

  // Issue ---------------------------------------------------------------------------------------

  logic start, go, last_first, last_next;
  logic [1:0] advanced;
  logic [3:0] beyond_first;
  logic [63:0] unused_index;
  logic [3:0] unused_at_end;
  core_pkg::stream_fields_t fields_q;
  logic nothing, nothing_q;

  unit_issue u_issue (
    .clk_i, .rst_ni, .now_i, .valid_i, .head_i(head_i.issue), .last_first_i(last_first),
    .last_next_i(last_next), .progress_i,
    .progress_o, .retire_o, .start_o(start), .go_o(go), .busy_o
  );
  assign pop_o = start;

  element_counter u_counter (
    .clk_i, .start_i(start), .go_i(go), .count_i(head_i.count), .advanced_o(advanced),
    .index_o(unused_index), .beyond_first_o(beyond_first), .at_end_o(unused_at_end), .last_first_o(last_first),
    .last_next_o(last_next)
  );

  logic [23:0] x0, x1, b0, b1, y0, y1, initial0, initial1;
  logic [7:0] slot, slice;

  walk_planes #(.Config(Config)) u_x (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .walk_i(head_i.x),
    .stride_i(head_i.x.stride), .value0_o(x0), .value1_o(x1)
  );
  walk_planes #(.Config(Config)) u_b (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .walk_i(head_i.b),
    .stride_i(head_i.b.stride), .value0_o(b0), .value1_o(b1)
  );
  walk_planes #(.Config(Config)) u_y (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .walk_i(head_i.y),
    .stride_i(head_i.y.stride), .value0_o(y0), .value1_o(y1)
  );
  walk_planes #(.Config(Config)) u_initial (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .walk_i(head_i.initial_),
    .stride_i(head_i.initial_.stride), .value0_o(initial0), .value1_o(initial1)
  );
  walker #(.Width(8), .StrideBits(6)) u_slot (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.slot.base),
    .stride_i(head_i.slot.stride), .value_o(slot)
  );
  walker #(.Width(8), .StrideBits(6)) u_slice (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.slice.base),
    .stride_i(head_i.slice.stride), .value_o(slice)
  );

  // One cycle later: addresses ---------------------------------------------------------------------

  logic valid_q, first_q, is_time, is_rank, is_token;
  logic [1:0] sums_q;  // planes that have a sum of their own to write
  logic [23:0] x_number;

  assign nothing = start ? head_i.issue.nothing : nothing_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= go && !nothing;
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      fields_q <= head_i.fields;
      nothing_q <= head_i.issue.nothing;
    end
    if (start) first_q <= !head_i.fields.keep;
    else if (go) first_q <= !fields_q.keep && (beyond_first & fields_q.sum) == '0;
  end

  assign is_time = fields_q.direction == bittern_pkg::DirectionTime;
  assign is_rank = fields_q.direction == bittern_pkg::DirectionRank;
  assign is_token = fields_q.direction == bittern_pkg::DirectionToken;
  assign sums_q = fields_q.plane_sum ? 2'b01 : fields_q.planes;
  assign x_number = x0;
  assign table_o = fields_q.table_;

  // One_hot: a comparison, registered on the way that a word takes.
  logic [Part-1:0] hot_d, hot_q;
  logic one_hot;

  for (genvar l = 0; l < Part; l++) begin : gen_hot
    assign hot_d[l] = table_row_i[32*l +: 32] == {{8{x_number[23]}}, x_number};
  end
  pipe #(.Width(Part + 1), .Stages(2 * Fold)) u_hot (
    .clk_i(fast_clk_i), .d_i({hot_d, fields_q.one_hot}), .q_o({hot_q, one_hot})
  );

  // Three cycles later: operands -------------------------------------------------------------------

  logic valid3, first3;
  logic [1:0] planes3;
  bittern_pkg::direction_e direction3;

  pipe #(.Width(8 + 2 + 2 + 2), .Stages(2)) u_operands (
    .clk_i, .d_i({slot, fields_q.direction, fields_q.planes, valid_q, first_q}),
    .q_o({slot_o, direction3, planes3, valid3, first3})
  );
  assign direction_o = direction3;
  assign first_o = first3;

  // The folds' ends, three cycles ahead.
  logic rank_pop, token_pop;

  pipe #(.Width(1), .Stages(RankStages - 1)) u_rank (
    .clk_i, .d_i(valid_q && is_rank), .q_o(rank_pop)
  );
  pipe #(.Width(1), .Stages(TokenStages - 1)) u_token (
    .clk_i, .d_i(valid_q && is_token), .q_o(token_pop)
  );

  // Of each plane ---------------------------------------------------------------------------------

  logic [1:0] pop_planes;  // that write what is popped

  fifo #(.Width(2), .Depth(64)) u_planes (
    .clk_i, .rst_ni, .push_i(valid_q && !is_time), .d_i(sums_q),
    .pop_i(rank_pop || token_pop), .q_o(pop_planes)
  );

  for (genvar p = 0; p < Planes; p++) begin : gen_planes
    logic [23:0] x, b, y, initial_address;

    assign x = p == 0 ? x0 : x1;
    assign b = p == 0 ? b0 : b1;
    assign y = p == 0 ? y0 : y1;
    assign initial_address = p == 0 ? initial0 : initial1;
    assign x_read_o[p] = valid_q && fields_q.planes[p] && !is_rank && !fields_q.one_hot;
    assign x_address_o[20*p +: 20] = x[19:0];
    assign b_read_o[p] = valid_q && fields_q.planes[p] && !is_token;
    assign b_address_o[20*p +: 20] = b[19:0];

    slice_of #(.Rows(Rows), .Lanes(Lanes), .Fold(Fold)) u_b_slice (
      .clk_i, .fast_clk_i, .phase_i, .sliced_i(b[19:18] == 2'd0), .slice_i(slice),
      .word_i(b_word_i[Word*p +: 32*Part]), .factor_i(b_factor_i[32*Rows*p +: 32*Rows]),
      .factor_o(b_o[32*Rows*p +: 32*Rows])
    );
    always_comb begin
      for (int unsigned l = 0; l < Part; l++) begin
        x_o[32*(Part*p+l) +: 32] = one_hot ? (hot_q[l] ? 32'h3F800000 : '0)
                                           : x_word_i[Word*p + 32*l +: 32];
      end
    end
    assign accumulate_o[p] = valid3 && direction3 == bittern_pkg::DirectionTime && planes3[p];

    stream_tail #(.Rows(Rows), .Lanes(Lanes), .Fold(Fold), .AddBeats(Config.add_latency),
                  .SumsPlanes(p == 0 && Planes > 1)) u_tail (
      .clk_i, .fast_clk_i, .phase_i, .rst_ni, .push_i(valid_q && !is_time && sums_q[p]), .token_i(is_token),
      .start_i(fields_q.start), .plane_sum_i(fields_q.plane_sum), .planes_i(fields_q.planes),
      .merge_i(fields_q.merge), .slice_i(slice), .y_i(y[19:0]),
      .initial_i(initial_address[19:0]),
      .pop_i((rank_pop || token_pop) && pop_planes[p]),
      .rank_sum_i(rank_sum_i[32*Part*p +: 32*Part]),
      .token_sum_i(token_sum_i[32*Rows*p +: 32*Rows]),
      .other_rank_sum_i(rank_sum_i[32*Part*(Planes-1) +: 32*Part]),
      .other_token_sum_i(token_sum_i[32*Rows*(Planes-1) +: 32*Rows]),
      .start_read_o(start_read_o[p]), .start_address_o(start_address_o[20*p +: 20]),
      .start_word_i(start_word_i[Word*p +: Word]), .start_scalar_i(start_scalar_i[32*p +: 32]),
      .write_o(write_o[p]),
      .write_address_o(write_address_o[20*p +: 20]),
      .write_lanes_o(write_lanes_o[Width*p +: Width]), .write_data_o(write_data_o[Word*p +: Word])
    );

    logic unused;
    assign unused = ^{x, b, y, initial_address, x_word_i, b_word_i, x1, b1, y1, initial1, planes3, pop_planes};
  end

endmodule
