// The index tables: rows of T entries for the units that compare with them, and the column of the
// hardware loop's index for addresses.
module index_tables #(
  parameter int unsigned Tables = 8,
  parameter int unsigned Lanes = 16,
  localparam int unsigned TableBits = $clog2(Tables),
  localparam int unsigned LaneBits = $clog2(Lanes)
) (
  input  logic                 clk_i,
  input  logic                 write_i,
  input  logic [TableBits-1:0] write_table_i,
  input  logic [LaneBits-1:0]  write_lane_i,
  input  logic [31:0]          write_entry_i,
  // All in the same cycle. A row's number is the walk's: table + 1.
  input  logic [3:0]           stream_table_i,
  output logic [32*Lanes-1:0]  stream_row_o,
  input  logic [3:0]           vector_table_i,
  output logic [32*Lanes-1:0]  vector_row_o,
  input  logic [LaneBits-1:0]  column_i,
  output logic [24*Tables-1:0] column_o  // low bits: what an address can take
);

  logic [TableBits-1:0] stream_table, vector_table;
  assign stream_table = TableBits'(stream_table_i - 4'd1);
  assign vector_table = TableBits'(vector_table_i - 4'd1);

  for (genvar t = 0; t < Lanes; t++) begin : gen_lanes
    lane_memory #(.Width(32), .Depth(Tables)) u_stream (
      .clk_i, .write_i(write_i && 32'(write_lane_i) == t), .write_address_i(write_table_i),
      .write_data_i(write_entry_i), .read_address_i(stream_table),
      .read_data_o(stream_row_o[32*t +: 32])
    );
    lane_memory #(.Width(32), .Depth(Tables)) u_vector (
      .clk_i, .write_i(write_i && 32'(write_lane_i) == t), .write_address_i(write_table_i),
      .write_data_i(write_entry_i), .read_address_i(vector_table),
      .read_data_o(vector_row_o[32*t +: 32])
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
