// SPDX-License-Identifier: Apache-2.0
// The sequencer: takes instructions from program memory in order, four words a cycle, runs the
// hardware loop, and hands instructions to their units; the timing of accelerator/isa/timing.h.
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
  input  logic [3:0]               retired_i,   // their `done` is one more in the next cycle
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
  logic [PlaceBits-1:0] place_q, target, skip_to;
  logic [5:0] length, left_q, left;  // words of the instruction under way
  logic [3:0] chunk_q;
  logic [32*Words-1:0] raw_q;
  logic raw_valid_q, proceed;
  logic [15:0] raw_v_q;
  bittern_pkg::header_t header;

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

  always_ff @(posedge clk_i) begin
    if (take) begin
      for (int unsigned i = 0; i < Words / 4; i++) begin
        if (chunk_q == 4'(i)) raw_q[128*i +: 128] <= words;
      end
    end
  end

  // The instruction that has been taken -----------------------------------------------------------

  // What decides whether the next words are taken is made out as its first row comes: it is on the longest path.
  logic is_end_q, is_loop_q, is_unit_q, room, at_rest;
  logic [1:0] unit_q;
  logic [3:0] full, resting;
  logic [3:0] opcode;
  bittern_pkg::loop_fields_t loop_fields;
  logic [15:0] loop_trips, loop_trips_q;
  logic [PlaceBits-1:0] loop_body_q;
  logic never, never_q, once, once_q;  // trips of the loop
  logic [Config.list_registers-1:0] list_0_q, list_1_q;

  assign header = raw_q[95:0];
  assign opcode = words[3:0];
  assign loop_fields = words[127:96];
  always_comb begin
    loop_trips = 16'(loop_fields.count);
    never = loop_fields.count == '0;
    once = 16'(loop_fields.count) == 16'd1;
    for (int unsigned n = 0; n < Config.list_registers; n++) begin
      if (loop_fields.source == 4'(n + 1)) begin
        loop_trips = lists_i[16*n +: 16];
        never = list_0_q[n];
        once = list_1_q[n];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    // Lists stay as they are while a program runs.
    for (int unsigned n = 0; n < Config.list_registers; n++) begin
      list_0_q[n] <= lists_i[16*n +: 16] == 16'd0;
      list_1_q[n] <= lists_i[16*n +: 16] == 16'd1;
    end
    if (take && chunk_q == '0) begin
      is_end_q <= opcode == bittern_pkg::OpcodeEnd;
      is_loop_q <= opcode == bittern_pkg::OpcodeLoop;
      is_unit_q <= opcode[2];
      unit_q <= opcode[1:0];
      loop_trips_q <= loop_trips;
      loop_body_q <= PlaceBits'(loop_fields.body);
      never_q <= never;
      once_q <= once;
    end
  end

  assign room = !full[unit_q];
  assign at_rest = &resting;
  assign proceed = raw_valid_q && (is_unit_q ? room : (is_loop_q || at_rest));
  assign hand_o = raw_valid_q && is_unit_q && room;

  // The hardware loop: its instruction counts from the cycle in which it is there. What is left of its body is
  // counted, and whether its trip is the last one is known when it begins.
  logic loop_q, loop_active, loop_now, last_trip_q, at_end;
  logic [15:0] v_q, v, trips_q, trips;
  logic [PlaceBits-1:0] begin_q, body_q, body, togo_q, togo;

  assign loop_now = raw_valid_q && is_loop_q;
  assign loop_active = loop_q || loop_now;
  assign body = loop_now ? loop_body_q : body_q;
  assign togo = loop_now ? loop_body_q : togo_q;
  assign trips = loop_now ? loop_trips_q : trips_q;
  assign v = loop_now ? '0 : v_q;
  assign at_end = last_taken && loop_active && togo == PlaceBits'(taken);

  assign skip = loop_now && never_q;
  assign jump_back = at_end && !(loop_now ? once_q : last_trip_q);
  assign start_run = state_q == Idle && start_i;
  assign jump = start_run || skip || jump_back;
  assign skip_to = place_q + loop_body_q;
  assign target = start_run ? '0 : (skip ? skip_to : (loop_now ? place_q : begin_q));

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
      body_q <= '0;
      togo_q <= '0;
      last_trip_q <= 1'b0;
    end else begin
      if (start_run) begin
        state_q <= Ready;
        done_o <= 1'b0;
        place_q <= '0;
      end
      if (state_q == Ready && ready) state_q <= Running;
      if (take) begin
        place_q <= place_q + PlaceBits'(taken);
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
        begin_q <= place_q;
        body_q <= loop_body_q;
        trips_q <= loop_trips_q;
        last_trip_q <= once_q;
        v_q <= '0;
      end
      togo_q <= togo - PlaceBits'(taken);
      if (skip) place_q <= skip_to;
      if (jump_back) begin
        place_q <= loop_now ? place_q : begin_q;
        togo_q <= body;
        last_trip_q <= v + 16'd2 == trips;
        v_q <= v + 16'd1;
      end else if (at_end) begin
        loop_q <= 1'b0;
        v_q <= '0;
      end
      if (raw_valid_q && is_end_q && at_rest) begin
        state_q <= Idle;
        done_o <= 1'b1;
        // What was taken behind the end is none.
        raw_valid_q <= 1'b0;
        chunk_q <= '0;
        loop_q <= 1'b0;
      end
    end
  end

  assign running_o = state_q == Running && !(raw_valid_q && is_end_q && at_rest);

  // Handing out -----------------------------------------------------------------------------------

  for (genvar u = 0; u < core_pkg::Units; u++) begin : gen_units
    logic handed;
    logic [15:0] handed_q, done;
    logic resting_q;         // as many are done
    logic [4:0] nearest_q;  // handed since the start of the run, up to 31
    logic [7:0] queued_q;   // not started
    logic [17:0] order;
    assign handed = hand_o && unit_q == 2'(u);
    assign done = progress_i[44*u + 28 +: 16];
    assign full[u] = queued_q >= 8'(Config.queue_depth);
    assign resting[u] = resting_q;
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
        resting_q <= 1'b1;
      end else begin
        resting_q <= !handed && (retired_i[u] ? done + 16'd1 == handed_q : done == handed_q);
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
  assign unused = ^{header, progress_i, loop_fields};

endmodule
