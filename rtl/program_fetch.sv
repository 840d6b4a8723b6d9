// SPDX-License-Identifier: Apache-2.0
// Program memory and the words that come next. Reads a row of four words a cycle ahead of the
// sequencer; after a jump in cycle n the next words are there from cycle n + 4 on.
module program_fetch #(
  parameter int unsigned Words = 16384,
  localparam int unsigned RowBits = $clog2(Words / 4)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 write_i,
  input  logic [RowBits-1:0]   write_row_i,
  input  logic [127:0]         write_data_i,
  input  logic                 jump_i,
  input  logic [RowBits+1:0]   target_i,   // a word
  input  logic [2:0]           take_i,     // words that are taken, up to 4
  output logic                 ready_o,
  output logic [127:0]         words_o
);

  localparam int unsigned Room = 16;

  logic [32*Room-1:0] buffer_q, buffer_d;
  logic [4:0] filled_q, left;
  logic [RowBits-1:0] row_q;
  logic [1:0] skip_q, pause_q;
  logic read, reading_q, first_q;
  logic [127:0] row;
  logic [2:0] comes;

  memory_block #(.Bits(128), .EnableBits(128), .Depth(Words / 4)) u_program (
    .clk_i, .read_address_i(row_q), .read_data_o(row), .write_i, .write_address_i(write_row_i),
    .write_data_i
  );

  // A row goes behind the words that are there, and those behind it count for nothing; of the first row behind a
  // jump the words from the target on, at the front. So word j of a row goes to words j, j + 4, ..., of the
  // buffer, turned by what is there already. What is taken leaves last, for that is known last.
  logic [32*Room-1:0] merged;
  logic [1:0] turn;
  logic [127:0] turned;

  assign turn = first_q ? skip_q : 2'd0 - filled_q[1:0];
  always_comb begin
    unique case (turn)
      2'd0: turned = row;
      2'd1: turned = {row[31:0], row[127:32]};
      2'd2: turned = {row[63:0], row[127:64]};
      default: turned = {row[95:0], row[127:96]};
    endcase
    merged = buffer_q;
    for (int unsigned i = 0; i < Room; i++) begin
      if (reading_q && 5'(i) >= filled_q) merged[32*i +: 32] = turned[32*(i%4) +: 32];
    end
  end
  assign comes = !reading_q ? 3'd0 : (first_q ? 3'd4 - {1'b0, skip_q} : 3'd4);
  assign left = filled_q - {2'b00, take_i};
  assign read = {1'b0, filled_q} + (reading_q ? 6'd4 : 6'd0) + 6'd4 <= 6'(Room);
  assign ready_o = pause_q == '0;
  assign words_o = buffer_q[127:0];

  assign buffer_d = merged >> {take_i, 5'h0};

  always_ff @(posedge clk_i) buffer_q <= buffer_d;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      filled_q <= '0;
      row_q <= '0;
      skip_q <= '0;
      pause_q <= 2'd3;
      reading_q <= 1'b0;
      first_q <= 1'b0;
    end else if (jump_i) begin
      filled_q <= '0;
      row_q <= target_i[RowBits+1:2];
      skip_q <= target_i[1:0];
      pause_q <= 2'd3;
      reading_q <= 1'b0;
      first_q <= 1'b1;
    end else begin
      filled_q <= left + {2'b00, comes};
      if (read) row_q <= row_q + 1'b1;
      reading_q <= read;
      if (reading_q) first_q <= 1'b0;
      if (pause_q != '0) pause_q <= pause_q - 2'd1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (32'(take_i) <= 32'(filled_q)) else $error("words were taken that are not there");
  end
`endif

endmodule
