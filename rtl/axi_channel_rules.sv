// SPDX-License-Identifier: Apache-2.0
// Assertions on one channel of AXI: what is offered stands, unchanged, until it is taken; nothing is offered right behind
// a reset.
module axi_channel_rules #(
  parameter int unsigned Bits = 1
) (
  input logic            clk_i,
  input logic            rst_ni,
  input logic            valid_i,
  input logic            ready_i,
  input logic [Bits-1:0] payload_i
);

  logic offered_q, awake_q;
  logic [Bits-1:0] payload_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      offered_q <= 1'b0;
      awake_q <= 1'b0;
      payload_q <= '0;
    end else begin
      offered_q <= valid_i && !ready_i;
      awake_q <= 1'b1;
      payload_q <= payload_i;
      assert (!offered_q || valid_i) else $error("an offer was taken back");
      assert (!offered_q || payload_i == payload_q) else $error("an offer was changed");
      assert (awake_q || !valid_i) else $error("an offer right behind a reset");
    end
  end

endmodule
