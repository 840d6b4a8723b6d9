# SPDX-License-Identifier: Apache-2.0
# Sourced before opt_design. The core's reset goes all over the chip. It says that it is busy for 16 cycles more behind
# the release, so that the release may take four of them to arrive.
set release [get_pins -hier -filter {NAME =~ */u_core/rst_n_reg*/C}]
set resets [get_pins -hier -filter {NAME =~ */u_core/* && (REF_PIN_NAME == CLR || REF_PIN_NAME == PRE)}]
set_multicycle_path 4 -setup -from $release -to $resets
set_multicycle_path 3 -hold -from $release -to $resets
