// The sequencer: takes instructions from program memory in order, four words a cycle, runs the
// hardware loop, and hands instructions to their units; the timing of simulator/timing.h.
module sequencer #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  localparam int unsigned PlaceBits = $clog2(Config.program_words),
  localparam int unsigned Rows = Config.program_words / 4
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  // The host. A run begins with start_i; done_o is set from its end until the next start.
  input  logic                     start_i,
  output logic                     done_o,
  input  logic                     hold_i,     // take nothing in this cycle
  output logic                     running_o,  // cycles that count
  input  logic                     program_write_i,
  input  logic [$clog2(Rows)-1:0]  program_row_i,
  input  logic [127:0]             program_data_i,
  input  logic [16*Config.list_registers-1:0] lists_i,
  // The units.
  input  logic [3:0]               started_i,   // they took their queue's head
  input  logic [175:0]             progress_i,  // core_pkg::progress_t [4]
  output logic                     hand_o,
  output core_pkg::pieces_t        pieces_o,
  output logic [15:0]              v_o,
  output logic [119:0]             waits_o,
  output logic [15:0]              count0_o,
  output logic                     nothing_o
);

  localparam int unsigned Words = 56;  // of the longest instruction, in whole rows

  // Taking words ----------------------------------------------------------------------------------

  typedef enum logic [1:0] {Idle, Ready, Running} state_e;
  state_e state_q;

  logic take, last_taken, ready, jump, jump_back, skip, start_run;
  logic [2:0] taken;
  logic [127:0] words;
  logic [PlaceBits-1:0] place_q, next_place, target;
  logic [5:0] length, left_q, left;  // words of the instruction under way
  logic [3:0] chunk_q;
  logic [32*Words-1:0] raw_q;
  logic raw_valid_q, proceed;
  logic [15:0] raw_v_q;
  bittern_pkg::header_t header;
  logic [3:0] opcode;
  bittern_pkg::loop_fields_t loop_fields;

  program_fetch #(.Words(Config.program_words)) u_fetch (
    .clk_i, .rst_ni, .write_i(program_write_i), .write_row_i(program_row_i),
    .write_data_i(program_data_i), .jump_i(jump), .target_i(target), .take_i(taken),
    .ready_o(ready), .words_o(words)
  );

  assign length = words[9:4];
  assign left = chunk_q == '0 ? length : left_q;
  assign take = state_q == Running && ready && (!raw_valid_q || proceed) && !skip && !hold_i;
  assign taken = !take ? 3'd0 : (left > 6'd4 ? 3'd4 : left[2:0]);
  assign last_taken = take && left <= 6'd4;
  assign next_place = place_q + PlaceBits'(taken);

  always_ff @(posedge clk_i) begin
    if (take) begin
      for (int unsigned i = 0; i < Words / 4; i++) begin
        if (chunk_q == 4'(i)) raw_q[128*i +: 128] <= words;
      end
    end
  end

  // The instruction that has been taken -----------------------------------------------------------

  logic is_end, is_loop, is_unit, room, at_rest;
  logic [1:0] unit;
  logic [3:0] full, resting;

  assign header = raw_q[95:0];
  assign opcode = header.opcode;
  assign is_end = opcode == bittern_pkg::OpcodeEnd;
  assign is_loop = opcode == bittern_pkg::OpcodeLoop;
  assign is_unit = opcode[2];
  assign unit = opcode[1:0];
  assign loop_fields = raw_q[127:96];
  assign room = !full[unit];
  assign at_rest = &resting;
  assign proceed = raw_valid_q && (is_unit ? room : (is_loop || at_rest));
  assign hand_o = raw_valid_q && is_unit && room;

  // The hardware loop: its instruction counts from the cycle in which it is there.
  logic loop_q, loop_active;
  logic [15:0] v_q, v, trips_q, trips, loop_trips;
  logic [PlaceBits-1:0] begin_q, end_q, loop_begin, loop_end;
  logic loop_now;

  assign loop_now = raw_valid_q && is_loop;
  always_comb begin
    loop_trips = 16'(loop_fields.count);
    for (int unsigned n = 0; n < Config.list_registers; n++) begin
      if (loop_fields.source == 4'(n + 1)) loop_trips = lists_i[16*n +: 16];
    end
    loop_active = loop_q || loop_now;
    loop_begin = loop_now ? place_q : begin_q;
    loop_end = loop_now ? place_q + PlaceBits'(loop_fields.body) : end_q;
    trips = loop_now ? loop_trips : trips_q;
    v = loop_now ? '0 : v_q;
  end

  assign skip = loop_now && loop_trips == '0;
  assign jump_back = last_taken && loop_active && next_place == loop_end && v + 16'd1 != trips;
  assign start_run = state_q == Idle && start_i;
  assign jump = start_run || skip || jump_back;
  assign target = start_run ? '0 : (skip ? loop_end : loop_begin);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      done_o <= 1'b0;
      place_q <= '0;
      left_q <= '0;
      chunk_q <= '0;
      raw_valid_q <= 1'b0;
      raw_v_q <= '0;
      loop_q <= 1'b0;
      v_q <= '0;
      trips_q <= '0;
      begin_q <= '0;
      end_q <= '0;
    end else begin
      if (start_run) begin
        state_q <= Ready;
        done_o <= 1'b0;
        place_q <= '0;
      end
      if (state_q == Ready && ready) state_q <= Running;
      if (take) begin
        place_q <= next_place;
        left_q <= left - {3'b000, taken};
        chunk_q <= last_taken ? '0 : chunk_q + 4'd1;
      end
      if (proceed) raw_valid_q <= 1'b0;
      if (last_taken) begin
        raw_valid_q <= 1'b1;
        raw_v_q <= loop_active ? v : '0;
      end
      if (loop_now) begin
        loop_q <= !skip;
        begin_q <= loop_begin;
        end_q <= loop_end;
        trips_q <= trips;
        v_q <= '0;
      end
      if (skip) place_q <= loop_end;
      if (jump_back) begin
        place_q <= loop_begin;
        v_q <= v + 16'd1;
      end else if (last_taken && loop_active && next_place == loop_end) begin
        loop_q <= 1'b0;
        v_q <= '0;
      end
      if (raw_valid_q && is_end && at_rest) begin
        state_q <= Idle;
        done_o <= 1'b1;
        // What was taken behind the end is none.
        raw_valid_q <= 1'b0;
        chunk_q <= '0;
        loop_q <= 1'b0;
      end
    end
  end

  assign running_o = state_q == Running && !(raw_valid_q && is_end && at_rest);

  // Handing out -----------------------------------------------------------------------------------

  for (genvar u = 0; u < core_pkg::Units; u++) begin : gen_units
    logic handed;
    logic [15:0] handed_q, done;
    logic [4:0] nearest_q;  // handed since the start of the run, up to 31
    logic [7:0] queued_q;   // not started
    logic [17:0] order;
    assign handed = hand_o && unit == 2'(u);
    assign done = progress_i[44*u + 28 +: 16];
    assign full[u] = queued_q >= 8'(Config.queue_depth);
    assign resting[u] = done == handed_q;
    assign order = header.wait_[18*u +: 18];
    assign waits_o[30*u +: 16] = handed_q - {11'h0, order[4:0]};
    assign waits_o[30*u + 16 +: 12] = order[17:6];
    assign waits_o[30*u + 28] = order[5];
    assign waits_o[30*u + 29] = order[4:0] != '0 && order[4:0] <= nearest_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        handed_q <= '0;
        nearest_q <= '0;
        queued_q <= '0;
      end else begin
        handed_q <= handed_q + {15'h0, handed};
        queued_q <= queued_q + {7'h0, handed} - {7'h0, started_i[u]};
        if (start_run) nearest_q <= '0;
        else if (handed && nearest_q != '1) nearest_q <= nearest_q + 5'd1;
      end
    end
  end

  instruction_decode u_decode (.words_i(raw_q), .pieces_o);
  assign v_o = raw_v_q;
  always_comb begin
    count0_o = raw_q[96 +: 16];  // pieces_o.count's first, without waiting for it
    nothing_o = 1'b0;
    for (int unsigned n = 0; n < Config.list_registers; n++) begin
      if (header.dynamic == 4'(n + 1)) begin
        count0_o = lists_i[16*n +: 16];
        nothing_o = lists_i[16*n +: 16] == '0;
      end
    end
  end

  logic unused;
  assign unused = ^{header, opcode, progress_i};

endmodule
