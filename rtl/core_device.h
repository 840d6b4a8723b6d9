// SPDX-License-Identifier: Apache-2.0
// RtlDevice for any configuration: `Core` is the class that Verilator made of core.sv with it.
#ifndef BITTERN_RTL_CORE_DEVICE_H_
#define BITTERN_RTL_CORE_DEVICE_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "accelerator/device/host_access.h"
#include "accelerator/device/numbers.h"
#include "accelerator/isa/accelerator.h"
#include "base/error.h"
#include "rtl_device.h"
#include "rtl_testing.h"

namespace bittern {

template <class Core>
class CoreDevice : public RtlDevice {
 public:
  CoreDevice(std::string_view accelerator, int seed)
      : accelerator_(isa::AcceleratorNamed(accelerator)), core_(seed, accelerator_.fold) {
    // Inputs begin with random values as registers do.
    core_->start_i = core_->hold_i = core_->program_write_i = core_->table_write_i = 0;
    core_->memory_read_i = core_->memory_write_i = 0;
    core_.SetAssertions(false);
    core_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) core_.Step();
    core_->rst_ni = 1;
    core_.SetAssertions(true);
    while (core_->busy_o != 0) core_.Step();
  }

  const isa::Accelerator& accelerator() const override { return accelerator_; }

  void LoadProgram(const isa::Program& program) override {
    CheckLoadable(accelerator(), program);
    for (size_t row = 0; 4 * row < program.words.size(); ++row) {
      Delay();
      core_->program_write_i = 1;
      core_->program_row_i = static_cast<uint16_t>(row);
      for (size_t i = 0; i < 4; ++i) {
        const size_t at = 4 * row + i;
        core_->program_data_i[i] = at < program.words.size() ? program.words[at] : 0;
      }
      core_.Step();
      core_->program_write_i = 0;
    }
    for (const isa::Constant& constant : program.constants) {
      WriteWords(constant.address, std::span(&constant.value, 1));
    }
  }

  void WriteWords(uint32_t address, std::span<const float> values) override {
    const auto width =
        static_cast<size_t>(CheckedWords(accelerator(), address, values.size()).width);
    for (size_t at = 0; at < values.size(); at += width, ++address) {
      Delay();
      core_->memory_write_i = 1;
      core_->memory_address_i = address;
      for (size_t l = 0; l < width; ++l) {
        core_->memory_data_i[l] = BitsOnDevice(values[at + l]);
      }
      core_.Step();
      core_->memory_write_i = 0;
    }
    core_.Step();  // what is written can be read
  }

  void ReadWords(uint32_t address, std::span<float> values) override {
    const auto width =
        static_cast<size_t>(CheckedWords(accelerator(), address, values.size()).width);
    // A word a cycle; it is there two cycles behind its address, or three.
    const size_t behind = accelerator_.fold > 1 ? 2 : 1;
    for (size_t cycle = 0; cycle < behind || (cycle - behind) * width < values.size(); ++cycle) {
      core_->memory_read_i = 1;
      core_->memory_address_i = address + static_cast<uint32_t>(cycle);
      core_.Step();
      if (cycle < behind) continue;
      for (size_t l = 0; l < width; ++l) {
        values[(cycle - behind) * width + l] = FloatFromDevice(core_->memory_data_o[l]);
      }
    }
    core_->memory_read_i = 0;
  }

  void WriteTable(uint32_t table, std::span<const int32_t> entries) override {
    CheckTable(accelerator(), table, entries.size());
    core_->table_i = static_cast<uint8_t>(table);
    for (size_t t = 0; t < static_cast<size_t>(accelerator().lanes); ++t) {
      Delay();
      core_->table_write_i = 1;
      core_->table_lane_i = static_cast<uint8_t>(t);
      core_->table_entry_i = t < entries.size() ? static_cast<uint32_t>(entries[t]) : ~0u;
      core_.Step();
      core_->table_write_i = 0;
    }
  }

  void WriteRegisters(const HostRegisters& registers) override {
    CheckRegisters(accelerator(), registers);
    for (size_t n = 0; n < static_cast<size_t>(accelerator().list_registers); ++n) {
      SetBits(core_->lists_i, 16 * n, 16, registers.lists[n]);
    }
    core_->tokens_i = static_cast<uint16_t>(registers.tokens);
    core_->dropout_key_i = registers.dropout_key;
  }

  void Start() override {
    Delay();
    core_->start_i = 1;
    core_.Step();
    core_->start_i = 0;
  }

  void Wait() override {
    int64_t clash = -1;
    for (int64_t cycle = 0; core_->busy_o != 0; ++cycle) {
      if (cycle == most_cycles_) Fail("the RTL's run has not ended in {} cycles", most_cycles_);
      if (stalls_) core_->hold_i = (*stalls_)() % 4 == 0;
      core_.Step();
      // Registered twice on its way.
      if (core_->clash_o != 0 && clash < 0) clash = static_cast<int64_t>(core_->cycles_o) - 2;
    }
    core_->hold_i = 0;
    if (clash >= 0 && !allow_clashes_) {
      Fail(
          "two requests met at one port of a memory bank in cycle {} of the run: the program's "
          "memory plan is wrong",
          clash);
    }
  }

  Counters ReadCounters() override {
    Counters counters;
    // The core counts beats.
    counters.cycles = static_cast<int64_t>(core_->cycles_o) * accelerator_.fold;
    for (size_t u = 0; u < isa::kUnits; ++u) {
      counters.busy[u] =
          static_cast<int64_t>(GetBits(core_->busy_cycles_o, 64 * u, 64)) * accelerator_.fold;
    }
    return counters;
  }

  void Trace(const std::string& path) override { core_.Trace(path); }
  void SetMostCycles(int64_t cycles) override { most_cycles_ = cycles; }
  void AllowClashes() override { allow_clashes_ = true; }
  void SetStalls(uint32_t seed) override { stalls_.emplace(seed); }

 private:
  // Between two writes of the host.
  void Delay() {
    while (stalls_ && (*stalls_)() % 4 == 0) core_.Step();
  }

  const isa::Accelerator& accelerator_;
  Clocked<Core> core_;
  std::optional<std::minstd_rand> stalls_;
  bool allow_clashes_ = false;
  int64_t most_cycles_ = kMostCycles;
};

}  // namespace bittern

#endif  // BITTERN_RTL_CORE_DEVICE_H_
