// SPDX-License-Identifier: Apache-2.0
// The drain unit: rows of accumulators, or sums of them, to memory.
//
// By cycle after an element's issue (a: an addition): 1 the accumulator's row, which may be written
// at once; 1 + a the sum of the slots; from 3 or, for a sum, 1 + a on the start is added. The
// start's word is read so that it is there then. Cycles are beats; of a row a part passes in each of their cycles.
module drain_unit #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Planes = Config.planes,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned Width = (Rows > Lanes ? Rows : Lanes) / Fold,
  localparam int unsigned RowBits = $clog2(Rows),
  localparam int unsigned SlotBits = $clog2(Config.accumulator_slots),
  localparam int unsigned Row = 32 * Part
) (
  input  logic                  clk_i,       // beats
  input  logic                  fast_clk_i,
  input  logic [PhaseBits-1:0]  phase_i,
  input  logic                  rst_ni,
  input  logic [15:0]           now_i,
  input  logic                  valid_i,
  input  core_pkg::drain_t      head_i,
  output logic                  pop_o,
  input  logic [175:0]          progress_i,
  output core_pkg::progress_t   progress_o,
  output logic                  retire_o,
  output logic                  busy_o,
  // The planes' accumulators: a row, in the same cycle.
  output logic [SlotBits-1:0]   slot_o,
  output logic [RowBits-1:0]    row_o,
  input  logic [Row*Planes-1:0] row_i,
  // Memory: the start's word two cycles after its address.
  output logic                  read_o,
  output logic [19:0]           read_address_o,
  input  logic [32*Width-1:0]   read_word_i,
  input  logic [31:0]           read_scalar_i,  // its lane 0
  output logic                  write_o,
  output logic [19:0]           write_address_o,
  output logic [32*Width-1:0]   write_data_o
);

  localparam int unsigned Add = Config.add_latency;

  // Issue: the planes' loop is a fifth one -------------------------------------------------------

  logic start, go, last_first, last_next;
  logic [2:0] advanced;
  logic [4:0] beyond_first, at_end;
  logic [79:0] count, index;
  logic [84:0] y_stride, initial_stride;
  logic [29:0] slot_stride;
  logic [15:0] planes_count;
  logic [16:0] y_bank, initial_bank;
  logic [23:0] y, initial_address;
  logic [7:0] slot;
  core_pkg::walk_t y_walk, initial_walk;
  core_pkg::drain_fields_t fields_q;
  logic plane_sum, nothing, nothing_q;
  logic [1:0] planes;

  unit_issue u_issue (
    .clk_i, .rst_ni, .now_i, .valid_i, .head_i(head_i.issue), .last_first_i(last_first),
    .last_next_i(last_next), .progress_i,
    .progress_o, .retire_o, .start_o(start), .go_o(go), .busy_o
  );
  assign pop_o = start;

  bank_step #(.Config(Config)) u_y_bank (.walk_i(head_i.y), .step_o(y_bank));
  bank_step #(.Config(Config)) u_initial_bank (.walk_i(head_i.initial_), .step_o(initial_bank));

  assign planes_count = head_i.fields.planes == 2'b11 && !head_i.issue.nothing ? 16'd2 : 16'd1;
  always_comb begin
    y_walk = head_i.y;
    initial_walk = head_i.initial_;
    if (head_i.fields.plane_sum) begin
      count = {head_i.count[63:32], planes_count, head_i.count[31:0]};
      y_stride = {head_i.y.stride[67:34], 17'h0, head_i.y.stride[33:0]};
      initial_stride = {head_i.initial_.stride[67:34], 17'h0, head_i.initial_.stride[33:0]};
      slot_stride = {head_i.slot.stride[23:12], 6'h0, head_i.slot.stride[11:0]};
    end else begin
      count = {head_i.count, planes_count};
      y_stride = {head_i.y.stride, y_bank};
      initial_stride = {head_i.initial_.stride, initial_bank};
      slot_stride = {head_i.slot.stride, 6'h0};
      if (!head_i.fields.planes[0]) begin
        y_walk.base = head_i.y.base + {7'h0, y_bank};
        initial_walk.base = head_i.initial_.base + {7'h0, initial_bank};
      end
    end
  end

  element_counter #(.Loops(5)) u_counter (
    .clk_i, .start_i(start), .go_i(go), .count_i(count), .advanced_o(advanced), .index_o(index),
    .beyond_first_o(beyond_first), .at_end_o(at_end), .last_first_o(last_first),
    .last_next_o(last_next)
  );
  walker #(.Loops(5), .Width(24)) u_y (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(y_walk.base),
    .stride_i(y_stride), .value_o(y)
  );
  walker #(.Loops(5), .Width(24)) u_initial (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(initial_walk.base),
    .stride_i(initial_stride), .value_o(initial_address)
  );
  walker #(.Loops(5), .Width(8), .StrideBits(6)) u_slot (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.slot.base),
    .stride_i(slot_stride), .value_o(slot)
  );

  // One cycle later: the row ----------------------------------------------------------------------

  logic valid_q, first_q, last_q, plane_q, result;
  logic [RowBits-1:0] row_q;
  logic [Row-1:0] row;

  assign nothing = start ? head_i.issue.nothing : nothing_q;
  assign plane_sum = start ? head_i.fields.plane_sum : fields_q.plane_sum;
  assign planes = start ? head_i.fields.planes : fields_q.planes;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= go && !nothing;
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      fields_q <= head_i.fields;
      nothing_q <= head_i.issue.nothing;
    end
    if (go) begin
      row_q <= start ? '0 : index[64 +: RowBits];
      first_q <= start || (!beyond_first[3] && (!plane_sum || !beyond_first[2]));
      last_q <= at_end[3] && (!plane_sum || at_end[2]);
      plane_q <= planes == 2'b11 ? !start && beyond_first[plane_sum ? 2 : 0] : planes[1];
    end
  end

  assign slot_o = slot[SlotBits-1:0];
  assign row_o = row_q;
  assign row = row_i[Row*((Planes > 1 && plane_q) ? Planes - 1 : 0) +: Row];
  assign result = valid_q && last_q;

  // Sums of slots ---------------------------------------------------------------------------------

  logic [Row-1:0] kept, partial, sum;
  logic add, summed, summed_last;
  logic [RowBits-1:0] summed_row;

  assign add = valid_q && fields_q.sums && (!first_q || last_q);
  for (genvar t = 0; t < Part; t++) begin : gen_sums
    binary32_add #(.Latency(Fold * Add)) u_add (
      .clk_i(fast_clk_i), .a_i(first_q ? 32'h80000000 : partial[32*t +: 32]),  // -0 + x is x
      .b_i(row[32*t +: 32]), .sum_o(sum[32*t +: 32])
    );
  end
  pipe #(.Width(2 + RowBits), .Stages(Add)) u_summed (
    .clk_i, .d_i({add, last_q, row_q}), .q_o({summed, summed_last, summed_row})
  );

  // The sums of the rows so far: a first slot as it is, then what the adder gives.
  logic keep_first, keep_sum;

  assign keep_first = valid_q && fields_q.sums && first_q && !last_q;
  assign keep_sum = summed && !summed_last;
  word_memory #(.Width(Row), .Depth(1 << RowBits), .Fold(Fold)) u_partial (
    .clk_i(fast_clk_i), .phase_i, .write_i(keep_first || keep_sum), .write_address_i(keep_sum ? summed_row : row_q),
    .write_data_i(keep_sum ? sum : row), .read_address_i(row_q), .read_data_o(kept)
  );
  // The adder's sum may be asked for in the cycle in which it is there.
  assign partial = keep_sum && summed_row == row_q ? sum : kept;

  // Start ---------------------------------------------------------------------------------------

  typedef struct packed {
    logic        valid;
    logic        starts;
    logic        scalar;
    logic [19:0] y;
  } control_t;
  localparam int unsigned ControlBits = 23;

  control_t at_row, at_read, at_sum, starting, started;
  logic [Row-1:0] row3, start_values, summand, started_sum;
  logic has_start, start_row, start_sum;

  assign has_start = fields_q.start != bittern_pkg::StartNone;
  assign at_row.valid = result;
  assign at_row.starts = has_start;
  assign at_row.scalar = fields_q.start == bittern_pkg::StartScalar;
  assign at_row.y = y[19:0];

  // Two cycles before the start is added, its address; for a sum, Add - 2 cycles later than without.
  logic read_now, read_later;
  logic [19:0] start_address, later_address;

  assign start_address = fields_q.start == bittern_pkg::StartOld ? y[19:0]
                                                                 : initial_address[19:0];
  assign read_now = result && has_start && !fields_q.sums;
  pipe #(.Width(21), .Stages(Add - 2)) u_read_later (
    .clk_i, .d_i({result && has_start && fields_q.sums, start_address}),
    .q_o({read_later, later_address})
  );
  assign read_o = read_now || read_later;
  assign read_address_o = read_later ? later_address : start_address;

  logic sums3;
  pipe #(.Width(ControlBits + 1), .Stages(2)) u_at_read (
    .clk_i, .d_i({at_row, fields_q.sums}), .q_o({at_read, sums3})
  );
  pipe #(.Width(Row), .Stages(2 * Fold)) u_row (.clk_i(fast_clk_i), .d_i(row), .q_o(row3));
  pipe #(.Width(ControlBits), .Stages(Add - 2)) u_at_sum (
    .clk_i, .d_i(at_read), .q_o(at_sum)
  );
  assign start_row = at_read.valid && at_read.starts && !sums3;
  assign start_sum = at_sum.valid && at_sum.starts && summed && summed_last;
  assign start_values = starting.scalar ? {Part{read_scalar_i}} : read_word_i[Row-1:0];
  assign summand = start_sum ? sum : row3;
  always_comb begin
    starting = start_sum ? at_sum : at_read;
    starting.valid = start_row || start_sum;
  end
  for (genvar t = 0; t < Part; t++) begin : gen_starts
    binary32_add #(.Latency(Fold * Add)) u_add (
      .clk_i(fast_clk_i), .a_i(start_values[32*t +: 32]), .b_i(summand[32*t +: 32]),
      .sum_o(started_sum[32*t +: 32])
    );
  end
  pipe #(.Width(ControlBits), .Stages(Add)) u_started (
    .clk_i, .d_i(starting), .q_o(started)
  );

  // Write ---------------------------------------------------------------------------------------

  logic plain, plain_sum;

  assign plain = result && !has_start && !fields_q.sums;
  assign plain_sum = at_sum.valid && !at_sum.starts && summed && summed_last;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_o <= 1'b0;
    else write_o <= plain || plain_sum || started.valid;
  end
  always_ff @(posedge clk_i) begin
    write_address_o <= started.valid ? started.y : (plain_sum ? at_sum.y : at_row.y);
  end
  pipe #(.Width(32 * Width), .Stages(Fold)) u_write (
    .clk_i(fast_clk_i),
    .d_i((32*Width)'(started.valid ? started_sum : (plain_sum ? sum : row))), .q_o(write_data_o)
  );

  logic unused;
  assign unused = ^{index, y, initial_address, slot, y_walk, initial_walk, started, read_word_i,
                    head_i.fields, fields_q, beyond_first, at_end, plane_q};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (2'(plain) + 2'(plain_sum) + 2'(started.valid) <= 2'd1)
        else $error("two elements write at once");
      assert (!(start_row && start_sum)) else $error("two elements start at once");
      assert (!(read_now && read_later)) else $error("two starts are read at once");
      assert (!(keep_first && keep_sum)) else $error("two partial sums at once");
    end
  end
`endif

endmodule
