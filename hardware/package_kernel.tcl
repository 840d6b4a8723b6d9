# SPDX-License-Identifier: Apache-2.0
# Packages the kernel as a Vitis object: vivado -mode batch -source package_kernel.tcl -tclargs PART TOP.v OUT.xo
#
# PART: of spec/devices.toml; TOP.v: bittern.v with its configuration (hardware/build). Works in the current directory.
if {$argc != 3} { error "usage: -tclargs PART TOP.v OUT.xo" }
lassign $argv part top out
set here [file dirname [file normalize [info script]]]
set rtl [file join $here .. rtl]

create_project -force kernel project -part $part
# Packages first; benches and assertions on buses are for simulation.
set sources [list $rtl/generated/bittern_pkg.sv $rtl/core_pkg.sv $rtl/generated/kernel_pkg.sv]
foreach file [lsort [glob $rtl/*.sv]] {
  if {[lsearch $sources $file] < 0 && ![string match *_bench.sv $file] && ![string match *_rules.sv $file]} {
    lappend sources $file
  }
}
add_files -norecurse [concat $sources [list $top $rtl/generated/function_table.hex]]
set_property file_type {Memory File} [get_files function_table.hex]
set_property top bittern [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir ip -vendor bittern -library kernel -taxonomy /KernelIP -import_files -force
set core [ipx::current_core]
set_property name bittern $core
set_property version 1.0 $core
set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property ipi_drc {ignore_freq_hz true} $core
foreach bus {s_axi_control m_axi_gmem} {
  ipx::associate_bus_interfaces -busif $bus -clock ap_clk $core
}
ipx::infer_bus_interface interrupt xilinx.com:signal:interrupt_rtl:1.0 $core
ipx::update_checksums $core
ipx::save_core $core
package_xo -force -xo_path $out -kernel_name bittern -ip_directory ip -kernel_xml $here/kernel.xml
