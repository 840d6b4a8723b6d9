// Behind the folds of a plane: the sum of the planes, the start, the write.
//
// An element comes with `pop_i` three cycles before its sum is there; what it needs by then was
// pushed when it was issued. It leaves as a write 0, a, or 2 a cycles after its sum, a an addition
// each for the planes' sum and the start. Elements that would meet or overtake are never issued so
// (unit_issue).
module stream_tail #(
  parameter int unsigned Rows = 4,
  parameter int unsigned Lanes = 16,
  parameter int unsigned AddLatency = 6,
  parameter bit SumsPlanes = 1'b1,
  localparam int unsigned Width = Rows > Lanes ? Rows : Lanes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // The cycle behind the issue: fields and addresses.
  input  logic                push_i,
  input  logic                token_i,      // the sum is of rows, into a rank word
  input  bittern_pkg::start_e start_i,
  input  logic                plane_sum_i,
  input  logic [1:0]          planes_i,
  input  logic                merge_i,
  input  logic [7:0]          slice_i,
  input  logic [19:0]         y_i,
  input  logic [19:0]         initial_i,
  // At the folds.
  input  logic                pop_i,
  input  logic [32*Lanes-1:0] rank_sum_i,
  input  logic [32*Rows-1:0]  token_sum_i,
  input  logic [32*Lanes-1:0] other_rank_sum_i,  // of plane 1, if SumsPlanes
  input  logic [32*Rows-1:0]  other_token_sum_i,
  // The word to start from: the old one of y, or initial's.
  output logic                start_read_o,
  output logic [19:0]         start_address_o,
  input  logic [32*Width-1:0] start_word_i,
  // The result.
  output logic                write_o,
  output logic [19:0]         write_address_o,
  output logic [Width-1:0]    write_lanes_o,
  output logic [32*Width-1:0] write_data_o
);

  typedef struct packed {
    logic        token;
    logic [1:0]  start;  // bittern_pkg::start_e
    logic        plane_sum;
    logic [1:0]  planes;
    logic        merge;
    logic [7:0]  slice;
    logic [19:0] y;
    logic [19:0] initial_;
  } control_t;

  localparam int unsigned ControlBits = 55;
  localparam logic [31:0] MinusZero = 32'h80000000;  // x + -0 is x

  localparam int unsigned Slices = (Lanes + Rows - 1) / Rows;

  // Control -------------------------------------------------------------------------------------

  // With a `d`, what is there a cycle later.
  control_t pushed, popped, early_q, at_sum_d, at_sum, at_planes_d, at_planes;
  logic early_valid_q, valid_at_sum_d, valid_at_sum, valid_at_planes_d, valid_at_planes;
  logic plain, to_planes, to_start;

  assign pushed.token = token_i;
  assign pushed.start = start_i;
  assign pushed.plane_sum = plane_sum_i;
  assign pushed.planes = planes_i;
  assign pushed.merge = merge_i;
  assign pushed.slice = slice_i;
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

  pipe #(.Width(ControlBits + 1), .Stages(1)) u_at_sum_d (
    .clk_i, .d_i({early_valid_q, early_q}), .q_o({valid_at_sum_d, at_sum_d})
  );
  pipe #(.Width(ControlBits + 1), .Stages(1)) u_at_sum (
    .clk_i, .d_i({valid_at_sum_d, at_sum_d}), .q_o({valid_at_sum, at_sum})
  );
  assign plain = valid_at_sum && !at_sum.plane_sum && at_sum.start == bittern_pkg::StartNone;
  assign to_planes = valid_at_sum && at_sum.plane_sum;

  // Sums of the planes ----------------------------------------------------------------------------

  logic [32*Width-1:0] sum, plane_sum;
  logic early_start, early_planes_start;
  logic [19:0] early_address, early_planes_address;

  assign sum = at_sum.token ? (32*Width)'(token_sum_i) : (32*Width)'(rank_sum_i);
  assign early_start = early_valid_q && !early_q.plane_sum
                       && early_q.start != bittern_pkg::StartNone;
  assign early_address = early_q.start == bittern_pkg::StartOld ? early_q.y : early_q.initial_;

  if (SumsPlanes) begin : gen_planes
    logic [32*Width-1:0] other;
    logic to_planes_start;

    assign other = at_sum.token ? (32*Width)'(other_token_sum_i) : (32*Width)'(other_rank_sum_i);
    for (genvar l = 0; l < Width; l++) begin : gen_lanes
      binary32_add #(.Latency(AddLatency)) u_add (
        .clk_i, .a_i(at_sum.planes[0] ? sum[32*l +: 32] : MinusZero),
        .b_i(at_sum.planes[1] ? other[32*l +: 32] : MinusZero), .sum_o(plane_sum[32*l +: 32])
      );
    end
    pipe #(.Width(ControlBits + 1), .Stages(AddLatency - 1)) u_at_planes_d (
      .clk_i, .d_i({to_planes, at_sum}), .q_o({valid_at_planes_d, at_planes_d})
    );
    pipe #(.Width(ControlBits + 1), .Stages(1)) u_at_planes (
      .clk_i, .d_i({valid_at_planes_d, at_planes_d}), .q_o({valid_at_planes, at_planes})
    );
    // The word is asked for two cycles before it is added.
    assign to_planes_start = early_valid_q && early_q.plane_sum
                             && early_q.start != bittern_pkg::StartNone;
    pipe #(.Width(21), .Stages(AddLatency)) u_early (
      .clk_i, .d_i({to_planes_start, early_address}),
      .q_o({early_planes_start, early_planes_address})
    );
  end else begin : gen_plane
    logic unused;
    assign plane_sum = '0;
    assign valid_at_planes_d = 1'b0;
    assign valid_at_planes = 1'b0;
    assign at_planes_d = at_sum_d;
    assign at_planes = at_sum;
    assign early_planes_start = 1'b0;
    assign early_planes_address = '0;
    assign unused = ^{other_rank_sum_i, other_token_sum_i, at_sum.planes, to_planes};
  end

  assign start_read_o = early_start || early_planes_start;
  assign start_address_o = early_planes_start ? early_planes_address : early_address;

  // Start ---------------------------------------------------------------------------------------

  control_t starting_d, starting, started;
  logic planes_done, valid_started, sliced_d, scalar_d;
  logic [1:0] start_region_d;
  logic [Slices:0] choice_d, choice;  // a slice; or from bit Slices on: the scalar. None for a slice too large
  logic whole;  // not a slice
  logic [32*Width-1:0] start, summand, started_sum;

  assign planes_done = valid_at_planes && at_planes.start == bittern_pkg::StartNone;
  assign to_start = (valid_at_planes && at_planes.start != bittern_pkg::StartNone)
                    || (valid_at_sum && !at_sum.plane_sum
                        && at_sum.start != bittern_pkg::StartNone);
  assign starting = valid_at_planes ? at_planes : at_sum;
  assign summand = valid_at_planes ? plane_sum : sum;
  // Which of the word's lanes go where is settled before the word is there.
  assign starting_d = valid_at_planes_d ? at_planes_d : at_sum_d;
  assign start_region_d = starting_d.start == bittern_pkg::StartOld ? starting_d.y[19:18]
                                                                    : starting_d.initial_[19:18];
  assign scalar_d = starting_d.start == bittern_pkg::StartScalar;
  assign sliced_d = starting_d.token && start_region_d == 2'd0;
  always_comb begin
    choice_d = '0;
    choice_d[Slices] = scalar_d;
    for (int unsigned s = 0; s < Slices; s++) begin
      choice_d[s] = !scalar_d && (sliced_d ? starting_d.slice == 8'(s) : s == 0);
    end
  end
  pipe #(.Width(Slices + 2), .Stages(1)) u_choice (
    .clk_i, .d_i({!scalar_d && !sliced_d, choice_d}), .q_o({whole, choice})
  );

  for (genvar l = 0; l < Width; l++) begin : gen_start
    always_comb begin
      start[32*l +: 32] = start_word_i[31:0] & {32{choice[Slices]}};
      if (l < Rows) begin
        for (int unsigned s = 0; s < Slices; s++) begin
          if (Rows * s + l < Width) begin
            start[32*l +: 32] |= start_word_i[32*(Rows*s+l) +: 32] & {32{choice[s]}};
          end
        end
      end else begin
        start[32*l +: 32] |= start_word_i[32*l +: 32] & {32{whole}};
      end
    end
  end
  for (genvar l = 0; l < Width; l++) begin : gen_start_lanes
    binary32_add #(.Latency(AddLatency)) u_add (
      .clk_i, .a_i(start[32*l +: 32]), .b_i(summand[32*l +: 32]), .sum_o(started_sum[32*l +: 32])
    );
  end
  pipe #(.Width(ControlBits + 1), .Stages(AddLatency)) u_started (
    .clk_i, .d_i({to_start, starting}), .q_o({valid_started, started})
  );

  // Write ---------------------------------------------------------------------------------------

  control_t writing;
  logic write_d, sliced;
  logic [32*Width-1:0] result, write_data_d;
  logic [Width-1:0] write_lanes_d;

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
    sliced = writing.token && writing.y[19:18] == 2'd0;
    write_data_d = result;
    write_lanes_d = '1;
    if (sliced) begin
      write_data_d = '0;
      write_lanes_d = writing.merge ? '0 : '1;
      for (int unsigned s = 0; s * Rows < Lanes; s++) begin
        if (writing.slice == 8'(s)) begin
          write_data_d = (32*Width)'((32*Lanes)'(result[32*Rows-1:0]) << (32 * Rows * s));
          write_lanes_d |= Width'({Rows{1'b1}}) << (Rows * s);
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) write_o <= 1'b0;
    else write_o <= write_d;
  end
  always_ff @(posedge clk_i) begin
    write_address_o <= writing.y;
    write_lanes_o <= write_lanes_d;
    write_data_o <= write_data_d;
  end

  logic unused_control;
  assign unused_control = ^{writing.start, writing.plane_sum, writing.planes, writing.initial_, starting_d,
                            at_planes_d};

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
