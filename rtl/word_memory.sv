// SPDX-License-Identifier: Apache-2.0
// A lane_memory of words that pass in Fold parts: the part of the cycle is written, and read.
module word_memory #(
  parameter int unsigned Width = 32,  // of a part
  parameter int unsigned Depth = 32,
  parameter int unsigned Fold = 1,
  localparam int unsigned AddressBits = $clog2(Depth),
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                   clk_i,    // the fast one
  input  logic [PhaseBits-1:0]   phase_i,
  input  logic                   write_i,
  input  logic [AddressBits-1:0] write_address_i,
  input  logic [Width-1:0]       write_data_i,
  input  logic [AddressBits-1:0] read_address_i,
  output logic [Width-1:0]       read_data_o
);

  if (Fold == 1) begin : gen_whole
    logic unused;
    assign unused = ^phase_i;
    lane_memory #(.Width(Width), .Depth(Depth)) u_words (
      .clk_i, .write_i, .write_address_i, .write_data_i, .read_address_i, .read_data_o
    );
  end else begin : gen_parts
    lane_memory #(.Width(Width), .Depth(Depth * Fold)) u_words (
      .clk_i, .write_i, .write_address_i({write_address_i, phase_i}), .write_data_i,
      .read_address_i({read_address_i, phase_i}), .read_data_o
    );
  end

endmodule
