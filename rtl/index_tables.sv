// SPDX-License-Identifier: Apache-2.0
// The index tables: rows of T entries for the units that compare with them, of which the part of the cycle
// passes, and the column of the hardware loop's index for addresses.
module index_tables #(
  parameter int unsigned Tables = 8,
  parameter int unsigned Lanes = 16,
  parameter int unsigned Fold = 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned TableBits = $clog2(Tables),
  localparam int unsigned LaneBits = $clog2(Lanes),
  localparam int unsigned FoldBits = $clog2(Fold),
  localparam int unsigned PhaseBits = Fold > 1 ? FoldBits : 1
) (
  input  logic                 clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic                 write_i,
  input  logic [TableBits-1:0] write_table_i,
  input  logic [LaneBits-1:0]  write_lane_i,
  input  logic [31:0]          write_entry_i,
  // All in the same cycle. A row's number is the walk's: table + 1.
  input  logic [3:0]           stream_table_i,
  output logic [32*Part-1:0]   stream_row_o,
  input  logic [3:0]           vector_table_i,
  output logic [32*Part-1:0]   vector_row_o,
  input  logic [LaneBits-1:0]  column_i,
  output logic [24*Tables-1:0] column_o  // low bits: what an address can take
);

  logic [TableBits-1:0] stream_table, vector_table;
  assign stream_table = TableBits'(stream_table_i - 4'd1);
  assign vector_table = TableBits'(vector_table_i - 4'd1);

  // An entry's place in its lane's memory: by table and part.
  localparam int unsigned PlaceBits = TableBits + FoldBits;
  logic [PlaceBits-1:0] write_place, stream_place, vector_place;
  assign write_place = PlaceBits'(32'(write_table_i) * Fold + 32'(write_lane_i) % Fold);
  assign stream_place = PlaceBits'(32'(stream_table) * Fold + 32'(phase_i));
  assign vector_place = PlaceBits'(32'(vector_table) * Fold + 32'(phase_i));

  for (genvar l = 0; l < Part; l++) begin : gen_lanes
    logic here;
    assign here = write_i && 32'(write_lane_i) / Fold == l;
    lane_memory #(.Width(32), .Depth(Tables * Fold)) u_stream (
      .clk_i, .write_i(here), .write_address_i(write_place),
      .write_data_i(write_entry_i),
      .read_address_i(stream_place),
      .read_data_o(stream_row_o[32*l +: 32])
    );
    lane_memory #(.Width(32), .Depth(Tables * Fold)) u_vector (
      .clk_i, .write_i(here), .write_address_i(write_place),
      .write_data_i(write_entry_i),
      .read_address_i(vector_place),
      .read_data_o(vector_row_o[32*l +: 32])
    );
  end
  for (genvar n = 0; n < Tables; n++) begin : gen_tables
    lane_memory #(.Width(24), .Depth(1 << LaneBits)) u_column (
      .clk_i, .write_i(write_i && 32'(write_table_i) == n), .write_address_i(write_lane_i),
      .write_data_i(write_entry_i[23:0]), .read_address_i(column_i),
      .read_data_o(column_o[24*n +: 24])
    );
  end

endmodule
