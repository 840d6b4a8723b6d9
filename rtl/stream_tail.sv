// SPDX-License-Identifier: Apache-2.0
// Behind the folds of a plane: the sum of the planes, the start, the write.
//
// An element comes with `pop_i` three cycles before its sum is there; what it needs by then was
// pushed when it was issued. It leaves as a write 0, a, or 2 a cycles after its sum, a an addition
// each for the planes' sum and the start. Elements that would meet or overtake are never issued so
// (unit_issue). Cycles are beats; of a word a part passes in each of their cycles.
//
// A sum of rows that becomes a slice of a token word is in its place of the word from the first addition on.
module stream_tail #(
  parameter int unsigned Rows = 4,
  parameter int unsigned Lanes = 16,
  parameter int unsigned Fold = 1,
  parameter int unsigned AddBeats = 6,
  parameter bit SumsPlanes = 1'b1,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned Width = (Rows > Lanes ? Rows : Lanes) / Fold
) (
  input  logic                 clk_i,       // beats
  input  logic                 fast_clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic                 rst_ni,
  // The cycle behind the issue: fields and addresses.
  input  logic                 push_i,
  input  logic                 token_i,      // the sum is of rows, into a rank word
  input  logic [1:0]           start_i,      // bittern_pkg::start_e
  input  logic                 plane_sum_i,
  input  logic [1:0]           planes_i,
  input  logic                 merge_i,
  input  logic [7:0]           slice_i,
  input  logic [19:0]          y_i,
  input  logic [19:0]          initial_i,
  // At the folds.
  input  logic                 pop_i,
  input  logic [32*Part-1:0]   rank_sum_i,
  input  logic [32*Rows-1:0]   token_sum_i,
  input  logic [32*Part-1:0]   other_rank_sum_i,  // of plane 1, if SumsPlanes
  input  logic [32*Rows-1:0]   other_token_sum_i,
  // The word to start from: the old one of y, or initial's.
  output logic                 start_read_o,
  output logic [19:0]          start_address_o,
  input  logic [32*Width-1:0]  start_word_i,
  input  logic [31:0]          start_scalar_i,    // its lane 0
  // The result.
  output logic                 write_o,
  output logic [19:0]          write_address_o,
  output logic [Width-1:0]     write_lanes_o,
  output logic [32*Width-1:0]  write_data_o
);

  typedef struct packed {
    logic        token;
    logic [1:0]  start;  // bittern_pkg::start_e
    logic        plane_sum;
    logic [1:0]  planes;
    logic        merge;
    logic        sliced;
    logic [7:0]  slice;
    logic [19:0] y;
    logic [19:0] initial_;
  } control_t;

  localparam int unsigned ControlBits = 56;
  localparam int unsigned AddLatency = Fold * AddBeats;
  localparam logic [31:0] MinusZero = 32'h80000000;  // x + -0 is x

  // Control -------------------------------------------------------------------------------------

  control_t pushed, popped, early_q, at_sum, at_planes;
  logic early_valid_q, valid_at_sum, valid_at_planes, plain, to_planes, to_start;

  assign pushed.token = token_i;
  assign pushed.start = start_i;
  assign pushed.plane_sum = plane_sum_i;
  assign pushed.planes = planes_i;
  assign pushed.merge = merge_i;
  logic sliced;
  assign sliced = token_i && y_i[19:18] == 2'd0;
  assign pushed.sliced = sliced;
  assign pushed.slice = sliced ? slice_i : '0;
  assign pushed.y = y_i;
  assign pushed.initial_ = initial_i;

  fifo #(.Width(ControlBits), .Depth(64)) u_control (
    .clk_i, .rst_ni, .push_i, .d_i(pushed), .pop_i, .q_o(popped)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) early_valid_q <= 1'b0;
    else early_valid_q <= pop_i;
  end
  always_ff @(posedge clk_i) early_q <= popped;

  pipe #(.Width(ControlBits + 1), .Stages(2)) u_at_sum (
    .clk_i, .d_i({early_valid_q, early_q}), .q_o({valid_at_sum, at_sum})
  );
  assign plain = valid_at_sum && !at_sum.plane_sum && at_sum.start == bittern_pkg::StartNone;
  assign to_planes = valid_at_sum && at_sum.plane_sum;

  // Sums in their places --------------------------------------------------------------------------

  // Lane t belongs to slice t / Rows, and takes row t % Rows. A sum that is none of a slice takes the place of slice 0.
  function automatic logic [Width-1:0] lanes_of(logic [PhaseBits-1:0] phase, logic [7:0] slice);
    lanes_of = '0;
    for (int unsigned l = 0; l < Width; l++) begin
      for (int unsigned part = 0; part < Fold; part++) begin
        if (32'(phase) == part) lanes_of[l] = 32'(slice) == (part + Fold * l) / Rows;
      end
    end
  endfunction
  function automatic logic [32*Width-1:0] placed(logic [PhaseBits-1:0] phase, logic [Width-1:0] lanes,
                                                 logic [32*Rows-1:0] rows);
    placed = '0;
    for (int unsigned l = 0; l < Width; l++) begin
      for (int unsigned part = 0; part < Fold; part++) begin
        if (32'(phase) == part) placed[32*l +: 32] = rows[32*((part+Fold*l)%Rows) +: 32];
      end
      if (!lanes[l]) placed[32*l +: 32] = '0;
    end
  endfunction

  logic [Width-1:0] sum_lanes;
  assign sum_lanes = lanes_of(phase_i, at_sum.slice);

  // Sums of the planes ----------------------------------------------------------------------------

  logic [32*Width-1:0] sum, plane_sum;
  logic early_start, early_planes_start;
  logic [19:0] early_address, early_planes_address;

  assign sum = at_sum.token ? placed(phase_i, sum_lanes, token_sum_i)
                            : (32*Width)'(rank_sum_i);
  assign early_start = early_valid_q && !early_q.plane_sum
                       && early_q.start != bittern_pkg::StartNone;
  assign early_address = early_q.start == bittern_pkg::StartOld ? early_q.y : early_q.initial_;

  if (SumsPlanes) begin : gen_planes
    logic [32*Width-1:0] other;
    logic to_planes_start;

    assign other = at_sum.token ? placed(phase_i, sum_lanes, other_token_sum_i)
                                : (32*Width)'(other_rank_sum_i);
    for (genvar l = 0; l < Width; l++) begin : gen_lanes
      binary32_add #(.Latency(AddLatency)) u_add (
        .clk_i(fast_clk_i), .a_i(at_sum.planes[0] ? sum[32*l +: 32] : MinusZero),
        .b_i(at_sum.planes[1] ? other[32*l +: 32] : MinusZero), .sum_o(plane_sum[32*l +: 32])
      );
    end
    pipe #(.Width(ControlBits + 1), .Stages(AddBeats)) u_at_planes (
      .clk_i, .d_i({to_planes, at_sum}), .q_o({valid_at_planes, at_planes})
    );
    // The word is asked for two cycles before it is added.
    assign to_planes_start = early_valid_q && early_q.plane_sum
                             && early_q.start != bittern_pkg::StartNone;
    pipe #(.Width(21), .Stages(AddBeats)) u_early (
      .clk_i, .d_i({to_planes_start, early_address}),
      .q_o({early_planes_start, early_planes_address})
    );
  end else begin : gen_plane
    logic unused;
    assign plane_sum = '0;
    assign valid_at_planes = 1'b0;
    assign at_planes = at_sum;
    assign early_planes_start = 1'b0;
    assign early_planes_address = '0;
    assign unused = ^{other_rank_sum_i, other_token_sum_i, at_sum.planes, to_planes};
  end

  assign start_read_o = early_start || early_planes_start;
  assign start_address_o = early_planes_start ? early_planes_address : early_address;

  // Start ---------------------------------------------------------------------------------------

  control_t starting, started;
  logic planes_done, valid_started;
  logic [32*Width-1:0] start, summand, started_sum;

  assign planes_done = valid_at_planes && at_planes.start == bittern_pkg::StartNone;
  assign to_start = (valid_at_planes && at_planes.start != bittern_pkg::StartNone)
                    || (valid_at_sum && !at_sum.plane_sum
                        && at_sum.start != bittern_pkg::StartNone);
  assign starting = valid_at_planes ? at_planes : at_sum;
  assign summand = valid_at_planes ? plane_sum : sum;
  assign start = starting.start == bittern_pkg::StartScalar ? {Width{start_scalar_i}} : start_word_i;

  for (genvar l = 0; l < Width; l++) begin : gen_start_lanes
    binary32_add #(.Latency(AddLatency)) u_add (
      .clk_i(fast_clk_i), .a_i(start[32*l +: 32]), .b_i(summand[32*l +: 32]),
      .sum_o(started_sum[32*l +: 32])
    );
  end
  pipe #(.Width(ControlBits + 1), .Stages(AddBeats)) u_started (
    .clk_i, .d_i({to_start, starting}), .q_o({valid_started, started})
  );

  // Write ---------------------------------------------------------------------------------------

  control_t writing;
  logic write_d;
  logic [32*Width-1:0] result, write_data_d;
  logic [Width-1:0] lanes, write_lanes_d;

  assign write_d = plain || planes_done || valid_started;
  always_comb begin
    writing = at_sum;
    result = sum;
    if (planes_done) begin
      writing = at_planes;
      result = plane_sum;
    end
    if (valid_started) begin
      writing = started;
      result = started_sum;
    end
    lanes = lanes_of(phase_i, writing.slice);
    write_data_d = result;
    write_lanes_d = '1;
    if (writing.sliced) begin
      for (int unsigned l = 0; l < Width; l++) begin
        if (!lanes[l]) write_data_d[32*l +: 32] = '0;
      end
      if (writing.merge) write_lanes_d = lanes;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_o <= 1'b0;
    else write_o <= write_d;
  end
  always_ff @(posedge clk_i) write_address_o <= writing.y;
  pipe #(.Width(33 * Width), .Stages(Fold)) u_write (
    .clk_i(fast_clk_i), .d_i({write_lanes_d, write_data_d}), .q_o({write_lanes_o, write_data_o})
  );

  logic unused_control;
  assign unused_control = ^{writing.token, writing.start, writing.plane_sum, writing.planes, writing.initial_, phase_i};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (2'(plain) + 2'(planes_done) + 2'(valid_started) <= 2'd1)
        else $error("two elements write at once");
      assert (!(valid_at_planes && valid_at_sum && at_planes.start != bittern_pkg::StartNone
                && !at_sum.plane_sum && at_sum.start != bittern_pkg::StartNone))
        else $error("two elements start at once");
      assert (!(early_start && early_planes_start)) else $error("two starts are read at once");
    end
  end
`endif

endmodule
