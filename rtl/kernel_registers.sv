// SPDX-License-Identifier: Apache-2.0
// The kernel's registers behind AXI4-Lite: start, done and interrupt as ap_ctrl_hs has them, the run's arguments, and
// what a run left. spec/kernel.toml lists them.
//
// One write and one read at a time. Every access is answered with OKAY; one that is not allowed does nothing and sets
// `fault_o` for a cycle.
module kernel_registers #(
  parameter logic [63:0] AcceleratorHash = '0,
  localparam int unsigned AddressBits = kernel_pkg::AddressBits
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  // AXI4-Lite.
  input  logic                   awvalid_i,
  output logic                   awready_o,
  input  logic [AddressBits-1:0] awaddr_i,
  input  logic                   wvalid_i,
  output logic                   wready_o,
  input  logic [31:0]            wdata_i,
  input  logic [3:0]             wstrb_i,
  output logic                   bvalid_o,
  input  logic                   bready_i,
  output logic [1:0]             bresp_o,
  input  logic                   arvalid_i,
  output logic                   arready_o,
  input  logic [AddressBits-1:0] araddr_i,
  output logic                   rvalid_o,
  input  logic                   rready_i,
  output logic [31:0]            rdata_o,
  output logic [1:0]             rresp_o,
  output logic                   interrupt_o,
  // The engine.
  output logic                   start_o,    // for a cycle, while busy_i is 0
  output logic                   abort_o,    // for a cycle
  output logic                   fault_o,    // for a cycle
  input  logic                   busy_i,
  input  logic                   done_i,     // for a cycle
  output logic [63:0]            commands_o,
  output logic [63:0]            results_o,
  output logic [31:0]            command_beats_o,
  output logic [31:0]            result_beats_o,
  output logic [31:0]            most_cycles_o,
  input  logic [4:0]             error_i,
  input  logic [31:0]            error_beat_i,
  input  logic [31:0]            written_i,
  input  logic [63:0]            cycles_i,
  input  logic [255:0]           busy_cycles_i
);

  // Writes ----------------------------------------------------------------------------------------

  // Address and data come in any order.
  logic aw_q, w_q, write, known, argument;
  logic [AddressBits-1:0] waddr_q;
  logic [31:0] wdata_q, mask;
  logic [3:0] wstrb_q;

  assign awready_o = !aw_q;
  assign wready_o = !w_q;
  assign write = aw_q && w_q && !bvalid_o;
  assign bresp_o = 2'b00;
  assign mask = {{8{wstrb_q[3]}}, {8{wstrb_q[2]}}, {8{wstrb_q[1]}}, {8{wstrb_q[0]}}};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_q <= 1'b0;
      w_q <= 1'b0;
      bvalid_o <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) aw_q <= 1'b1;
      if (wvalid_i && wready_o) w_q <= 1'b1;
      if (write) begin
        aw_q <= 1'b0;
        w_q <= 1'b0;
        bvalid_o <= 1'b1;
      end else if (bready_i) begin
        bvalid_o <= 1'b0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (awvalid_i && awready_o) waddr_q <= awaddr_i;
    if (wvalid_i && wready_o) begin
      wdata_q <= wdata_i;
      wstrb_q <= wstrb_i;
    end
  end

  logic interrupt_all_q;
  logic [1:0] interrupt_enable_q, interrupt_status_q;
  logic [1:0] flips;
  logic start_q, done_q, read_control, starts;

  always_comb begin
    known = 1'b1;
    argument = 1'b0;
    unique case (waddr_q)
      kernel_pkg::RegisterControl, kernel_pkg::RegisterInterruptEnableAll,
      kernel_pkg::RegisterInterruptEnable, kernel_pkg::RegisterInterruptStatus,
      kernel_pkg::RegisterReset: ;
      kernel_pkg::RegisterCommandsLow, kernel_pkg::RegisterCommandsHigh,
      kernel_pkg::RegisterResultsLow, kernel_pkg::RegisterResultsHigh,
      kernel_pkg::RegisterCommandBeats, kernel_pkg::RegisterResultBeats,
      kernel_pkg::RegisterMostCycles: argument = 1'b1;
      default: known = 1'b0;
    endcase
  end

  logic write_fault, read_fault;
  assign write_fault = write && (!known || (argument && (busy_i || start_q)));
  assign start_o = start_q && !busy_i;
  // A start while it runs does nothing, as in every ap_ctrl_hs.
  assign starts = write && waddr_q == kernel_pkg::RegisterControl && wdata_q[0] && wstrb_q[0]
                  && !start_q && !busy_i;
  assign flips = write && waddr_q == kernel_pkg::RegisterInterruptStatus && wstrb_q[0] ? wdata_q[1:0] : '0;
  assign abort_o = write && waddr_q == kernel_pkg::RegisterReset && wdata_q[0] && wstrb_q[0];
  assign fault_o = write_fault || read_fault;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      interrupt_all_q <= 1'b0;
      interrupt_enable_q <= '0;
      interrupt_status_q <= '0;
      start_q <= 1'b0;
      done_q <= 1'b0;
      commands_o <= '0;
      results_o <= '0;
      command_beats_o <= '0;
      result_beats_o <= '0;
      most_cycles_o <= 32'h0100_0000;
    end else begin
      if (read_control || starts) done_q <= 1'b0;
      if (starts) start_q <= 1'b1;
      if (done_i) begin
        done_q <= 1'b1;
        start_q <= 1'b0;
      end
      // What is done is told, also where the host takes an earlier word of it in this cycle.
      interrupt_status_q <= (interrupt_status_q ^ flips)
                            | (done_i ? interrupt_enable_q : '0);
      if (write && !write_fault) begin
        unique case (waddr_q)
          kernel_pkg::RegisterInterruptEnableAll: if (wstrb_q[0]) interrupt_all_q <= wdata_q[0];
          kernel_pkg::RegisterInterruptEnable: if (wstrb_q[0]) interrupt_enable_q <= wdata_q[1:0];
          kernel_pkg::RegisterCommandsLow: begin
            commands_o[31:0] <= (commands_o[31:0] & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterCommandsHigh: begin
            commands_o[63:32] <= (commands_o[63:32] & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterResultsLow: begin
            results_o[31:0] <= (results_o[31:0] & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterResultsHigh: begin
            results_o[63:32] <= (results_o[63:32] & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterCommandBeats: begin
            command_beats_o <= (command_beats_o & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterResultBeats: begin
            result_beats_o <= (result_beats_o & ~mask) | (wdata_q & mask);
          end
          kernel_pkg::RegisterMostCycles: begin
            most_cycles_o <= (most_cycles_o & ~mask) | (wdata_q & mask);
          end
          default: ;
        endcase
      end
    end
  end

  assign interrupt_o = interrupt_all_q && interrupt_status_q != '0;

  // Reads -----------------------------------------------------------------------------------------

  logic read, unknown;
  logic [31:0] data;

  assign arready_o = !rvalid_o;
  assign read = arvalid_i && arready_o;
  assign rresp_o = 2'b00;
  assign read_control = read && araddr_i == kernel_pkg::RegisterControl;
  assign read_fault = read && unknown;

  always_comb begin
    unknown = 1'b0;
    data = '0;
    unique case (araddr_i)
      kernel_pkg::RegisterControl: data = {28'h0, done_q, !busy_i && !start_q, done_q, start_q};
      kernel_pkg::RegisterInterruptEnableAll: data = {31'h0, interrupt_all_q};
      kernel_pkg::RegisterInterruptEnable: data = {30'h0, interrupt_enable_q};
      kernel_pkg::RegisterInterruptStatus: data = {30'h0, interrupt_status_q};
      kernel_pkg::RegisterCommandsLow: data = commands_o[31:0];
      kernel_pkg::RegisterCommandsHigh: data = commands_o[63:32];
      kernel_pkg::RegisterResultsLow: data = results_o[31:0];
      kernel_pkg::RegisterResultsHigh: data = results_o[63:32];
      kernel_pkg::RegisterCommandBeats: data = command_beats_o;
      kernel_pkg::RegisterResultBeats: data = result_beats_o;
      kernel_pkg::RegisterMostCycles: data = most_cycles_o;
      kernel_pkg::RegisterError: data = {27'h0, error_i};
      kernel_pkg::RegisterErrorBeat: data = error_beat_i;
      kernel_pkg::RegisterResultsWritten: data = written_i;
      kernel_pkg::RegisterCyclesLow: data = cycles_i[31:0];
      kernel_pkg::RegisterCyclesHigh: data = cycles_i[63:32];
      kernel_pkg::RegisterLoadBusyLow: data = busy_cycles_i[31:0];
      kernel_pkg::RegisterLoadBusyHigh: data = busy_cycles_i[63:32];
      kernel_pkg::RegisterStreamBusyLow: data = busy_cycles_i[95:64];
      kernel_pkg::RegisterStreamBusyHigh: data = busy_cycles_i[127:96];
      kernel_pkg::RegisterDrainBusyLow: data = busy_cycles_i[159:128];
      kernel_pkg::RegisterDrainBusyHigh: data = busy_cycles_i[191:160];
      kernel_pkg::RegisterVectorBusyLow: data = busy_cycles_i[223:192];
      kernel_pkg::RegisterVectorBusyHigh: data = busy_cycles_i[255:224];
      kernel_pkg::RegisterVersion: data = kernel_pkg::Version;
      kernel_pkg::RegisterSpecHashLow: data = bittern_pkg::SpecHash[31:0];
      kernel_pkg::RegisterSpecHashHigh: data = bittern_pkg::SpecHash[63:32];
      kernel_pkg::RegisterAcceleratorHashLow: data = AcceleratorHash[31:0];
      kernel_pkg::RegisterAcceleratorHashHigh: data = AcceleratorHash[63:32];
      default: unknown = 1'b1;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rvalid_o <= 1'b0;
    end else begin
      if (read) rvalid_o <= 1'b1;
      else if (rready_i) rvalid_o <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) if (read) rdata_o <= data;

endmodule
