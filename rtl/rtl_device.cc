#include "rtl_device.h"

#include <cmath>
#include <limits>

#include "Vcore.h"
#include "arith/binary32.h"
#include "base/error.h"
#include "isa/accelerator.h"
#include "rtl_testing.h"

namespace bittern {

struct RtlDevice::Model {
  explicit Model(int seed) : core(seed), accelerator(isa::AcceleratorNamed("nano")) {
    // Inputs begin with random values as registers do.
    core->start_i = core->program_write_i = core->table_write_i = 0;
    core->memory_read_i = core->memory_write_i = 0;
    core.SetAssertions(false);
    core->rst_ni = 0;
    for (int i = 0; i < 4; ++i) core.Step();
    core->rst_ni = 1;
    core.SetAssertions(true);
    while (core->busy_o != 0) core.Step();
  }

  // The width of a word of the region.
  size_t WidthOf(uint32_t address) const {
    const uint32_t region = address >> 18;
    return region == 0   ? static_cast<size_t>(accelerator.lanes)
           : region == 1 ? static_cast<size_t>(accelerator.rows)
                         : 1;
  }

  Clocked<Vcore> core;
  const isa::Accelerator& accelerator;
};

RtlDevice::RtlDevice(int seed) : model_(std::make_unique<Model>(seed)) {}
RtlDevice::~RtlDevice() = default;

const isa::Accelerator& RtlDevice::accelerator() const { return model_->accelerator; }

void RtlDevice::LoadProgram(const isa::Program& program) {
  if (program.accelerator != accelerator().name) {
    Fail("the program was compiled for accelerator {}, this is {}", program.accelerator,
         accelerator().name);
  }
  if (std::ssize(program.words) > accelerator().program_words) {
    Fail("the program has {} words, accelerator {} holds {}", program.words.size(),
         accelerator().name, accelerator().program_words);
  }
  auto& core = model_->core;
  core->program_write_i = 1;
  for (size_t row = 0; 4 * row < program.words.size(); ++row) {
    core->program_row_i = static_cast<uint16_t>(row);
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = 4 * row + i;
      core->program_data_i[i] = at < program.words.size() ? program.words[at] : 0;
    }
    core.Step();
  }
  core->program_write_i = 0;
  for (const isa::Constant& constant : program.constants) {
    WriteWords(constant.address, std::span(&constant.value, 1));
  }
}

void RtlDevice::WriteWords(uint32_t address, std::span<const float> values) {
  auto& core = model_->core;
  const size_t width = model_->WidthOf(address);
  core->memory_write_i = 1;
  for (size_t at = 0; at < values.size(); at += width, ++address) {
    core->memory_address_i = address;
    for (size_t l = 0; l < width; ++l) {
      const float x = values[at + l];
      core->memory_data_i[l] =
          FloatBits(std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x);
    }
    core.Step();
  }
  core->memory_write_i = 0;
  core.Step();  // what is written can be read
}

void RtlDevice::ReadWords(uint32_t address, std::span<float> values) {
  auto& core = model_->core;
  const size_t width = model_->WidthOf(address);
  core->memory_read_i = 1;
  // A word a cycle, two cycles from its address.
  for (size_t cycle = 0; (cycle - 1) * width < values.size() || cycle < 1; ++cycle) {
    core->memory_address_i = address + static_cast<uint32_t>(cycle);
    core.Step();
    if (cycle < 1) continue;
    for (size_t l = 0; l < width; ++l) {
      const float x = FloatOfBits(core->memory_data_o[l]);
      values[(cycle - 1) * width + l] = std::isnan(x) ? std::numeric_limits<float>::quiet_NaN() : x;
    }
  }
  core->memory_read_i = 0;
}

void RtlDevice::WriteTable(uint32_t table, std::span<const int32_t> entries) {
  auto& core = model_->core;
  core->table_write_i = 1;
  core->table_i = static_cast<uint8_t>(table);
  for (size_t t = 0; t < static_cast<size_t>(accelerator().lanes); ++t) {
    core->table_lane_i = static_cast<uint8_t>(t);
    core->table_entry_i = t < entries.size() ? static_cast<uint32_t>(entries[t]) : ~0u;
    core.Step();
  }
  core->table_write_i = 0;
}

void RtlDevice::WriteRegisters(const HostRegisters& registers) {
  auto& core = model_->core;
  for (size_t n = 0; n < registers.lists.size(); ++n) {
    SetBits(core->lists_i, 16 * n, 16, registers.lists[n]);
  }
  core->tokens_i = static_cast<uint16_t>(registers.tokens);
  core->dropout_key_i = registers.dropout_key;
}

void RtlDevice::Start() {
  auto& core = model_->core;
  core->start_i = 1;
  core.Step();
  core->start_i = 0;
}

void RtlDevice::Wait() {
  auto& core = model_->core;
  int64_t clash = -1;
  for (int64_t cycle = 0; core->busy_o != 0; ++cycle) {
    if (cycle == most_cycles_) Fail("the RTL's run has not ended in {} cycles", most_cycles_);
    core.Step();
    // Registered twice on its way.
    if (core->clash_o != 0 && clash < 0) clash = static_cast<int64_t>(core->cycles_o) - 2;
  }
  if (clash >= 0 && !allow_clashes_) {
    Fail(
        "two requests met at one port of a memory bank in cycle {} of the run: the program's "
        "memory plan is wrong",
        clash);
  }
}

Counters RtlDevice::ReadCounters() {
  const auto& core = *model_->core;
  Counters counters;
  counters.cycles = static_cast<int64_t>(core.cycles_o);
  for (size_t u = 0; u < kUnits; ++u) {
    counters.busy[u] = static_cast<int64_t>(GetBits(core.busy_cycles_o, 64 * u, 64));
  }
  return counters;
}

void RtlDevice::Trace(const std::string& path) { model_->core.Trace(path); }

void RtlDevice::AllowClashes() { allow_clashes_ = true; }

}  // namespace bittern
