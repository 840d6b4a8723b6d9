// SPDX-License-Identifier: Apache-2.0
// Writes beats from `address_i` on, front to end, by bursts on an AXI4 write channel.
//
// A burst begins when all of it is there, so wvalid does not fall within one. `flush_i` sends the rest as a shorter
// burst; the writer is idle when memory has answered for all.
module kernel_writer #(
  localparam int unsigned Bits = kernel_pkg::BeatBits,
  localparam int unsigned Burst = kernel_pkg::BurstBeats
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            start_i,    // for a cycle, while idle_o
  input  logic [63:0]     address_i,  // a multiple of a burst's bytes
  input  logic            flush_i,
  output logic            idle_o,     // nothing is kept, and nothing under way
  output logic            error_o,    // for a cycle: memory answered with an error
  output logic            ready_o,
  input  logic            valid_i,
  input  logic [Bits-1:0] beat_i,
  // AXI4.
  output logic            awvalid_o,
  input  logic            awready_i,
  output logic [63:0]     awaddr_o,
  output logic [7:0]      awlen_o,
  output logic            wvalid_o,
  input  logic            wready_i,
  output logic [Bits-1:0] wdata_o,
  output logic            wlast_o,
  input  logic            bvalid_i,
  output logic            bready_o,
  input  logic [1:0]      bresp_i
);

  localparam int unsigned Depth = 2 * Burst;
  localparam int unsigned CountBits = $clog2(Depth) + 1;
  localparam int unsigned MostBursts = 8;  // that memory has not answered for

  logic push, pop, begin_burst;
  logic [63:0] address_q;
  logic [CountBits-1:0] filled_q, wanted;
  logic [$clog2(Burst):0] left_q;  // beats of the burst under way
  logic [3:0] due_q;   // answers
  logic [CountBits-2:0] write_q, read_q;

  assign ready_o = 32'(filled_q) < 32'(Depth);
  assign push = valid_i && ready_o;
  assign wanted = 32'(filled_q) < 32'(Burst) ? filled_q : CountBits'(Burst);
  assign begin_burst = left_q == '0 && !awvalid_o && 32'(due_q) < 32'(MostBursts)
                       && (32'(filled_q) >= 32'(Burst) || (flush_i && filled_q != '0 && !valid_i));
  assign wvalid_o = left_q != '0;
  assign wlast_o = 32'(left_q) == 32'd1;
  assign pop = wvalid_o && wready_i;
  assign bready_o = 1'b1;
  assign idle_o = filled_q == '0 && left_q == '0 && !awvalid_o && due_q == '0;
  assign error_o = bvalid_i && bresp_i[1];
  assign awaddr_o = address_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      awvalid_o <= 1'b0;
      filled_q <= '0;
      left_q <= '0;
      due_q <= '0;
      write_q <= '0;
      read_q <= '0;
    end else begin
      if (awvalid_o && awready_i) awvalid_o <= 1'b0;
      if (begin_burst) begin
        awvalid_o <= 1'b1;
        awlen_o <= 8'(wanted) - 8'd1;
        left_q <= ($clog2(Burst)+1)'(wanted);
      end else if (pop) begin
        left_q <= left_q - 1'b1;
      end
      due_q <= due_q + 4'(begin_burst) - 4'(bvalid_i);
      filled_q <= filled_q + CountBits'(push) - CountBits'(pop);
      write_q <= write_q + (CountBits-1)'(push);
      read_q <= read_q + (CountBits-1)'(pop);
    end
  end
  // Every burst but the last is a whole one.
  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= address_i;
    else if (awvalid_o && awready_i) address_q <= address_q + 64'(Burst * Bits / 8);
  end

  lane_memory #(.Width(Bits), .Depth(Depth)) u_beats (
    .clk_i, .write_i(push), .write_address_i(write_q), .write_data_i(beat_i),
    .read_address_i(read_q), .read_data_o(wdata_o)
  );

  logic unused;
  assign unused = bresp_i[0];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!bvalid_i || due_q != '0) else $error("an answer to no burst");
      assert (!start_i || idle_o) else $error("started while it writes");
    end
  end
`endif

endmodule
