# Sourced before opt_design. The core's reset goes all over the chip, and behind its release nothing moves until the
# kernel has loaded a program: its arrival is no path to be met in one cycle.
set_multicycle_path 4 -setup -from [get_pins -hier -filter {NAME =~ */u_core/rst_n_reg/C}]
set_multicycle_path 3 -hold -from [get_pins -hier -filter {NAME =~ */u_core/rst_n_reg/C}]
