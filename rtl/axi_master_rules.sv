// SPDX-License-Identifier: Apache-2.0
// Assertions on an AXI4 port with one order of transactions, of both sides: channels (axi_channel_rules), bursts within
// 4 KB and within the kernel's longest, as many beats as announced with `last` at the last, answers to what was asked.
module axi_master_rules #(
  localparam int unsigned Bits = kernel_pkg::BeatBits
) (
  input logic              clk_i,
  input logic              rst_ni,
  input logic              awvalid_i,
  input logic              awready_i,
  input logic [63:0]       awaddr_i,
  input logic [7:0]        awlen_i,
  input logic [2:0]        awsize_i,
  input logic [1:0]        awburst_i,
  input logic              wvalid_i,
  input logic              wready_i,
  input logic [Bits-1:0]   wdata_i,
  input logic [Bits/8-1:0] wstrb_i,
  input logic              wlast_i,
  input logic              bvalid_i,
  input logic              bready_i,
  input logic [1:0]        bresp_i,
  input logic              arvalid_i,
  input logic              arready_i,
  input logic [63:0]       araddr_i,
  input logic [7:0]        arlen_i,
  input logic [2:0]        arsize_i,
  input logic [1:0]        arburst_i,
  input logic              rvalid_i,
  input logic              rready_i,
  input logic [Bits-1:0]   rdata_i,
  input logic [1:0]        rresp_i,
  input logic              rlast_i
);

  axi_channel_rules #(.Bits(77)) u_aw (
    .clk_i, .rst_ni, .valid_i(awvalid_i), .ready_i(awready_i),
    .payload_i({awaddr_i, awlen_i, awsize_i, awburst_i})
  );
  axi_channel_rules #(.Bits(Bits + Bits / 8 + 1)) u_w (
    .clk_i, .rst_ni, .valid_i(wvalid_i), .ready_i(wready_i),
    .payload_i({wdata_i, wstrb_i, wlast_i})
  );
  axi_channel_rules #(.Bits(2)) u_b (
    .clk_i, .rst_ni, .valid_i(bvalid_i), .ready_i(bready_i), .payload_i(bresp_i)
  );
  axi_channel_rules #(.Bits(77)) u_ar (
    .clk_i, .rst_ni, .valid_i(arvalid_i), .ready_i(arready_i),
    .payload_i({araddr_i, arlen_i, arsize_i, arburst_i})
  );
  axi_channel_rules #(.Bits(Bits + 3)) u_r (
    .clk_i, .rst_ni, .valid_i(rvalid_i), .ready_i(rready_i),
    .payload_i({rdata_i, rresp_i, rlast_i})
  );

  function automatic logic burst_is_right(logic [11:0] address, logic [7:0] len, logic [2:0] size,
                                          logic [1:0] burst);
    burst_is_right = {1'b0, address} + (13'(len) + 13'd1) * 13'(Bits / 8) <= 13'h1000
                     && 32'(len) < kernel_pkg::BurstBeats && 32'(1 << size) == Bits / 8
                     && burst == 2'b01;
  endfunction

  // Lengths of the bursts that are announced and not over, in order. Data may come before its address is taken, not
  // before it is offered.
  logic [7:0] writes[64], reads[64];
  logic [5:0] write_head_q, write_tail_q, read_head_q, read_tail_q;
  logic [7:0] write_beat_q, read_beat_q, write_len;
  logic [15:0] unanswered_q;
  logic aw_offered_q, announced;

  assign announced = awvalid_i && !aw_offered_q;
  assign write_len = write_head_q == write_tail_q ? awlen_i : writes[write_head_q];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_head_q <= '0;
      write_tail_q <= '0;
      read_head_q <= '0;
      read_tail_q <= '0;
      write_beat_q <= '0;
      read_beat_q <= '0;
      unanswered_q <= '0;
      aw_offered_q <= 1'b0;
    end else begin
      aw_offered_q <= awvalid_i && !awready_i;
      if (announced) begin
        writes[write_tail_q] <= awlen_i;
        write_tail_q <= write_tail_q + 6'd1;
        assert (burst_is_right(awaddr_i[11:0], awlen_i, awsize_i, awburst_i)) else $error("a burst of writes");
      end
      if (wvalid_i) begin
        assert (announced || write_head_q != write_tail_q) else $error("data for no burst");
        assert (wlast_i == (write_beat_q == write_len)) else $error("last, and it is not; or is");
        if (wready_i) write_beat_q <= wlast_i ? '0 : write_beat_q + 8'd1;
        if (wready_i && wlast_i) write_head_q <= write_head_q + 6'd1;
      end
      unanswered_q <= unanswered_q + 16'(wvalid_i && wready_i && wlast_i) - 16'(bvalid_i && bready_i);
      assert (!bvalid_i || unanswered_q != '0) else $error("an answer to no burst");

      if (arvalid_i && arready_i) begin
        reads[read_tail_q] <= arlen_i;
        read_tail_q <= read_tail_q + 6'd1;
        assert (burst_is_right(araddr_i[11:0], arlen_i, arsize_i, arburst_i)) else $error("a burst of reads");
      end
      if (rvalid_i) begin
        assert (read_head_q != read_tail_q) else $error("data for no burst");
        assert (rlast_i == (read_beat_q == reads[read_head_q])) else $error("last, and it is not; or is");
        if (rready_i) read_beat_q <= rlast_i ? '0 : read_beat_q + 8'd1;
        if (rready_i && rlast_i) read_head_q <= read_head_q + 6'd1;
      end
    end
  end

endmodule
