// SPDX-License-Identifier: Apache-2.0
// The vector unit: chains of multiply-adds and a function on all lanes, folds over lanes, taps into
// lane registers.
//
// By cycle after an element's issue (a: an addition, m: a multiplication): 1 addresses; 3 operands,
// and the first multiply-add; then a function's 2 + 3 (m + a), if there is one; the second
// multiply-add, whose result may be written; then the tap, and beside it the fold over lanes. The
// time of the second is called S here. Elements keep their order at S (unit_issue). Cycles are beats; of words and
// lane registers a part passes in each of their cycles.
module vector_unit #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter TableFile = "generated/function_table.hex",
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned Word = 32 * (Rows > Lanes ? Rows : Lanes) / Fold,  // what passes of one
  localparam int unsigned Row = 32 * Part
) (
  input  logic                  clk_i,       // beats
  input  logic                  fast_clk_i,
  input  logic [PhaseBits-1:0]  phase_i,
  input  logic                  rst_ni,
  input  logic [15:0]           now_i,
  input  logic                  valid_i,
  input  core_pkg::vector_t     head_i,
  output logic                  pop_o,
  input  logic [175:0]          progress_i,
  output core_pkg::progress_t   progress_o,
  output logic                  retire_o,
  output logic                  busy_o,
  input  logic [15:0]           tokens_i,  // that are real
  // Index tables: a row, in the same cycle.
  output logic [3:0]            table_o,
  input  logic [Row-1:0]        table_row_i,
  // Memory: words and scalars two cycles after their addresses. In order: a, b; g, h, lane_scale,
  // the old scalar of lanes.
  output logic [1:0]            word_read_o,
  output logic [39:0]           word_address_o,
  input  logic [2*Word-1:0]     word_i,
  output logic [3:0]            scalar_read_o,
  output logic [79:0]           scalar_address_o,
  input  logic [127:0]          scalar_i,
  output logic                  write_o,
  output logic [19:0]           write_address_o,
  output logic [Word-1:0]       write_data_o,
  output logic                  scalar_write_o,
  output logic [19:0]           scalar_write_address_o,
  output logic [31:0]           scalar_write_data_o
);

  localparam int unsigned Multiply = Config.multiply_latency;
  localparam int unsigned Add = Config.add_latency;
  localparam int unsigned MultiplyAdd = Multiply + Add;
  localparam int unsigned Function = Config.lookup_latency + 3 * MultiplyAdd;
  localparam int unsigned LaneSum = Add * $clog2(Lanes);
  localparam int unsigned Lookup = Fold * Config.lookup_latency;
  localparam int unsigned RegisterBits = $clog2(Config.lane_registers);
  localparam logic [31:0] MinusZero = 32'h80000000, One = 32'h3F800000;

  // Issue ---------------------------------------------------------------------------------------

  logic start, go, last_first, last_next;
  logic [1:0] advanced;
  logic [3:0] beyond_first, unused_at_end;
  logic [63:0] index;

  unit_issue #(.InFlight(128)) u_issue (
    .clk_i, .rst_ni, .now_i, .valid_i, .head_i(head_i.issue), .last_first_i(last_first),
    .last_next_i(last_next), .progress_i,
    .progress_o, .retire_o, .start_o(start), .go_o(go), .busy_o
  );
  assign pop_o = start;

  element_counter u_counter (
    .clk_i, .start_i(start), .go_i(go), .count_i(head_i.count), .advanced_o(advanced),
    .index_o(index), .beyond_first_o(beyond_first), .at_end_o(unused_at_end), .last_first_o(last_first),
    .last_next_o(last_next)
  );

  logic [23:0] a, b, y, g, h, lanes, lane_scale, feature, pick;
  logic [7:0] l0, l1, l2, lt;

  walker #(.Width(24)) u_a (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.a.base),
    .stride_i(head_i.a.stride), .value_o(a)
  );
  walker #(.Width(24)) u_b (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.b.base),
    .stride_i(head_i.b.stride), .value_o(b)
  );
  walker #(.Width(24)) u_y (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.y.base),
    .stride_i(head_i.y.stride), .value_o(y)
  );
  walker #(.Width(24)) u_g (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.g.base),
    .stride_i(head_i.g.stride), .value_o(g)
  );
  walker #(.Width(24)) u_h (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.h.base),
    .stride_i(head_i.h.stride), .value_o(h)
  );
  walker #(.Width(24)) u_lanes (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.lanes.base),
    .stride_i(head_i.lanes.stride), .value_o(lanes)
  );
  walker #(.Width(24)) u_lane_scale (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.lane_scale.base),
    .stride_i(head_i.lane_scale.stride), .value_o(lane_scale)
  );
  walker #(.Width(24)) u_feature (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.feature.base),
    .stride_i(head_i.feature.stride), .value_o(feature)
  );
  walker #(.Width(24)) u_pick (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.pick.base),
    .stride_i(head_i.pick.stride), .value_o(pick)
  );
  walker #(.Width(8), .StrideBits(6)) u_l0 (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.l0.base),
    .stride_i(head_i.l0.stride), .value_o(l0)
  );
  walker #(.Width(8), .StrideBits(6)) u_l1 (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.l1.base),
    .stride_i(head_i.l1.stride), .value_o(l1)
  );
  walker #(.Width(8), .StrideBits(6)) u_l2 (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.l2.base),
    .stride_i(head_i.l2.stride), .value_o(l2)
  );
  walker #(.Width(8), .StrideBits(6)) u_lt (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.lt.base),
    .stride_i(head_i.lt.stride), .value_o(lt)
  );

  // One cycle later: addresses ---------------------------------------------------------------------

  bittern_pkg::vector_fields_t fields_q, fields;
  logic valid_q, first_q, limited_q, nothing_q, nothing;
  logic [3:0] table_q;
  logic [31:0] scale_q;
  logic [15:0] limit_index;
  logic use_a_q, use_b_q, use_g_q, use_h_q;

  assign fields = head_i.fields;
  assign nothing = start ? head_i.issue.nothing : nothing_q;
  assign limit_index = index[16*32'(fields_q.limit_loop) +: 16];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= go && !nothing;
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      fields_q <= head_i.fields;
      nothing_q <= head_i.issue.nothing;
      table_q <= head_i.table_;
      scale_q <= head_i.scale;
    end
    if (go) begin
      first_q <= start || (beyond_first & fields_q.tap_sum) == '0;
      limited_q <= start ? fields.limit && tokens_i == '0
                         : fields_q.limit && limit_index >= tokens_i;
    end
  end

  // Whether a stage takes an operand.
  logic [23:0] sources;
  function automatic logic uses(logic [23:0] taken, bittern_pkg::source_e source);
    uses = 1'b0;
    for (int unsigned i = 0; i < 6; i++) uses |= taken[4*i +: 4] == source;
  endfunction

  assign sources = {fields.x1, fields.p1, fields.q1, fields.p2, fields.q2,
                    fields.tap == bittern_pkg::TapNone ? fields.x1 : fields.p3};
  always_ff @(posedge clk_i) begin
    if (start) begin
      use_a_q <= uses(sources, bittern_pkg::SourceA);
      use_b_q <= uses(sources, bittern_pkg::SourceB);
      use_g_q <= uses(sources, bittern_pkg::SourceG) || (fields.has_lanes && fields.lane_g);
      use_h_q <= uses(sources, bittern_pkg::SourceH);
    end
  end
  assign word_read_o = {2{valid_q}} & {use_b_q, use_a_q};
  assign word_address_o = {b[19:0], a[19:0]};
  assign scalar_read_o[2:0] = {3{valid_q}} & {fields_q.has_lanes && fields_q.has_lane_scale, use_h_q,
                                              use_g_q};
  assign scalar_address_o[59:0] = {lane_scale[19:0], h[19:0], g[19:0]};
  assign table_o = table_q;

  // Three cycles later: operands -------------------------------------------------------------------

  bittern_pkg::vector_fields_t fields3;
  logic valid3, first3, limited3;
  logic [RegisterBits-1:0] l0_3, l1_3, l2_3, lt_3;
  logic [19:0] y3, lanes3;
  logic [31:0] scale3;
  logic [Part-1:0] picked_d, picked3, labelled_d, labelled3, kept, kept4;

  pipe #(.Width($bits(fields_q)), .Stages(2)) u_fields3 (.clk_i, .d_i(fields_q), .q_o(fields3));
  pipe #(.Width(3 + 4 * RegisterBits + 40 + 32), .Stages(2)) u_operands (
    .clk_i,
    .d_i({valid_q, first_q, limited_q, l0[RegisterBits-1:0], l1[RegisterBits-1:0],
          l2[RegisterBits-1:0], lt[RegisterBits-1:0], y[19:0], lanes[19:0], scale_q}),
    .q_o({valid3, first3, limited3, l0_3, l1_3, l2_3, lt_3, y3, lanes3, scale3})
  );
  pipe #(.Width(2 * Part), .Stages(2 * Fold)) u_marks (
    .clk_i(fast_clk_i), .d_i({picked_d, labelled_d}), .q_o({picked3, labelled3})
  );
  logic [319:0] round_keys;
  logic [16:0] threshold4;
  dropout_keys u_keys (
    .clk_i, .fast_clk_i, .load_i(start), .key_i(head_i.key), .threshold_i(head_i.threshold), .keys_o(round_keys),
    .threshold_o(threshold4)
  );
  for (genvar t = 0; t < Part; t++) begin : gen_numbers
    assign picked_d[t] = table_row_i[32*t +: 32] == {{8{pick[23]}}, pick};
    assign labelled_d[t] = !table_row_i[32*t + 31];
    dropout_bits u_dropout (
      .clk_i(fast_clk_i), .token_i(7'(Fold * t) + 7'(phase_i)), .keys_i(round_keys),
      .threshold_i(threshold4), .feature_i(feature[19:0]), .keeps_o(kept[t])
    );
  end
  // A cycle of the fast clock behind the operands.
  pipe #(.Width(Part), .Stages(2 * Fold - 2)) u_kept (.clk_i(fast_clk_i), .d_i(kept), .q_o(kept4));

  logic [Row-1:0] r0, r1, r2, tap_old, tap_new;
  logic tap_write;
  logic [RegisterBits-1:0] tap_read_register, tap_register;

  word_memory #(.Width(Row), .Depth(Config.lane_registers), .Fold(Fold)) u_registers0 (
    .clk_i(fast_clk_i), .phase_i, .write_i(tap_write), .write_address_i(tap_register), .write_data_i(tap_new),
    .read_address_i(l0_3), .read_data_o(r0)
  );
  word_memory #(.Width(Row), .Depth(Config.lane_registers), .Fold(Fold)) u_registers1 (
    .clk_i(fast_clk_i), .phase_i, .write_i(tap_write), .write_address_i(tap_register), .write_data_i(tap_new),
    .read_address_i(l1_3), .read_data_o(r1)
  );
  word_memory #(.Width(Row), .Depth(Config.lane_registers), .Fold(Fold)) u_registers2 (
    .clk_i(fast_clk_i), .phase_i, .write_i(tap_write), .write_address_i(tap_register), .write_data_i(tap_new),
    .read_address_i(l2_3), .read_data_o(r2)
  );
  word_memory #(.Width(Row), .Depth(Config.lane_registers), .Fold(Fold)) u_registers_tap (
    .clk_i(fast_clk_i), .phase_i, .write_i(tap_write), .write_address_i(tap_register), .write_data_i(tap_new),
    .read_address_i(tap_read_register), .read_data_o(tap_old)
  );

  // What a source is in a lane. One of six words: a, b, three registers and a scalar, the same one in all lanes;
  // or 0 in a lane that does not pass; and then its sign may be flipped. Which, is settled before the
  // operands are there, so that it takes two tables of six inputs a bit; but a mask is known a cycle later only, and
  // makes a zero of the word then (late_zero).
  localparam logic [2:0] WordA = 3'd0, WordB = 3'd1, WordL0 = 3'd2, WordL1 = 3'd3, WordL2 = 3'd4,
                         WordScalar = 3'd5;
  localparam logic [2:0] ScalarZero = 3'd0, ScalarOne = 3'd1, ScalarG = 3'd2, ScalarH = 3'd3,
                         ScalarScale = 3'd4, ScalarMinusZero = 3'd5;
  localparam logic [1:0] PassAll = 2'd0, PassKept = 2'd1, PassPicked = 2'd2, PassLabelled = 2'd3;
  localparam int unsigned ChoiceBits = 9;
  // A choice: word, scalar, pass, flip, from bit 0 on. (No structure: Yosys finds no members of one that is
  // declared within a generate block.)

  // A summand of zero is -0, which changes nothing. `self`: the choice of x1, or 0 where a later stage sees
  // to it.
  function automatic logic [ChoiceBits-1:0] choice_of(bittern_pkg::source_e source, logic negate,
                                                      logic summand, logic [ChoiceBits-1:0] self);
    unique case (source)
      bittern_pkg::SourceZero: choice_of = summand ? {1'b0, PassAll, ScalarMinusZero, WordScalar}
                                                   : {negate, PassAll, ScalarZero, WordScalar};
      bittern_pkg::SourceOne: choice_of = {negate, PassAll, ScalarOne, WordScalar};
      bittern_pkg::SourceA: choice_of = {negate, PassAll, ScalarZero, WordA};
      bittern_pkg::SourceB: choice_of = {negate, PassAll, ScalarZero, WordB};
      bittern_pkg::SourceG: choice_of = {negate, PassAll, ScalarG, WordScalar};
      bittern_pkg::SourceH: choice_of = {negate, PassAll, ScalarH, WordScalar};
      bittern_pkg::SourceL0: choice_of = {negate, PassAll, ScalarZero, WordL0};
      bittern_pkg::SourceL1: choice_of = {negate, PassAll, ScalarZero, WordL1};
      bittern_pkg::SourceL2: choice_of = {negate, PassAll, ScalarZero, WordL2};
      bittern_pkg::SourceMask: choice_of = {negate, PassKept, ScalarScale, WordScalar};
      bittern_pkg::SourcePick: choice_of = {negate, PassPicked, ScalarZero, WordL1};
      bittern_pkg::SourceLabelled: choice_of = {negate, PassLabelled, ScalarOne, WordScalar};
      bittern_pkg::SourceSelf: choice_of = self ^ {negate, 8'h0};
      default: choice_of = {negate, PassAll, ScalarZero, WordScalar};
    endcase
  endfunction
  function automatic logic [31:0] scalar_of(logic [2:0] scalar, logic [63:0] hg, logic [31:0] scale);
    unique case (scalar)
      ScalarOne: scalar_of = 32'h3F800000;
      ScalarG: scalar_of = hg[31:0];
      ScalarH: scalar_of = hg[63:32];
      ScalarScale: scalar_of = scale;
      ScalarMinusZero: scalar_of = 32'h80000000;
      default: scalar_of = '0;
    endcase
  endfunction
  function automatic logic [31:0] value_of(logic [2:0] word, logic pass, logic flip,
                                           logic [191:0] words);
    logic [31:0] low, high;
    low = word[1] ? (word[0] ? words[127:96] : words[95:64])
                  : (word[0] ? words[63:32] : words[31:0]);
    high = word[0] ? words[191:160] : words[159:128];
    value_of = ((word[2] ? high : low) & {32{pass}}) ^ {flip, 31'h0};
  endfunction

  localparam logic [ChoiceBits-1:0] LaterSelf = {1'b0, PassAll, ScalarZero, WordScalar};
  localparam int unsigned Operands = 6;  // x1, p1, q1, p2, q2, p3
  logic [ChoiceBits-1:0] x1_choice;
  logic [ChoiceBits*Operands-1:0] choices_d, choices3;

  assign x1_choice = choice_of(fields_q.x1, fields_q.negate_x1, 1'b0, LaterSelf);
  assign choices_d[0 +: ChoiceBits] = x1_choice;
  assign choices_d[ChoiceBits +: ChoiceBits] =
      choice_of(fields_q.p1, 1'b0, 1'b0, x1_choice);
  assign choices_d[2*ChoiceBits +: ChoiceBits] =
      choice_of(fields_q.q1, fields_q.negate_q1, 1'b1, x1_choice);
  assign choices_d[3*ChoiceBits +: ChoiceBits] = choice_of(fields_q.p2, 1'b0, 1'b0, LaterSelf);
  assign choices_d[4*ChoiceBits +: ChoiceBits] =
      choice_of(fields_q.q2, fields_q.negate_q2, 1'b1, LaterSelf);
  assign choices_d[5*ChoiceBits +: ChoiceBits] = choice_of(fields_q.p3, 1'b0, 1'b0, LaterSelf);
  pipe #(.Width(ChoiceBits * Operands), .Stages(2)) u_choices (
    .clk_i, .d_i(choices_d), .q_o(choices3)
  );

  // To S ----------------------------------------------------------------------------------------

  typedef struct packed {
    logic        has_y;
    logic        has_lanes;
    logic        has_scale;
    logic        lane_source;
    logic        lane_old;
    logic        lane_g;
    logic [1:0]  tap;  // bittern_pkg::tap_e
    logic        first;
    logic        limited;
    logic        log2;
    logic        p2_self;
    logic        q2_self;
    logic        q2_negate;
    logic        p3_self;
    logic [7:0]  lt;
    logic [19:0] y;
    logic [19:0] lanes;
    logic [31:0] scale;
    logic [31:0] g;
  } control_t;
  localparam int unsigned ControlBits = 127;

  control_t pushed, second;
  logic [Row-1:0] x1_pushed, p2_pushed, q2_pushed, p3_pushed, x1_second, p2_second, q2_second;
  logic [Row-1:0] p3_second;
  logic pop_plain, pop_function, pop;
  logic [3:0] function_first;  // bittern_pkg::function_e

  always_comb begin
    pushed.has_y = fields3.has_y;
    pushed.has_lanes = fields3.has_lanes;
    pushed.has_scale = fields3.has_lane_scale;
    pushed.lane_source = fields3.lane_source;
    pushed.lane_old = fields3.lane_old;
    pushed.lane_g = fields3.lane_g;
    pushed.tap = fields3.tap;
    pushed.first = first3;
    pushed.limited = limited3;
    pushed.log2 = fields3.function_ == bittern_pkg::FunctionLog2;
    pushed.p2_self = fields3.p2 == bittern_pkg::SourceSelf;
    pushed.q2_self = fields3.q2 == bittern_pkg::SourceSelf;
    pushed.q2_negate = fields3.negate_q2;
    pushed.p3_self = fields3.p3 == bittern_pkg::SourceSelf;
    pushed.lt = 8'(lt_3);
    pushed.y = y3;
    pushed.lanes = lanes3;
    pushed.scale = fields3.has_lane_scale ? scalar_i[64 +: 32] : One;
    pushed.g = scalar_i[31:0];
  end

  pipe #(.Width(4), .Stages(MultiplyAdd)) u_function (
    .clk_i, .d_i(fields3.function_), .q_o(function_first)
  );
  pipe #(.Width(1), .Stages(MultiplyAdd)) u_plain (
    .clk_i, .d_i(valid3 && fields3.function_ == bittern_pkg::FunctionNone), .q_o(pop_plain)
  );
  pipe #(.Width(1), .Stages(MultiplyAdd + Function)) u_through (
    .clk_i, .d_i(valid3 && fields3.function_ != bittern_pkg::FunctionNone), .q_o(pop_function)
  );
  assign pop = pop_plain || pop_function;
  fifo #(.Width(ControlBits), .Depth(64)) u_second (
    .clk_i, .rst_ni, .push_i(valid3), .d_i(pushed), .pop_i(pop), .q_o(second)
  );
  // The lanes' values, of which a mask may still make zeros (late_zero).
  localparam int unsigned Passing = Fold * (MultiplyAdd + Function + 2);
  logic pushed5;
  pipe #(.Width(1), .Stages(2)) u_pushed (.clk_i(fast_clk_i), .d_i(valid3), .q_o(pushed5));
  fifo #(.Width(4 * Row), .Depth(1 << $clog2(Passing))) u_values (
    .clk_i(fast_clk_i), .rst_ni, .push_i(pushed5),
    .d_i({x1_pushed, p2_pushed, q2_pushed, p3_pushed}), .pop_i(pop),
    .q_o({x1_second, p2_second, q2_second, p3_second})
  );

  // Lanes ---------------------------------------------------------------------------------------

  logic [Row-1:0] v3, v4;
  logic [Operands*Row-1:0] values;
  logic [Operands-1:0] late3, late4, flip3, flip4;  // of an operand: a mask is waited for; the sign of its zeros
  logic [Operands*Part-1:0] none4;

  pipe #(.Width(2 * Operands), .Stages(1)) u_late (
    .clk_i(fast_clk_i), .d_i({late3, flip3}), .q_o({late4, flip4})
  );
  for (genvar o = 0; o < Operands; o++) begin : gen_operands
    logic [2:0] word;
    logic [1:0] passes;
    logic [31:0] scalar;
    logic [Part-1:0] pass;

    assign word = choices3[ChoiceBits*o +: 3];
    assign scalar = scalar_of(choices3[ChoiceBits*o+3 +: 3], scalar_i[63:0], scale3);
    assign passes = choices3[ChoiceBits*o+6 +: 2];
    assign late3[o] = passes == PassKept;
    assign flip3[o] = choices3[ChoiceBits*o+8];
    for (genvar t = 0; t < Part; t++) begin : gen_operand_lanes
      assign none4[Part*o+t] = late4[o] && !kept4[t];
      assign pass[t] = passes == PassAll || passes == PassKept
                       || (passes == PassPicked && picked3[t])
                       || (passes == PassLabelled && labelled3[t]);
      assign values[Row*o + 32*t +: 32] = value_of(
          word, pass[t], flip3[o],
          {scalar, r2[32*t +: 32], r1[32*t +: 32], r0[32*t +: 32], word_i[Word + 32*t +: 32],
           word_i[32*t +: 32]});
    end
  end

  for (genvar t = 0; t < Part; t++) begin : gen_lanes
    logic [31:0] x1, p1, q1;
    logic [9:0] address_d, address;
    logic [127:0] entry;

    assign x1 = values[32*(Part*0+t) +: 32];
    assign p1 = values[32*(Part*1+t) +: 32];
    assign q1 = values[32*(Part*2+t) +: 32];
    late_zero u_x1 (
      .clk_i(fast_clk_i), .d_i(x1), .none_i(none4[Part*0+t]), .sign_i(flip4[0]), .q_o(x1_pushed[32*t +: 32])
    );
    late_zero u_p2 (
      .clk_i(fast_clk_i), .d_i(values[32*(Part*3+t) +: 32]), .none_i(none4[Part*3+t]), .sign_i(flip4[3]),
      .q_o(p2_pushed[32*t +: 32])
    );
    late_zero u_q2 (
      .clk_i(fast_clk_i), .d_i(values[32*(Part*4+t) +: 32]), .none_i(none4[Part*4+t]), .sign_i(flip4[4]),
      .q_o(q2_pushed[32*t +: 32])
    );
    late_zero u_p3 (
      .clk_i(fast_clk_i), .d_i(values[32*(Part*5+t) +: 32]), .none_i(none4[Part*5+t]), .sign_i(flip4[5]),
      .q_o(p3_pushed[32*t +: 32])
    );

    vector_lane #(
      .MultiplyLatency(Fold * Multiply), .AddLatency(Fold * Add), .Lookup(Lookup)
    ) u_lane (
      .clk_i(fast_clk_i), .x1_i(x1), .p1_i(p1), .q1_i(q1),
      .none_i({none4[Part*2+t], none4[Part*1+t], none4[Part*0+t]}), .sign_i(flip4[2:0]),
      .function_i(function_first), .address_o(address_d),
      .entry_i(entry), .from_function_i(pop_function), .log2_i(second.log2),
      .p2_i(p2_second[32*t +: 32]), .q2_i(q2_second[32*t +: 32]), .p3_i(p3_second[32*t +: 32]),
      .p2_self_i(second.p2_self), .q2_self_i(second.q2_self), .q2_negate_i(second.q2_negate),
      .p3_self_i(second.p3_self), .v3_o(v3[32*t +: 32]), .v4_o(v4[32*t +: 32])
    );
    // Two lanes share a table, which takes two cycles.
    pipe #(.Width(10), .Stages(Lookup - 2)) u_address (
      .clk_i(fast_clk_i), .d_i(address_d), .q_o(address)
    );
    if (t % 2 == 0) begin : gen_table
      logic [127:0] entry_b;
      if (t + 1 < Part) begin : gen_pair
        function_table #(.TableFile(TableFile)) u_table (
          .clk_i(fast_clk_i), .address_a_i(address), .entry_a_o(entry),
          .address_b_i(gen_lanes[t+1].address), .entry_b_o(entry_b)
        );
      end else begin : gen_single
        function_table #(.TableFile(TableFile)) u_table (
          .clk_i(fast_clk_i), .address_a_i(address), .entry_a_o(entry), .address_b_i('0), .entry_b_o(entry_b)
        );
      end
    end else begin : gen_other
      assign entry = gen_lanes[t-1].gen_table.entry_b;
    end
  end

  // The result, at S + m + a ----------------------------------------------------------------------

  control_t at_v3, at_v4;
  logic valid_v3, valid_v4;
  logic [Row-1:0] x1_v3, v3_limited, fold_values;

  pipe #(.Width(1 + ControlBits), .Stages(MultiplyAdd)) u_at_v3 (
    .clk_i, .d_i({pop, second}), .q_o({valid_v3, at_v3})
  );
  pipe #(.Width(Row), .Stages(Fold * MultiplyAdd)) u_x1_v3 (
    .clk_i(fast_clk_i), .d_i(x1_second), .q_o(x1_v3)
  );
  assign v3_limited = at_v3.limited ? '0 : v3;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_o <= 1'b0;
    else write_o <= valid_v3 && at_v3.has_y;
  end
  always_ff @(posedge clk_i) begin
    write_address_o <= at_v3.y;
  end
  pipe #(.Width(Word), .Stages(Fold)) u_write (
    .clk_i(fast_clk_i), .d_i(Word'(v3_limited)), .q_o(write_data_o)
  );

  // The tap: at v4, and an addition later ----------------------------------------------------------

  logic tap_valid;
  logic [Row-1:0] tap_sum, tap_maximum_d, tap_maximum;
  logic tap_is_maximum;

  pipe #(.Width(1 + ControlBits), .Stages(Multiply)) u_at_v4 (
    .clk_i, .d_i({valid_v3, at_v3}), .q_o({valid_v4, at_v4})
  );
  assign tap_read_register = at_v4.lt[RegisterBits-1:0];
  assign tap_valid = valid_v4 && at_v4.tap != bittern_pkg::TapNone
                     && (!at_v4.limited || at_v4.first);
  for (genvar t = 0; t < Part; t++) begin : gen_taps
    logic [31:0] value, old;
    logic less;
    assign value = at_v4.limited ? '0 : v4[32*t +: 32];
    assign old = tap_old[32*t +: 32];
    binary32_add #(.Latency(Fold * Add)) u_add (
      .clk_i(fast_clk_i), .a_i(at_v4.first ? MinusZero : old), .b_i(value), .sum_o(tap_sum[32*t +: 32])
    );
    binary32_less u_less (.a_i(old), .b_i(value), .less_o(less));
    assign tap_maximum_d[32*t +: 32] = (at_v4.first || less) ? value : old;
  end
  pipe #(.Width(2 + RegisterBits), .Stages(Add)) u_tap (
    .clk_i, .d_i({tap_valid, at_v4.tap == bittern_pkg::TapMax, tap_read_register}),
    .q_o({tap_write, tap_is_maximum, tap_register})
  );
  pipe #(.Width(Row), .Stages(Fold * Add)) u_maximum (
    .clk_i(fast_clk_i), .d_i(tap_maximum_d), .q_o(tap_maximum)
  );
  assign tap_new = tap_is_maximum ? tap_maximum : tap_sum;

  // The fold over lanes ----------------------------------------------------------------------------

  logic fold_valid, fold_old, fold_with_g, old_now, g_now, lanes_valid;
  logic [31:0] fold, fold_scale, fold_g, scaled, start_g, lanes_start, lanes_sum;
  logic [19:0] fold_lanes, old_lanes, lanes_address;

  assign fold_values = at_v3.lane_source ? x1_v3 : v3_limited;
  fold_sum #(.Values(Part), .Fold(Fold), .AddBeats(Add)) u_fold (
    .clk_i, .fast_clk_i, .phase_i, .values_i(fold_values), .sum_o(fold)
  );
  pipe #(.Width(3 + 20 + 32 + 32), .Stages(LaneSum)) u_fold_control (
    .clk_i, .d_i({valid_v3 && at_v3.has_lanes, at_v3.lane_old, at_v3.lane_g, at_v3.lanes,
                  at_v3.scale, at_v3.g}),
    .q_o({fold_valid, fold_old, fold_with_g, fold_lanes, fold_scale, fold_g})
  );
  binary32_multiply #(.Latency(Fold * Multiply)) u_scale (
    .clk_i(fast_clk_i), .a_i(fold_scale), .b_i(fold), .a_none_i(1'b0), .a_sign_i(1'b0), .b_none_i(1'b0),
    .b_sign_i(1'b0), .product_o(scaled)
  );
  // The old scalar is there when it is added.
  pipe #(.Width(21), .Stages(LaneSum + Multiply - 2)) u_old_address (
    .clk_i, .d_i({valid_v3 && at_v3.has_lanes && at_v3.lane_old, at_v3.lanes}),
    .q_o({scalar_read_o[3], old_lanes})
  );
  assign scalar_address_o[79:60] = old_lanes;
  pipe #(.Width(2 + 32), .Stages(Multiply)) u_start (
    .clk_i, .d_i({fold_old, fold_with_g, fold_g}), .q_o({old_now, g_now, start_g})
  );
  assign lanes_start = old_now ? scalar_i[127:96] : g_now ? start_g : MinusZero;
  binary32_add #(.Latency(Fold * Add)) u_lanes_add (
    .clk_i(fast_clk_i), .a_i(lanes_start), .b_i(scaled), .sum_o(lanes_sum)
  );
  pipe #(.Width(21), .Stages(MultiplyAdd)) u_lanes_write (
    .clk_i, .d_i({fold_valid, fold_lanes}), .q_o({lanes_valid, lanes_address})
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) scalar_write_o <= 1'b0;
    else scalar_write_o <= lanes_valid;
  end
  always_ff @(posedge clk_i) begin
    scalar_write_address_o <= lanes_address;
    scalar_write_data_o <= lanes_sum;
  end

  logic unused;
  assign unused = ^{a, b, y, g, h, lanes, lane_scale, feature, l0, l1, l2, lt, index, fields,
                    fields3, at_v3, at_v4, word_i, head_i};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(pop_plain && pop_function)) else $error("two elements at once");
  end
`endif

endmodule
