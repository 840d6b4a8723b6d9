// SPDX-License-Identifier: Apache-2.0
// The load unit: words of memory to rows of tiles. By cycle after an element's issue: 1 the
// address, 3 the word, which is in the tile from the next cycle on.
module load_unit #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Planes = Config.planes,
  localparam int unsigned Fold = Config.fold,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned Word = 32 * (Rows > Lanes ? Rows : Lanes) / Fold,  // what passes of one
  localparam int unsigned RowBits = $clog2(Rows),
  localparam int unsigned SlotBits = $clog2(Config.tile_slots)
) (
  input  logic                       clk_i,
  input  logic                       rst_ni,
  input  logic [15:0]                now_i,
  input  logic                       valid_i,
  input  core_pkg::load_t            head_i,
  output logic                       pop_o,
  input  logic [175:0]               progress_i,
  output core_pkg::progress_t        progress_o,
  output logic                       retire_o,
  output logic                       busy_o,
  output logic [Planes-1:0]          read_o,
  output logic [20*Planes-1:0]       read_address_o,
  input  logic [Word*Planes-1:0]     read_word_i,
  output logic [Planes-1:0]          tile_write_o,
  output logic [SlotBits-1:0]        tile_slot_o,
  output logic [RowBits-1:0]         tile_row_o,
  output logic [RowBits:0]           tile_rows_o,
  output logic [32*Part*Planes-1:0]  tile_o
);

  logic start, go, last_first, last_next, valid_q, nothing_q, nothing;
  logic [1:0] advanced, planes_q;
  logic [3:0] unused_beyond_first, unused_at_end;
  logic [63:0] index;
  logic [23:0] source0, source1;
  logic [7:0] slot;
  logic [RowBits-1:0] row_q;
  logic [RowBits:0] rows_q;

  unit_issue u_issue (
    .clk_i, .rst_ni, .now_i, .valid_i, .head_i(head_i.issue), .last_first_i(last_first),
    .last_next_i(last_next), .progress_i,
    .progress_o, .retire_o, .start_o(start), .go_o(go), .busy_o
  );
  assign pop_o = start;

  element_counter u_counter (
    .clk_i, .start_i(start), .go_i(go), .count_i(head_i.count), .advanced_o(advanced),
    .index_o(index), .beyond_first_o(unused_beyond_first), .at_end_o(unused_at_end), .last_first_o(last_first),
    .last_next_o(last_next)
  );
  walk_planes #(.Config(Config)) u_source (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .walk_i(head_i.source),
    .stride_i(head_i.source.stride), .value0_o(source0), .value1_o(source1)
  );
  walker #(.Width(8), .StrideBits(6)) u_slot (
    .clk_i, .start_i(start), .go_i(go), .advanced_i(advanced), .base_i(head_i.slot.base),
    .stride_i(head_i.slot.stride), .value_o(slot)
  );

  assign nothing = start ? head_i.issue.nothing : nothing_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= go && !nothing;
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      planes_q <= head_i.planes;
      nothing_q <= head_i.issue.nothing;
      rows_q <= head_i.count[48 +: RowBits + 1];
    end
    if (go) row_q <= start ? '0 : index[48 +: RowBits];
  end

  for (genvar p = 0; p < Planes; p++) begin : gen_planes
    assign read_o[p] = valid_q && planes_q[p];
    assign read_address_o[20*p +: 20] = p == 0 ? source0[19:0] : source1[19:0];
    assign tile_o[32*Part*p +: 32*Part] = read_word_i[Word*p +: 32*Part];
  end
  pipe #(.Width(Planes + SlotBits + 2 * RowBits + 1), .Stages(2)) u_tile (
    .clk_i, .d_i({read_o, slot[SlotBits-1:0], row_q, rows_q}),
    .q_o({tile_write_o, tile_slot_o, tile_row_o, tile_rows_o})
  );

  logic unused;
  assign unused = ^{index, source0, source1, slot, read_word_i, planes_q, head_i.issue};

endmodule
