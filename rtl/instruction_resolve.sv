// SPDX-License-Identifier: Apache-2.0
// From an instruction that the sequencer hands out to what its unit's queue takes, four cycles later:
// operands in their places, what depends on the hardware loop, and the figures of its timing.
module instruction_resolve #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano
) (
  input  logic                         clk_i,
  input  logic                         rst_ni,
  input  logic                         hand_i,
  input  core_pkg::pieces_t            pieces_i,
  input  logic [15:0]                  v_i,
  input  logic [119:0]                 waits_i,    // core_pkg::wait_t [4]
  input  logic [15:0]                  count0_i,   // of the outermost loop
  input  logic                         nothing_i,
  output logic [15:0]                  v_o,        // a cycle later
  input  logic [24*Config.tables-1:0]  column_i,   // of the tables at v_o
  input  logic [63:0]                  dropout_key_i,
  output logic [3:0]                   push_o,     // by unit
  output core_pkg::load_t              load_o,
  output core_pkg::stream_t            stream_o,
  output core_pkg::drain_t             drain_o,
  output core_pkg::vector_t            vector_o
);

  localparam int unsigned Multiply = Config.multiply_latency;
  localparam int unsigned Add = Config.add_latency;
  localparam int unsigned MultiplyAdd = Multiply + Add;
  localparam int unsigned Read = Config.read_latency;
  localparam int unsigned RankAdds = Add * $clog2(Config.rows);
  localparam int unsigned TokenAdds = Add * $clog2(Config.lanes);
  localparam int unsigned Function = Config.lookup_latency + 3 * MultiplyAdd;
  localparam int unsigned Walks = core_pkg::Walks;

  // 1: pieces; the tables' entries.
  logic [2:0] valid_q;
  core_pkg::pieces_t pieces1_q, pieces2_q, pieces;
  logic [15:0] v1_q, v2_q;
  logic [119:0] waits1_q, waits2_q, waits;
  logic [15:0] count0_1_q, count0_2_q, count0;
  logic nothing1_q, nothing2_q, nothing;
  logic odd;  // trips of the hardware loop take the other half of the slots, where asked
  bittern_pkg::header_t header1;
  logic is_stream1, is_vector1;

  assign header1 = pieces1_q.header;
  assign is_stream1 = header1.opcode == bittern_pkg::OpcodeStream;
  assign is_vector1 = header1.opcode == bittern_pkg::OpcodeVector;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[1:0], hand_i};
  end
  always_ff @(posedge clk_i) begin
    pieces1_q <= pieces_i;
    v1_q <= v_i;
    waits1_q <= waits_i;
    count0_1_q <= count0_i;
    nothing1_q <= nothing_i;
    pieces2_q <= pieces1_q;
    v2_q <= v1_q;
    waits2_q <= waits1_q;
    count0_2_q <= count0_1_q;
    nothing2_q <= nothing1_q;
    pieces <= pieces2_q;
    waits <= waits2_q;
    count0 <= count0_2_q;
    nothing <= nothing2_q;
    odd <= v2_q[0];
  end

  localparam int unsigned WalkBits = core_pkg::WalkBits;
  logic [WalkBits*Walks-1:0] walks;  // core_pkg::walk_t [9]

  for (genvar w = 0; w < Walks; w++) begin : gen_walks
    logic [3:0] number;
    logic [23:0] entry;
    logic is_number;  // the table is there to be compared with, not to be added
    assign number = pieces1_q.walks[128*w + 105 +: 4];
    assign is_number = (is_stream1 && w == 0 && pieces1_q.fields[14]) || (is_vector1 && w == 8);
    always_comb begin
      entry = '0;
      for (int unsigned n = 0; n < Config.tables; n++) begin
        if (number == 4'(n + 1) && !is_number) entry = column_i[24*n +: 24];
      end
    end
    walk_resolve u_walk (
      .clk_i, .walk_i(pieces1_q.walks[128*w +: 128]), .present_i(pieces1_q.present[w]),
      .v_i(v1_q), .entry_i(entry), .walk_o(walks[WalkBits*w +: WalkBits])
    );
  end

  assign v_o = v1_q;

  // 3: the instruction. Timing: accelerator/isa/timing.h -------------------------------------------------

  logic [1:0] planes;
  bittern_pkg::header_t header;
  bittern_pkg::stream_fields_t stream_fields;
  bittern_pkg::drain_fields_t drain_fields;
  bittern_pkg::vector_fields_t vector_fields;
  bittern_pkg::dropout_t dropout;
  core_pkg::issue_t issue;
  logic [63:0] count;
  logic stream_start, drain_start, drain_sums;
  logic [6:0] stream_folds, stream_latency, drain_reach, vector_second;
  logic [7:0] vector_latency;
  logic [5:0] drain_interval;

  assign header = pieces.header;
  assign planes = header.planes;
  assign count = nothing ? {4{16'd1}} : {pieces.count[63:16], count0};
  assign stream_fields = pieces.fields[31:0];
  assign drain_fields = pieces.fields[31:0];
  assign vector_fields = pieces.fields;
  assign dropout = pieces.dropout;

  always_comb begin
    issue.waits = waits;
    issue.nothing = nothing;
    issue.latency = 8'(Read + 1);
    issue.interval = 6'd1;
    issue.reach1 = '0;
    issue.reach2 = '0;
  end

  bittern_pkg::index_t tile_slot, accumulator_slot;
  always_comb begin
    tile_slot = pieces.indices[31:0];
    accumulator_slot = pieces.indices[31:0];
    if (header.alternate && odd) begin
      tile_slot.base = tile_slot.base + 8'(Config.tile_slots / 2);
      accumulator_slot.base = accumulator_slot.base + 8'(Config.accumulator_slots / 2);
    end
  end

  always_comb begin
    load_o.issue = issue;
    load_o.count = count;
    load_o.planes = planes;
    load_o.source = walks[WalkBits*0 +: WalkBits];
    load_o.slot = tile_slot;
  end

  // Stream.
  assign stream_start = stream_fields.start != bittern_pkg::StartNone;
  always_comb begin
    stream_folds = 7'(Add);
    if (stream_fields.direction == bittern_pkg::DirectionRank) stream_folds = 7'(RankAdds);
    if (stream_fields.direction == bittern_pkg::DirectionToken) stream_folds = 7'(TokenAdds);
    stream_latency = 7'(Read + Multiply + 1) + stream_folds;
    if (stream_fields.direction != bittern_pkg::DirectionTime) begin
      stream_latency = stream_latency + (stream_fields.plane_sum ? 7'(Add) : 7'd0)
                       + (stream_start ? 7'(Add) : 7'd0);
    end
    stream_o.issue = issue;
    stream_o.issue.latency = {1'b0, stream_latency};
    stream_o.issue.reach1 = stream_folds;
    if (stream_fields.direction != bittern_pkg::DirectionTime) begin
      stream_o.issue.reach2 = stream_latency;
    end
    stream_o.count = count;
    stream_o.fields.direction = stream_fields.direction;
    stream_o.fields.start = stream_fields.start;
    stream_o.fields.sum = stream_fields.sum;
    stream_o.fields.keep = stream_fields.keep;
    stream_o.fields.one_hot = stream_fields.one_hot;
    stream_o.fields.plane_sum = stream_fields.plane_sum;
    stream_o.fields.merge = stream_fields.merge;
    stream_o.fields.planes = planes;
    stream_o.fields.table_ = pieces.walks[105 +: 4];
    stream_o.x = walks[WalkBits*0 +: WalkBits];
    stream_o.b = walks[WalkBits*1 +: WalkBits];
    stream_o.y = walks[WalkBits*2 +: WalkBits];
    stream_o.initial_ = walks[WalkBits*3 +: WalkBits];
    stream_o.slot = tile_slot;
    if (stream_fields.direction == bittern_pkg::DirectionTime) stream_o.slot = accumulator_slot;
    stream_o.slice = pieces.indices[63:32];
  end

  // Drain.
  assign drain_start = drain_fields.start != bittern_pkg::StartNone;
  assign drain_sums = drain_fields.plane_sum || pieces.count[47:32] > 16'd1;
  always_comb begin
    drain_interval = 6'd1;
    for (int unsigned rows = 1; rows < Add; rows++) begin
      if (drain_sums && count[63:48] == 16'(rows)) drain_interval = 6'((Add + rows - 1) / rows);
    end
    drain_reach = drain_sums ? 7'(1 + Add) : 7'd1;
    if (drain_start) drain_reach = drain_sums ? 7'(1 + 2 * Add) : 7'(Read + Add);
    drain_o.issue = issue;
    drain_o.issue.latency = {1'b0, drain_reach} + 8'd1;
    drain_o.issue.reach1 = drain_reach;
    drain_o.issue.interval = drain_interval;
    drain_o.count = count;
    drain_o.fields.start = drain_fields.start;
    drain_o.fields.plane_sum = drain_fields.plane_sum;
    drain_o.fields.planes = planes;
    drain_o.fields.sums = drain_sums;
    drain_o.y = walks[WalkBits*0 +: WalkBits];
    drain_o.initial_ = walks[WalkBits*1 +: WalkBits];
    drain_o.slot = accumulator_slot;
  end

  // Vector.
  logic signed [32:0] stream_number_q;  // of the dropout's site
  always_ff @(posedge clk_i) begin
    stream_number_q <= $signed({1'b0, v2_q}) * $signed(pieces2_q.dropout[31:16]);
  end

  always_comb begin
    vector_second = 7'(Read + MultiplyAdd);
    if (vector_fields.function_ != bittern_pkg::FunctionNone) begin
      vector_second = 7'(Read + MultiplyAdd + Function);
    end
    vector_latency = {1'b0, vector_second} + 8'(MultiplyAdd + 1);
    if (vector_fields.has_lanes) vector_latency = vector_latency + 8'(TokenAdds + MultiplyAdd);
    else if (vector_fields.tap != bittern_pkg::TapNone) begin
      vector_latency = vector_latency + 8'(MultiplyAdd);
    end
    vector_o.issue = issue;
    vector_o.issue.latency = vector_latency;
    vector_o.issue.reach1 = vector_second;
    if (vector_fields.serial) vector_o.issue.interval = 6'(Config.serial_interval);
    vector_o.count = count;
    vector_o.fields = vector_fields;
    vector_o.a = walks[WalkBits*0 +: WalkBits];
    vector_o.b = walks[WalkBits*1 +: WalkBits];
    vector_o.y = walks[WalkBits*2 +: WalkBits];
    vector_o.g = walks[WalkBits*3 +: WalkBits];
    vector_o.h = walks[WalkBits*4 +: WalkBits];
    vector_o.lanes = walks[WalkBits*5 +: WalkBits];
    vector_o.lane_scale = walks[WalkBits*6 +: WalkBits];
    vector_o.feature = walks[WalkBits*7 +: WalkBits];
    vector_o.pick = walks[WalkBits*8 +: WalkBits];
    vector_o.l0 = pieces.indices[31:0];
    vector_o.l1 = pieces.indices[63:32];
    vector_o.l2 = pieces.indices[95:64];
    vector_o.lt = pieces.indices[127:96];
    vector_o.table_ = pieces.walks[128*8 + 105 +: 4];
    vector_o.threshold = dropout.threshold;
    vector_o.scale = dropout.scale;
    vector_o.key = dropout_key_i + {48'h0, dropout.stream} + 64'(stream_number_q);
  end

  always_comb begin
    push_o = '0;
    if (valid_q[2]) begin
      unique case (header.opcode)
        bittern_pkg::OpcodeLoad: push_o[bittern_pkg::UnitLoad] = 1'b1;
        bittern_pkg::OpcodeStream: push_o[bittern_pkg::UnitStream] = 1'b1;
        bittern_pkg::OpcodeDrain: push_o[bittern_pkg::UnitDrain] = 1'b1;
        default: push_o[bittern_pkg::UnitVector] = 1'b1;
      endcase
    end
  end

  logic unused;
  assign unused = ^{pieces, header, header1, dropout, stream_fields, drain_fields, vector_fields};

endmodule
