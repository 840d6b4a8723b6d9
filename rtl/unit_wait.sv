// SPDX-License-Identifier: Apache-2.0
// Whether a wait for an instruction of one unit holds.
module unit_wait (
  input  core_pkg::wait_t     wait_i,
  input  core_pkg::progress_t progress_i,  // of the unit that is waited for
  output logic                holds_o
);

  // Instructions that the unit is behind that one, less 1: the sign alone tells whether it is behind, in one
  // chain of carries.
  logic [15:0] done_behind, issued_behind;
  logic now, enough;

  assign done_behind = progress_i.done + ~wait_i.sequence_number;
  assign issued_behind = progress_i.issued + ~wait_i.sequence_number;
  assign now = progress_i.issued == wait_i.sequence_number;
  assign enough = progress_i.elements >= wait_i.elements;

  always_comb begin
    holds_o = !wait_i.valid;
    if (!wait_i.chained) begin
      if (!done_behind[15]) holds_o = 1'b1;
    end else begin
      if (wait_i.elements == '0 || (now && enough) || !issued_behind[15]) holds_o = 1'b1;
    end
  end

  logic unused;
  assign unused = ^{done_behind[14:0], issued_behind[14:0]};

endmodule
