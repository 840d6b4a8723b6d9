// SPDX-License-Identifier: Apache-2.0
// From a plane's word to the next plane's: 0, or for a split walk the words of its region by planes.
module bank_step #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano
) (
  input  core_pkg::walk_t walk_i,
  output logic [16:0]     step_o
);

  always_comb begin
    step_o = '0;
    if (walk_i.split) begin
      unique case (walk_i.base[19:18])
        2'd0: step_o = 17'(Config.tokens.banks * Config.tokens.depth / Config.planes);
        2'd1: step_o = 17'(Config.ranks.banks * Config.ranks.depth / Config.planes);
        default: step_o = 17'(Config.scalars.banks * Config.scalars.depth / Config.planes);
      endcase
    end
  end

  logic unused;
  assign unused = ^{walk_i.stride, walk_i.base};

endmodule
