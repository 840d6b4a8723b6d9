// SPDX-License-Identifier: Apache-2.0
// The lanes of a slice of a token word, for a factor that is one; a rank word or a scalar stays as it is. A number too
// large gives zeros, and so do lanes beyond the word's.
//
// The choice comes with the address, two cycles before the word. With folded lanes the word's parts come a cycle
// before those of a beat in which the factor is not there yet, and are gathered for the next.
module slice_of #(
  parameter int unsigned Rows = 4,
  parameter int unsigned Lanes = 16,
  parameter int unsigned Fold = 1,
  localparam int unsigned Part = Lanes / Fold,
  localparam int unsigned PhaseBits = Fold > 1 ? $clog2(Fold) : 1
) (
  input  logic                 clk_i,       // beats
  input  logic                 fast_clk_i,
  input  logic [PhaseBits-1:0] phase_i,
  input  logic                 sliced_i,
  input  logic [7:0]           slice_i,
  input  logic [32*Part-1:0]   word_i,
  input  logic [32*Rows-1:0]   factor_i,
  output logic [32*Rows-1:0]   factor_o
);

  logic unused;

  if (Fold == 1) begin : gen_whole
    logic sliced;
    logic [7:0] slice;

    pipe #(.Width(9), .Stages(2)) u_slice (.clk_i, .d_i({sliced_i, slice_i}), .q_o({sliced, slice}));
    always_comb begin
      factor_o = factor_i;
      if (sliced) begin
        factor_o = '0;
        for (int unsigned s = 0; s * Rows < Lanes; s++) begin
          if (slice == 8'(s)) factor_o = (32*Rows)'(word_i >> (32 * Rows * s));
        end
      end
    end
    assign unused = fast_clk_i ^ phase_i;
  end else begin : gen_parts
    logic [7:0] slice_q, slice;
    logic [PhaseBits-1:0] part;
    logic [32*Rows-1:0] gathered_q, gathered;

    // The part that comes; part 0 does in the last cycle of the beat of the address.
    assign part = phase_i + 1'b1;
    assign slice = part == '0 ? slice_i : slice_q;
    always_ff @(posedge clk_i) slice_q <= slice_i;
    always_ff @(posedge fast_clk_i) begin
      if (part == '0) gathered_q <= '0;
      for (int unsigned s = 0; s * Rows < Lanes; s++) begin
        for (int unsigned n = 0; n < Rows && s * Rows + n < Lanes; n++) begin
          if (slice == 8'(s) && 32'(part) == (s * Rows + n) % Fold) begin
            gathered_q[32*n +: 32] <= word_i[32*((s*Rows+n)/Fold) +: 32];
          end
        end
      end
    end
    pipe #(.Width(32 * Rows), .Stages(1)) u_gathered (.clk_i, .d_i(gathered_q), .q_o(gathered));
    assign factor_o = factor_i | gathered;
    assign unused = sliced_i;
  end

endmodule
