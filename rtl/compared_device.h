// SPDX-License-Identifier: Apache-2.0
// A device and the simulator side by side: the same calls to both, and after every run the same
// words.
//
// Where a word differs, runs of ever shorter beginnings of the program from the same memory find
// the instruction that first leaves it so; the error says which, of which unit, where, and both
// values. Words that nobody has written are not compared: they are random here and 0 there.
#ifndef BITTERN_RTL_COMPARED_DEVICE_H_
#define BITTERN_RTL_COMPARED_DEVICE_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accelerator/device/device.h"
#include "accelerator/simulator/simulated_device.h"

namespace bittern {

class ComparedDevice : public Device {
 public:
  explicit ComparedDevice(std::unique_ptr<Device> device);

  const isa::Accelerator& accelerator() const override { return device_->accelerator(); }
  void LoadProgram(const isa::Program& program) override;
  void WriteWords(uint32_t address, std::span<const float> values) override;
  void ReadWords(uint32_t address, std::span<float> values) override;
  void WriteTable(uint32_t table, std::span<const int32_t> entries) override;
  void WriteRegisters(const HostRegisters& registers) override;
  void Start() override;
  // Fails at a difference of memory or cycles.
  void Wait() override;
  Counters ReadCounters() override { return device_->ReadCounters(); }

 private:
  struct Difference {
    uint32_t address = 0;
    int64_t lane = 0;
    float device = 0, simulator = 0;
  };
  using Memory = std::array<MemoryRegion, kRegions>;

  std::optional<Difference> Compare();
  // From the memory that the run began with.
  std::optional<Difference> Rerun(const isa::Program& program);
  std::string Describe(const Difference& last);

  std::unique_ptr<Device> device_;
  SimulatedDevice simulated_;
  isa::Program program_;
  Memory before_;
};

}  // namespace bittern

#endif  // BITTERN_RTL_COMPARED_DEVICE_H_
