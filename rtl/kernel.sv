// SPDX-License-Identifier: Apache-2.0
// The accelerator as a Vitis RTL kernel: the core with an AXI4-Lite port for control, an AXI4 master for everything
// else (commands, program, memory, tables, results), and an interrupt. docs/hardware.md has the registers and commands.
//
// Ports are called as AMD's tools want them, which make interfaces of these names.
module kernel #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter TableFile = "generated/function_table.hex"
) (
  input  logic         ap_clk,
  input  logic         ap_rst_n,
  output logic         interrupt,
  input  logic         s_axi_control_awvalid,
  output logic         s_axi_control_awready,
  input  logic [7:0]   s_axi_control_awaddr,
  input  logic         s_axi_control_wvalid,
  output logic         s_axi_control_wready,
  input  logic [31:0]  s_axi_control_wdata,
  input  logic [3:0]   s_axi_control_wstrb,
  output logic         s_axi_control_bvalid,
  input  logic         s_axi_control_bready,
  output logic [1:0]   s_axi_control_bresp,
  input  logic         s_axi_control_arvalid,
  output logic         s_axi_control_arready,
  input  logic [7:0]   s_axi_control_araddr,
  output logic         s_axi_control_rvalid,
  input  logic         s_axi_control_rready,
  output logic [31:0]  s_axi_control_rdata,
  output logic [1:0]   s_axi_control_rresp,
  output logic         m_axi_gmem_awvalid,
  input  logic         m_axi_gmem_awready,
  output logic [63:0]  m_axi_gmem_awaddr,
  output logic [7:0]   m_axi_gmem_awlen,
  output logic [2:0]   m_axi_gmem_awsize,
  output logic [1:0]   m_axi_gmem_awburst,
  output logic         m_axi_gmem_wvalid,
  input  logic         m_axi_gmem_wready,
  output logic [127:0] m_axi_gmem_wdata,
  output logic [15:0]  m_axi_gmem_wstrb,
  output logic         m_axi_gmem_wlast,
  input  logic         m_axi_gmem_bvalid,
  output logic         m_axi_gmem_bready,
  input  logic [1:0]   m_axi_gmem_bresp,
  output logic         m_axi_gmem_arvalid,
  input  logic         m_axi_gmem_arready,
  output logic [63:0]  m_axi_gmem_araddr,
  output logic [7:0]   m_axi_gmem_arlen,
  output logic [2:0]   m_axi_gmem_arsize,
  output logic [1:0]   m_axi_gmem_arburst,
  input  logic         m_axi_gmem_rvalid,
  output logic         m_axi_gmem_rready,
  input  logic [127:0] m_axi_gmem_rdata,
  input  logic [1:0]   m_axi_gmem_rresp,
  input  logic         m_axi_gmem_rlast
);

  localparam logic [63:0] AcceleratorHash = kernel_pkg::hash_of(Config);
  localparam int unsigned Width = Config.rows > Config.lanes ? Config.rows : Config.lanes;

  logic start, abort, fault, busy, done, aligned;
  logic [63:0] commands, results, cycles;
  logic [255:0] busy_cycles;
  logic [31:0] command_beats, result_beats, most_cycles, error_beat, written;
  logic [4:0] error;

  kernel_registers #(.AcceleratorHash(AcceleratorHash)) u_registers (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .awvalid_i(s_axi_control_awvalid),
    .awready_o(s_axi_control_awready), .awaddr_i(s_axi_control_awaddr),
    .wvalid_i(s_axi_control_wvalid), .wready_o(s_axi_control_wready),
    .wdata_i(s_axi_control_wdata), .wstrb_i(s_axi_control_wstrb),
    .bvalid_o(s_axi_control_bvalid), .bready_i(s_axi_control_bready),
    .bresp_o(s_axi_control_bresp), .arvalid_i(s_axi_control_arvalid),
    .arready_o(s_axi_control_arready), .araddr_i(s_axi_control_araddr),
    .rvalid_o(s_axi_control_rvalid), .rready_i(s_axi_control_rready),
    .rdata_o(s_axi_control_rdata), .rresp_o(s_axi_control_rresp), .interrupt_o(interrupt),
    .start_o(start), .abort_o(abort), .fault_o(fault), .busy_i(busy), .done_i(done),
    .commands_o(commands), .results_o(results), .command_beats_o(command_beats),
    .result_beats_o(result_beats), .most_cycles_o(most_cycles), .error_i(error),
    .error_beat_i(error_beat), .written_i(written), .cycles_i(cycles), .busy_cycles_i(busy_cycles)
  );

  localparam int unsigned BurstBits = $clog2(kernel_pkg::BurstBeats * kernel_pkg::BeatBits / 8);
  assign aligned = commands[BurstBits-1:0] == '0 && results[BurstBits-1:0] == '0;

  logic stream_start, stream_stop, reader_idle, reader_error, writer_idle, writer_error;
  logic beat_valid, beat_take, result_ready, result_valid;
  logic [127:0] beat, result;

  kernel_reader u_reader (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .start_i(stream_start), .address_i(commands),
    .beats_i(command_beats), .stop_i(stream_stop), .idle_o(reader_idle), .error_o(reader_error),
    .valid_o(beat_valid), .beat_o(beat), .take_i(beat_take), .arvalid_o(m_axi_gmem_arvalid),
    .arready_i(m_axi_gmem_arready), .araddr_o(m_axi_gmem_araddr), .arlen_o(m_axi_gmem_arlen),
    .rvalid_i(m_axi_gmem_rvalid), .rready_o(m_axi_gmem_rready), .rdata_i(m_axi_gmem_rdata),
    .rresp_i(m_axi_gmem_rresp), .rlast_i(m_axi_gmem_rlast)
  );
  kernel_writer u_writer (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .start_i(stream_start), .address_i(results),
    .flush_i(stream_stop), .idle_o(writer_idle), .error_o(writer_error), .ready_o(result_ready),
    .valid_i(result_valid), .beat_i(result), .awvalid_o(m_axi_gmem_awvalid),
    .awready_i(m_axi_gmem_awready), .awaddr_o(m_axi_gmem_awaddr), .awlen_o(m_axi_gmem_awlen),
    .wvalid_o(m_axi_gmem_wvalid), .wready_i(m_axi_gmem_wready), .wdata_o(m_axi_gmem_wdata),
    .wlast_o(m_axi_gmem_wlast), .bvalid_i(m_axi_gmem_bvalid), .bready_o(m_axi_gmem_bready),
    .bresp_i(m_axi_gmem_bresp)
  );
  // Whole beats at rising addresses.
  assign m_axi_gmem_awsize = 3'($clog2(kernel_pkg::BeatBits / 8));
  assign m_axi_gmem_arsize = m_axi_gmem_awsize;
  assign m_axi_gmem_awburst = 2'b01;
  assign m_axi_gmem_arburst = 2'b01;
  assign m_axi_gmem_wstrb = '1;

  logic core_rst_n, core_start, core_busy, core_clash, program_write, table_write;
  logic memory_read, memory_write;
  logic [16*Config.list_registers-1:0] lists;
  logic [15:0] tokens;
  logic [63:0] dropout_key;
  logic [$clog2(Config.program_words)-3:0] program_row;
  logic [127:0] program_data;
  logic [$clog2(Config.tables)-1:0] table_number;
  logic [$clog2(Config.lanes)-1:0] table_lane;
  logic [31:0] table_entry;
  logic [19:0] memory_address;
  logic [32*Width-1:0] memory_in, memory_out;

  kernel_engine #(.Config(Config), .AcceleratorHash(AcceleratorHash)) u_engine (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .start_i(start), .abort_i(abort), .fault_i(fault),
    .busy_o(busy), .done_o(done), .aligned_i(aligned),
    .command_beats_i(command_beats), .result_beats_i(result_beats), .most_cycles_i(most_cycles),
    .error_o(error), .error_beat_o(error_beat), .written_o(written),
    .stream_start_o(stream_start), .stream_stop_o(stream_stop), .reader_idle_i(reader_idle),
    .reader_error_i(reader_error), .beat_valid_i(beat_valid), .beat_i(beat),
    .beat_take_o(beat_take), .writer_idle_i(writer_idle), .writer_error_i(writer_error),
    .result_ready_i(result_ready), .result_valid_o(result_valid), .result_o(result),
    .core_rst_no(core_rst_n), .core_start_o(core_start), .core_busy_i(core_busy),
    .core_clash_i(core_clash), .lists_o(lists), .tokens_o(tokens), .dropout_key_o(dropout_key),
    .program_write_o(program_write), .program_row_o(program_row), .program_data_o(program_data),
    .table_write_o(table_write), .table_o(table_number), .table_lane_o(table_lane),
    .table_entry_o(table_entry), .memory_read_o(memory_read), .memory_write_o(memory_write),
    .memory_address_o(memory_address), .memory_data_o(memory_in), .memory_data_i(memory_out)
  );
  core #(.Config(Config), .TableFile(TableFile)) u_core (
    .clk_i(ap_clk), .fast_clk_i(ap_clk), .rst_ni(core_rst_n), .start_i(core_start), .hold_i(1'b0),
    .busy_o(core_busy),
    .clash_o(core_clash), .cycles_o(cycles), .busy_cycles_o(busy_cycles), .lists_i(lists),
    .tokens_i(tokens), .dropout_key_i(dropout_key), .program_write_i(program_write),
    .program_row_i(program_row), .program_data_i(program_data), .table_write_i(table_write),
    .table_i(table_number), .table_lane_i(table_lane), .table_entry_i(table_entry),
    .memory_read_i(memory_read), .memory_write_i(memory_write),
    .memory_address_i(memory_address), .memory_data_i(memory_in), .memory_data_o(memory_out)
  );

  if (Config.fold != 1) begin : gen_refused
    $error("folded lanes want a second clock, which this kernel does not have");
  end

`ifndef SYNTHESIS
  axi_lite_rules u_control_rules (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .awvalid_i(s_axi_control_awvalid),
    .awready_i(s_axi_control_awready), .awaddr_i(s_axi_control_awaddr),
    .wvalid_i(s_axi_control_wvalid), .wready_i(s_axi_control_wready),
    .wdata_i(s_axi_control_wdata), .wstrb_i(s_axi_control_wstrb),
    .bvalid_i(s_axi_control_bvalid), .bready_i(s_axi_control_bready),
    .bresp_i(s_axi_control_bresp), .arvalid_i(s_axi_control_arvalid),
    .arready_i(s_axi_control_arready), .araddr_i(s_axi_control_araddr),
    .rvalid_i(s_axi_control_rvalid), .rready_i(s_axi_control_rready),
    .rdata_i(s_axi_control_rdata), .rresp_i(s_axi_control_rresp)
  );
  axi_master_rules u_gmem_rules (
    .clk_i(ap_clk), .rst_ni(ap_rst_n), .awvalid_i(m_axi_gmem_awvalid),
    .awready_i(m_axi_gmem_awready), .awaddr_i(m_axi_gmem_awaddr), .awlen_i(m_axi_gmem_awlen),
    .awsize_i(m_axi_gmem_awsize), .awburst_i(m_axi_gmem_awburst), .wvalid_i(m_axi_gmem_wvalid),
    .wready_i(m_axi_gmem_wready), .wdata_i(m_axi_gmem_wdata), .wstrb_i(m_axi_gmem_wstrb),
    .wlast_i(m_axi_gmem_wlast), .bvalid_i(m_axi_gmem_bvalid), .bready_i(m_axi_gmem_bready),
    .bresp_i(m_axi_gmem_bresp), .arvalid_i(m_axi_gmem_arvalid), .arready_i(m_axi_gmem_arready),
    .araddr_i(m_axi_gmem_araddr), .arlen_i(m_axi_gmem_arlen), .arsize_i(m_axi_gmem_arsize),
    .arburst_i(m_axi_gmem_arburst), .rvalid_i(m_axi_gmem_rvalid), .rready_i(m_axi_gmem_rready),
    .rdata_i(m_axi_gmem_rdata), .rresp_i(m_axi_gmem_rresp), .rlast_i(m_axi_gmem_rlast)
  );
`endif

endmodule
