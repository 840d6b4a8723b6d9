// SPDX-License-Identifier: Apache-2.0
// Waveforms: the file of a small model has its signals, with the values of every cycle.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "Vpipe_traced.h"
#include "base/testing/temporary_directory.h"
#include "gtkwave/fstapi.h"
#include "rtl_testing.h"

namespace bittern {
namespace {

// Reads an FST file by the functions of its own library, which Verilator comes with.
class Waveforms {
 public:
  explicit Waveforms(const std::string& path) : file_(fstReaderOpen(path.c_str())) {
    if (file_ == nullptr) return;
    while (const fstHier* entry = fstReaderIterateHier(file_)) {
      if (entry->htyp != FST_HT_VAR) continue;
      // "d_i [31:0]" names the signal d_i.
      const std::string name(entry->u.var.name, entry->u.var.name_length);
      signals_.emplace(name.substr(0, name.find(' ')),
                       Signal{entry->u.var.handle, entry->u.var.length});
    }
  }
  ~Waveforms() {
    if (file_ != nullptr) fstReaderClose(file_);
  }
  Waveforms(const Waveforms&) = delete;
  Waveforms& operator=(const Waveforms&) = delete;

  bool is_open() const { return file_ != nullptr; }
  bool Has(const std::string& signal) const { return signals_.contains(signal); }
  uint32_t Bits(const std::string& signal) const { return signals_.at(signal).bits; }
  uint64_t end_time() const { return fstReaderGetEndTime(file_); }
  uint64_t ValueAt(uint64_t time, const std::string& signal) const {
    const Signal& read = signals_.at(signal);
    std::string digits(read.bits + 1, '\0');
    const char* value = fstReaderGetValueFromHandleAtTime(file_, time, read.handle, digits.data());
    return value == nullptr ? ~uint64_t{0} : std::stoull(value, nullptr, 2);
  }

 private:
  struct Signal {
    fstHandle handle;
    uint32_t bits;
  };
  void* file_;
  std::map<std::string, Signal> signals_;
};

TEST(RtlTrace, HoldsEverySignalInEveryCycle) {
  constexpr uint64_t kCycles = 1000, kStages = 3;
  const TemporaryDirectory directory;
  const std::string path = directory.Path("pipe.fst");
  const auto input = [](uint64_t cycle) { return (cycle * cycle * 2654435761u) & 0xffffffff; };
  {
    Clocked<Vpipe_traced> model;
    model.Trace(path);
    for (uint64_t cycle = 0; cycle < kCycles; ++cycle) {
      model->d_i = static_cast<uint32_t>(input(cycle));
      model.Step();
    }
  }
  const Waveforms waveforms(path);
  ASSERT_TRUE(waveforms.is_open());
  for (const char* signal : {"clk_i", "d_i", "q_o", "stages_q"}) {
    ASSERT_TRUE(waveforms.Has(signal)) << signal;
  }
  EXPECT_EQ(waveforms.Bits("clk_i"), 1u);
  EXPECT_EQ(waveforms.Bits("d_i"), 32u);
  EXPECT_EQ(waveforms.Bits("stages_q"), 32u * kStages);
  EXPECT_EQ(waveforms.end_time(), 2 * kCycles - 1);
  // A cycle takes two units of time: the clock is high in the first, and low in the second.
  for (uint64_t cycle = 0; cycle < kCycles; ++cycle) {
    EXPECT_EQ(waveforms.ValueAt(2 * cycle, "clk_i"), 1u) << cycle;
    EXPECT_EQ(waveforms.ValueAt(2 * cycle + 1, "clk_i"), 0u) << cycle;
    EXPECT_EQ(waveforms.ValueAt(2 * cycle, "d_i"), input(cycle)) << cycle;
    if (cycle + 1 < kStages) continue;
    EXPECT_EQ(waveforms.ValueAt(2 * cycle, "q_o"), input(cycle + 1 - kStages)) << cycle;
  }
}

}  // namespace
}  // namespace bittern
