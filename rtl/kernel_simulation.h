// SPDX-License-Identifier: Apache-2.0
// The RTL's kernel (kernel.sv) under Verilator, with what a board has around it: a host on the
// AXI4-Lite port and memory behind the AXI4 one.
//
// With a seed for back-pressure nothing comes at once: every ready and valid of host and memory is
// withheld at random, addresses and data of a register's write come in any order, memory answers
// late. Without, all come as soon as they can.
#ifndef BITTERN_RTL_KERNEL_SIMULATION_H_
#define BITTERN_RTL_KERNEL_SIMULATION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "accelerator/device/kernel_device.h"

namespace bittern {

class KernelSimulation : public KernelPort {
 public:
  // The kernel's addresses of the buffers; what lies beside them is answered with an error.
  static constexpr uint64_t kCommands = 0x4'0000'0000, kResults = 0x5'0000'0000;

  // Cycles that pass without an answer from the kernel, or until its interrupt, before that is an
  // Error.
  virtual void SetPatience(int64_t cycles) = 0;
  virtual void Step() = 0;  // a cycle
  // WriteRegister, of the bytes that `strobes` has bits for.
  virtual void WriteBytes(uint32_t offset, uint32_t value, uint8_t strobes) = 0;
  // Memory gives an error as its first answer after so many cycles.
  virtual void SpoilAnswer(int64_t cycles) = 0;
  // Asserts ap_rst_n for some cycles. Both sides forget the transactions on the bus.
  virtual void ResetAll() = 0;
  virtual bool interrupt() const = 0;
  // Waveforms from now on, as RtlDevice::Trace.
  virtual void Trace(const std::string& path) = 0;
};

// `seed` chooses the contents of registers and memory at the start, `back_pressure` the cycles in
// which the bus waits; without back-pressure if it is 0.
std::unique_ptr<KernelSimulation> MakeKernelNano(int seed = 1, uint32_t back_pressure = 0);

}  // namespace bittern

#endif  // BITTERN_RTL_KERNEL_SIMULATION_H_
