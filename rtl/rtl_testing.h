// What the tests of modules share.
#ifndef BITTERN_RTL_RTL_TESTING_H_
#define BITTERN_RTL_RTL_TESTING_H_

#include <verilated.h>

#include <cstdint>
#include <memory>
#include <type_traits>

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

// A module with one clock, clk_i. Inputs are set before Step, and outputs read behind it are those
// after the edge.
template <class Model>
class Clocked {
 public:
  // `seed` is what registers hold at the start: random, and the same again for the same seed.
  explicit Clocked(int seed = 1) {
    context_.randSeed(seed);
    context_.randReset(2);
    model_ = std::make_unique<Model>(&context_);
    model_->clk_i = 0;
    model_->eval();
  }
  ~Clocked() { model_->final(); }

  Model* operator->() { return model_.get(); }
  Model& operator*() { return *model_; }
  void Step() {
    model_->clk_i = 1;
    model_->eval();
    model_->clk_i = 0;
    model_->eval();
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
};

}  // namespace bittern

#endif  // BITTERN_RTL_RTL_TESTING_H_
