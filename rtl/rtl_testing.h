// SPDX-License-Identifier: Apache-2.0
// Support for the tests of modules.
#ifndef BITTERN_RTL_RTL_TESTING_H_
#define BITTERN_RTL_RTL_TESTING_H_

#include <verilated.h>
#if VM_TRACE_FST
#include <verilated_fst_c.h>
#endif

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace bittern {

// `bits` bits from bit `at` on of a port of any width: Verilator gives wide ones as words.
template <class Port>
uint64_t GetBits(const Port& port, size_t at, size_t bits) {
  uint64_t value = 0;
  for (size_t i = 0; i < bits; ++i) {
    uint64_t bit = 0;
    if constexpr (std::is_integral_v<Port>) {
      bit = uint64_t{port} >> (at + i) & 1;
    } else {
      bit = port[(at + i) / 32] >> (at + i) % 32 & 1;
    }
    value |= bit << i;
  }
  return value;
}
template <class Port>
void SetBits(Port& port, size_t at, size_t bits, uint64_t value) {
  for (size_t i = 0; i < bits; ++i) {
    const uint64_t bit = value >> i & 1;
    if constexpr (std::is_integral_v<Port>) {
      port = static_cast<Port>((uint64_t{port} & ~(uint64_t{1} << (at + i))) | bit << (at + i));
    } else {
      auto& word = port[(at + i) / 32];
      word = (word & ~(1u << (at + i) % 32)) | static_cast<uint32_t>(bit) << (at + i) % 32;
    }
  }
}

// A module with one clock, clk_i or ap_clk, or with a fast one beside it, of which `fold` cycles
// are one of the other. Inputs are set before Step, and outputs read behind it are those after the
// edge.
template <class Model>
class Clocked {
 public:
  // `seed` is what registers hold at the start: random, and the same again for the same seed.
  explicit Clocked(int seed = 1, int fold = 1) : fold_(fold) {
    context_.randSeed(seed);
#if VM_TRACE_FST
    context_.traceEverOn(true);
#endif
    context_.randReset(2);
    model_ = std::make_unique<Model>(&context_);
    SetClock(0);
    SetFastClock(0);
    model_->eval();
  }
  ~Clocked() {
    // The model leaves the thread's context, which may be that of another one that is gone.
    Verilated::threadContextp(&context_);
    model_->final();
#if VM_TRACE_FST
    if (trace_) trace_->close();
#endif
    model_.reset();
  }

  Model* operator->() { return model_.get(); }
  const Model* operator->() const { return model_.get(); }
  Model& operator*() { return *model_; }
  void Step() {
    for (int cycle = 1; cycle <= fold_; ++cycle) {
      if (cycle == fold_) SetClock(1);
      SetFastClock(1);
      Evaluate();
      SetClock(0);
      SetFastClock(0);
      Evaluate();
    }
  }

  // Switches the modules' assertions on or off. Contents of registers before a reset may break
  // them.
  void SetAssertions(bool on) { context_.assertOn(on); }

  // Waveforms from now on; a cycle of the fastest clock takes two units of time.
  void Trace(const std::string& path) {
#if VM_TRACE_FST
    trace_ = std::make_unique<VerilatedFstC>();
    model_->trace(trace_.get(), 99);
    trace_->open(path.c_str());
    if (!trace_->isOpen()) Fail("{}: cannot be written", path);
#else
    Fail("{}: this build writes no waveforms; configure it with -DBITTERN_RTL_TRACE=ON", path);
#endif
  }

 private:
  void SetClock(uint8_t level) {
    if constexpr (requires(Model & m) { m.clk_i; }) {
      model_->clk_i = level;
    } else {
      model_->ap_clk = level;
    }
  }
  void SetFastClock(uint8_t level) {
    if constexpr (requires(Model & m) { m.fast_clk_i; }) model_->fast_clk_i = level;
  }
  void Evaluate() {
    model_->eval();
#if VM_TRACE_FST
    if (trace_) trace_->dump(context_.time());
    context_.timeInc(1);
#endif
  }

  int fold_;
  VerilatedContext context_;
#if VM_TRACE_FST
  std::unique_ptr<VerilatedFstC> trace_;
#endif
  std::unique_ptr<Model> model_;
};

}  // namespace bittern

#endif  // BITTERN_RTL_RTL_TESTING_H_
