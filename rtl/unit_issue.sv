// SPDX-License-Identifier: Apache-2.0
// When a unit issues the elements of the instruction at the head of its queue, and how far it is:
// the timing of accelerator/isa/timing.h.
//
// An instruction starts in the first cycle in which it is at the head, the one before it has issued
// its last element, its waits hold, and none of its elements can come to a place in the pipe, or
// leave it, before an earlier one: an element reaches two such places `reach1` and `reach2` cycles
// after its issue (0: it does not come there). Then it issues an element every `interval` cycles. Instructions are done in
// order, one a cycle at most.
module unit_issue #(
  parameter int unsigned InFlight = 64  // instructions that are issued and not done; a power of 2
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [15:0]         now_i,       // cycles
  input  logic                valid_i,     // there is a head
  input  core_pkg::issue_t    head_i,
  input  logic                last_first_i,  // the element under issue is the instruction's last, if it is the
  input  logic                last_next_i,   // head's first; if it is not
  input  logic [4*44-1:0]     progress_i,  // core_pkg::progress_t [4]: of all units
  output core_pkg::progress_t progress_o,  // of this unit
  output logic                retire_o,    // progress_o.done is one more in the next cycle
  output logic                start_o,     // the head's first element is issued; it is taken
  output logic                go_o,        // an element is issued
  output logic                busy_o       // from its first element to its last
);

  // Waits ---------------------------------------------------------------------------------------

  logic [3:0] holds;

  for (genvar u = 0; u < core_pkg::Units; u++) begin : gen_waits
    unit_wait u_wait (
      .wait_i(head_i.waits[30*u +: 30]), .progress_i(progress_i[44*u +: 44]), .holds_o(holds[u])
    );
  end

  // Elements ------------------------------------------------------------------------------------

  // start_o comes late, so all that it chooses from is there by then.
  logic active_q;  // elements are left of the instruction that was taken
  logic next, last;
  logic [5:0] pause_q, interval_q;
  logic [6:0] reach1_q, reach2_q, distance1_q, distance2_q, nearer1, nearer2;
  logic [7:0] latency_q;
  logic [11:0] elements_q;
  logic [15:0] issued_q, done_q;

  assign start_o = valid_i && !active_q && (&holds)
                   && (head_i.reach1 == '0 || head_i.reach1 >= distance1_q)
                   && (head_i.reach2 == '0 || head_i.reach2 >= distance2_q);
  assign next = active_q && pause_q == '0;
  assign go_o = start_o || next;
  assign last = start_o ? last_first_i : last_next_i;
  assign busy_o = start_o || active_q;
  assign progress_o.done = done_q;
  assign progress_o.issued = issued_q;
  assign progress_o.elements = elements_q;

  // What is left of the last element's reach.
  function automatic logic [6:0] nearer(logic [6:0] distance);
    nearer = distance == '0 ? '0 : distance - 7'd1;
  endfunction
  function automatic logic [5:0] pause_behind(logic is_last, logic [5:0] interval);
    pause_behind = is_last ? '0 : interval - 6'd1;
  endfunction
  // The cycle in which the result of an element that is issued now can be read, less 1.
  function automatic logic [15:0] end_of(logic [15:0] now, logic [7:0] latency);
    end_of = now + {8'h0, latency} - 16'd1;
  endfunction

  assign nearer1 = nearer(distance1_q);
  assign nearer2 = nearer(distance2_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      pause_q <= '0;
      elements_q <= '0;
      issued_q <= '0;
      distance1_q <= '0;
      distance2_q <= '0;
    end else begin
      if (start_o) begin
        pause_q <= pause_behind(last_first_i, head_i.interval);
        distance1_q <= head_i.reach1 != '0 ? head_i.reach1 : nearer1;
        distance2_q <= head_i.reach2 != '0 ? head_i.reach2 : nearer2;
      end else begin
        if (next) pause_q <= pause_behind(last_next_i, interval_q);
        else if (pause_q != '0) pause_q <= pause_q - 6'd1;
        distance1_q <= next && reach1_q != '0 ? reach1_q : nearer1;
        distance2_q <= next && reach2_q != '0 ? reach2_q : nearer2;
      end
      if (go_o) begin
        active_q <= !last;
        if (last) issued_q <= issued_q + 16'd1;
        if (last) elements_q <= '0;
        else if (elements_q != '1) elements_q <= elements_q + 12'd1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_o) begin
      interval_q <= head_i.interval;
      latency_q <= head_i.latency;
      reach1_q <= head_i.reach1;
      reach2_q <= head_i.reach2;
    end
  end

  // The cycle after which each instruction is done ------------------------------------------------

  localparam int unsigned Bits = $clog2(InFlight);

  (* ram_style = "distributed" *) logic [15:0] ends[InFlight];
  logic [Bits-1:0] ends_write, ends_read;
  logic [15:0] last_cycle, over;
  logic unused;

  assign ends_write = issued_q[Bits-1:0];
  assign ends_read = done_q[Bits-1:0];
  assign last_cycle = start_o ? end_of(now_i, head_i.latency) : end_of(now_i, latency_q);
  assign over = now_i - ends[ends_read];
  assign retire_o = done_q != issued_q && !over[15];
  assign unused = ^{over[14:0], head_i.nothing};

  always_ff @(posedge clk_i) begin
    if (go_o && last) ends[ends_write] <= last_cycle;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) done_q <= '0;
    else if (retire_o) done_q <= done_q + 16'd1;
  end

`ifndef SYNTHESIS
  logic [15:0] in_flight;
  assign in_flight = issued_q - done_q;
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (32'(in_flight) < InFlight) else $error("more instructions in the pipe than it holds");
      assert (!start_o || (head_i.interval != '0 && head_i.latency >= 8'd2))
        else $error("an instruction without interval or latency");
    end
  end
`endif

endmodule
