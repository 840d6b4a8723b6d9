// SPDX-License-Identifier: Apache-2.0
// The simulator as a device.
#ifndef BITTERN_ACCELERATOR_SIMULATOR_SIMULATED_DEVICE_H_
#define BITTERN_ACCELERATOR_SIMULATOR_SIMULATED_DEVICE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "accelerator/device/device.h"
#include "accelerator/device/registry.h"
#include "accelerator/simulator/simulator.h"

namespace bittern {

class SimulatedDevice : public Device {
 public:
  explicit SimulatedDevice(const isa::Accelerator& accelerator) : simulator_(accelerator) {}

  Simulator& simulator() { return simulator_; }

  const isa::Accelerator& accelerator() const override { return simulator_.accelerator(); }
  void LoadProgram(const isa::Program& program) override { simulator_.LoadProgram(program); }
  void WriteWords(uint32_t address, std::span<const float> values) override {
    simulator_.WriteWords(address, values);
  }
  void ReadWords(uint32_t address, std::span<float> values) override {
    simulator_.ReadWords(address, values);
  }
  void WriteTable(uint32_t table, std::span<const int32_t> entries) override {
    simulator_.WriteTable(table, entries);
  }
  void WriteRegisters(const HostRegisters& registers) override {
    simulator_.WriteRegisters(registers);
  }
  void Start() override { simulator_.Run(); }
  void Wait() override {}
  Counters ReadCounters() override { return simulator_.Time().counters; }

 private:
  Simulator simulator_;
};

// "sim:u50" and the like: a simulator of every accelerator.
DeviceKind SimulatorDevices();

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_SIMULATOR_SIMULATED_DEVICE_H_
