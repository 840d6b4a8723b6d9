// When a unit issues the elements of the instruction at the head of its queue, and how far it is:
// the timing of simulator/timing.h.
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
  input  logic                last_i,      // the element under issue is the instruction's last
  input  logic [4*44-1:0]     progress_i,  // core_pkg::progress_t [4]: of all units
  output core_pkg::progress_t progress_o,  // of this unit
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

  logic active_q;  // elements are left of the instruction that was taken
  logic [5:0] pause_q, interval_q, interval;
  logic [6:0] reach1_q, reach2_q, distance1_q, distance2_q, reach1, reach2;
  logic [7:0] latency_q, latency;
  logic [11:0] elements_q;
  logic [15:0] issued_q, done_q;

  assign start_o = valid_i && !active_q && (&holds)
                   && (head_i.reach1 == '0 || head_i.reach1 >= distance1_q)
                   && (head_i.reach2 == '0 || head_i.reach2 >= distance2_q);
  assign go_o = start_o || (active_q && pause_q == '0);
  assign busy_o = start_o || active_q;
  assign interval = start_o ? head_i.interval : interval_q;
  assign latency = start_o ? head_i.latency : latency_q;
  assign reach1 = start_o ? head_i.reach1 : reach1_q;
  assign reach2 = start_o ? head_i.reach2 : reach2_q;
  assign progress_o.done = done_q;
  assign progress_o.issued = issued_q;
  assign progress_o.elements = elements_q;

  // What is left of the last element's reach.
  function automatic logic [6:0] nearer(logic [6:0] distance);
    nearer = distance == '0 ? '0 : distance - 7'd1;
  endfunction

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      pause_q <= '0;
      elements_q <= '0;
      issued_q <= '0;
      distance1_q <= '0;
      distance2_q <= '0;
    end else begin
      distance1_q <= nearer(distance1_q);
      distance2_q <= nearer(distance2_q);
      if (pause_q != '0) pause_q <= pause_q - 6'd1;
      if (go_o) begin
        active_q <= !last_i;
        pause_q <= last_i ? '0 : interval - 6'd1;
        issued_q <= issued_q + {15'h0, last_i};
        if (reach1 != '0) distance1_q <= reach1;
        if (reach2 != '0) distance2_q <= reach2;
        if (last_i) elements_q <= '0;
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
  assign last_cycle = now_i + {8'h0, latency} - 16'd1;
  assign over = now_i - ends[ends_read];
  assign unused = ^{over[14:0], head_i.nothing};

  always_ff @(posedge clk_i) begin
    if (go_o && last_i) ends[ends_write] <= last_cycle;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) done_q <= '0;
    else if (done_q != issued_q && !over[15]) done_q <= done_q + 16'd1;
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
