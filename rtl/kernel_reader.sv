// SPDX-License-Identifier: Apache-2.0
// Reads `beats_i` beats from `address_i` on, front to end, by bursts on an AXI4 read channel, ahead of who takes them.
//
// A burst is asked for when there is room for all of it, so rready never falls. `stop_i` asks for no more and drops what
// is still to come; the reader is idle again when it has come.
module kernel_reader #(
  localparam int unsigned Bits = kernel_pkg::BeatBits,
  localparam int unsigned Burst = kernel_pkg::BurstBeats
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            start_i,    // for a cycle, while idle_o
  input  logic [63:0]     address_i,  // a multiple of a burst's bytes
  input  logic [31:0]     beats_i,
  input  logic            stop_i,
  output logic            idle_o,
  output logic            error_o,    // for a cycle: memory answered with an error
  output logic            valid_o,
  output logic [Bits-1:0] beat_o,
  input  logic            take_i,
  // AXI4.
  output logic            arvalid_o,
  input  logic            arready_i,
  output logic [63:0]     araddr_o,
  output logic [7:0]      arlen_o,
  input  logic            rvalid_i,
  output logic            rready_o,
  input  logic [Bits-1:0] rdata_i,
  input  logic [1:0]      rresp_i,
  input  logic            rlast_i
);

  localparam int unsigned Depth = 4 * Burst;
  localparam int unsigned CountBits = $clog2(Depth) + 1;

  logic running_q, dropping_q, push, pop, ask;
  logic [31:0] left_q;  // not asked for
  logic [63:0] address_q;
  logic [CountBits-1:0] reserved_q;  // asked for, and not taken yet
  logic [CountBits-1:0] filled_q, due_q;  // taken from memory; asked for and still to come
  logic [31:0] burst;

  assign burst = left_q < 32'(Burst) ? left_q : 32'(Burst);
  assign ask = arvalid_o && arready_i;
  assign push = rvalid_i && rready_o;
  assign pop = valid_o && take_i;
  assign rready_o = 1'b1;
  assign valid_o = filled_q != '0 && !dropping_q;
  assign idle_o = !running_q;
  assign error_o = push && rresp_i[1];
  assign araddr_o = address_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q <= 1'b0;
      dropping_q <= 1'b0;
      arvalid_o <= 1'b0;
      left_q <= '0;
      reserved_q <= '0;
      filled_q <= '0;
      due_q <= '0;
    end else begin
      if (start_i) begin
        running_q <= beats_i != '0;
        left_q <= beats_i;
      end
      if (running_q && stop_i) dropping_q <= 1'b1;
      if (ask) arvalid_o <= 1'b0;
      if (running_q && !arvalid_o && !dropping_q && !stop_i && left_q != '0
          && 32'(reserved_q) + 32'(Burst) <= 32'(Depth)) begin
        arvalid_o <= 1'b1;
        arlen_o <= 8'(burst - 32'd1);
      end
      // What is asked for stands until it is answered, stop or not.
      if (ask) left_q <= left_q - 32'(arlen_o) - 32'd1;
      reserved_q <= reserved_q + (ask ? CountBits'(arlen_o) + 1'b1 : '0)
                    - (dropping_q ? CountBits'(push) : CountBits'(pop));
      due_q <= due_q + (ask ? CountBits'(arlen_o) + 1'b1 : '0) - CountBits'(push);
      filled_q <= filled_q + CountBits'(push) - CountBits'(pop);
      if (dropping_q) begin
        filled_q <= '0;
        if (!arvalid_o && due_q == '0) begin
          running_q <= 1'b0;
          dropping_q <= 1'b0;
          left_q <= '0;
          reserved_q <= '0;
        end
      end else if (running_q && left_q == '0 && !arvalid_o && due_q == '0 && filled_q == '0 && !stop_i) begin
        running_q <= 1'b0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) address_q <= address_i;
    else if (ask) address_q <= address_q + 64'(Burst * Bits / 8);
  end

  // Beats of a stream that is dropped are not kept: both ends begin anew with the next start.
  logic [CountBits-2:0] write_q, read_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else if (start_i) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      write_q <= write_q + (CountBits-1)'(push);
      read_q <= read_q + (CountBits-1)'(pop);
    end
  end
  lane_memory #(.Width(Bits), .Depth(Depth)) u_beats (
    .clk_i, .write_i(push), .write_address_i(write_q), .write_data_i(rdata_i),
    .read_address_i(read_q), .read_data_o(beat_o)
  );

  logic unused;
  assign unused = ^{rresp_i[0], rlast_i};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!push || due_q != '0) else $error("a beat that nobody asked for");
      assert (32'(filled_q) <= 32'(Depth)) else $error("more beats than there is room for");
      assert (!start_i || idle_o) else $error("started while it reads");
    end
  end
`endif

endmodule
