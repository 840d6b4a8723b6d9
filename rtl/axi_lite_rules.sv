// SPDX-License-Identifier: Apache-2.0
// Assertions on an AXI4-Lite port, of both sides: a request stands unchanged until it is taken, an answer comes to a
// request, one a request.
module axi_lite_rules #(
  localparam int unsigned AddressBits = kernel_pkg::AddressBits
) (
  input logic                   clk_i,
  input logic                   rst_ni,
  input logic                   awvalid_i,
  input logic                   awready_i,
  input logic [AddressBits-1:0] awaddr_i,
  input logic                   wvalid_i,
  input logic                   wready_i,
  input logic [31:0]            wdata_i,
  input logic [3:0]             wstrb_i,
  input logic                   bvalid_i,
  input logic                   bready_i,
  input logic [1:0]             bresp_i,
  input logic                   arvalid_i,
  input logic                   arready_i,
  input logic [AddressBits-1:0] araddr_i,
  input logic                   rvalid_i,
  input logic                   rready_i,
  input logic [31:0]            rdata_i,
  input logic [1:0]             rresp_i
);

  axi_channel_rules #(.Bits(AddressBits)) u_aw (
    .clk_i, .rst_ni, .valid_i(awvalid_i), .ready_i(awready_i), .payload_i(awaddr_i)
  );
  axi_channel_rules #(.Bits(36)) u_w (
    .clk_i, .rst_ni, .valid_i(wvalid_i), .ready_i(wready_i), .payload_i({wdata_i, wstrb_i})
  );
  axi_channel_rules #(.Bits(2)) u_b (
    .clk_i, .rst_ni, .valid_i(bvalid_i), .ready_i(bready_i), .payload_i(bresp_i)
  );
  axi_channel_rules #(.Bits(AddressBits)) u_ar (
    .clk_i, .rst_ni, .valid_i(arvalid_i), .ready_i(arready_i), .payload_i(araddr_i)
  );
  axi_channel_rules #(.Bits(34)) u_r (
    .clk_i, .rst_ni, .valid_i(rvalid_i), .ready_i(rready_i), .payload_i({rdata_i, rresp_i})
  );

  int addresses_q, words_q, reads_q;  // that are not answered

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      addresses_q <= 0;
      words_q <= 0;
      reads_q <= 0;
    end else begin
      addresses_q <= addresses_q + 32'(awvalid_i && awready_i) - 32'(bvalid_i && bready_i);
      words_q <= words_q + 32'(wvalid_i && wready_i) - 32'(bvalid_i && bready_i);
      reads_q <= reads_q + 32'(arvalid_i && arready_i) - 32'(rvalid_i && rready_i);
      assert (!bvalid_i || (addresses_q > 0 && words_q > 0)) else $error("an answer to no write");
      assert (!rvalid_i || reads_q > 0) else $error("an answer to no read");
    end
  end

endmodule
