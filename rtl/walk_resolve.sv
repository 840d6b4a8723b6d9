// SPDX-License-Identifier: Apache-2.0
// base + v * outer + entry * table_stride of a walk, two cycles later: v is the index of the hardware
// loop, entry the table's at v. All modulo 2^24.
module walk_resolve (
  input  logic               clk_i,
  input  bittern_pkg::walk_t walk_i,
  input  logic               present_i,
  input  logic [15:0]        v_i,
  input  logic [23:0]        entry_i,  // 0 where the walk has no table
  output core_pkg::walk_t    walk_o
);

  bittern_pkg::walk_t walk1_q, walk2_q;
  logic present1_q, present2_q;
  logic [15:0] v_q;
  logic [23:0] entry_q;
  logic signed [23:0] outer_q, stride_q;

  always_ff @(posedge clk_i) begin
    walk1_q <= walk_i;
    present1_q <= present_i;
    v_q <= v_i;
    entry_q <= entry_i;
    walk2_q <= walk1_q;
    present2_q <= present1_q;
    outer_q <= 24'($signed({1'b0, v_q}) * walk1_q.outer);
    stride_q <= 24'($signed(entry_q) * walk1_q.table_stride);
  end

  assign walk_o.split = present2_q && walk2_q.split;
  assign walk_o.stride = walk2_q.stride;
  assign walk_o.base = {4'h0, walk2_q.base} + outer_q + stride_q;

  logic unused;
  assign unused = ^{walk2_q.pad, walk2_q.table_, walk2_q.table_stride, walk2_q.outer};

endmodule
