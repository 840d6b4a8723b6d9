// Whether a wait for an instruction of one unit holds.
module unit_wait (
  input  core_pkg::wait_t     wait_i,
  input  core_pkg::progress_t progress_i,  // of the unit that is waited for
  output logic                holds_o
);

  logic [15:0] done_behind, issued_behind;  // instructions that the unit is behind that one

  assign done_behind = progress_i.done - wait_i.sequence_number;
  assign issued_behind = progress_i.issued - wait_i.sequence_number;

  always_comb begin
    holds_o = !wait_i.valid;
    if (!wait_i.chained) begin
      if (done_behind != '0 && !done_behind[15]) holds_o = 1'b1;
    end else begin
      if (wait_i.elements == '0) holds_o = 1'b1;
      if (issued_behind == '0 && progress_i.elements >= wait_i.elements) holds_o = 1'b1;
      if (issued_behind != '0 && !issued_behind[15]) holds_o = 1'b1;
    end
  end

endmodule
