// SPDX-License-Identifier: Apache-2.0
// The RTL beside the simulator, and what is said when they differ.
#include <gtest/gtest.h>

#include <memory>

#include "accelerator/isa/accelerator.h"
#include "accelerator/simulator/testing/programs.h"
#include "base/error.h"
#include "compared_device.h"
#include "core_testing.h"
#include "rtl_device.h"

namespace bittern {
namespace {

// A simulator that adds 1 to a lane of word kFaulty behind a program that writes it: as a fault
// would.
class FaultyDevice : public SimulatedDevice {
 public:
  FaultyDevice() : SimulatedDevice(isa::AcceleratorNamed("nano")) {}

  void LoadProgram(const isa::Program& program) override {
    SimulatedDevice::LoadProgram(program);
    writes_ = false;
    for (const DecodedInstruction& item : simulator().program()) {
      const auto* vector = std::get_if<isa::Vector>(&item.instruction);
      if (vector != nullptr && vector->y && vector->y->base == kFaulty) writes_ = true;
    }
  }
  void Start() override {
    SimulatedDevice::Start();
    if (writes_) simulator().state().memory[kTokenWords].values[kFaulty * 16 + 5] += 1;
  }

  static constexpr uint32_t kFaulty = 40;

 private:
  bool writes_ = false;
};

isa::Vector Copy(uint32_t from, uint32_t to) {
  isa::Vector vector;
  vector.count = {1, 1, 1, 3};
  vector.x1 = isa::Source::kA;
  vector.p1 = vector.p2 = vector.p3 = isa::Source::kOne;
  vector.a = isa::Walk{.base = from, .stride = {0, 0, 0, 1}};
  vector.y = isa::Walk{.base = to, .stride = {0, 0, 0, 1}};
  for (auto& wait : vector.wait) wait = {.distance = 1};
  return vector;
}

isa::Program Copies() {
  isa::Loop loop;
  loop.count = 4;
  const std::vector<isa::Instruction> body = {Copy(0, 30), Copy(0, FaultyDevice::kFaulty)};
  for (const isa::Instruction& instruction : body) {
    std::vector<uint32_t> words;
    isa::Encode(instruction, words);
    loop.body += static_cast<uint32_t>(words.size());
  }
  std::vector<isa::Instruction> instructions = {Copy(0, 10), Copy(0, 20), loop};
  instructions.insert(instructions.end(), body.begin(), body.end());
  instructions.push_back(Copy(10, 50));
  return ProgramOf(isa::AcceleratorNamed("nano"), instructions);
}

void RunCopies(ComparedDevice& device) {
  device.WriteWords(0, std::vector<float>(16 * 4, 1.5f));
  device.WriteRegisters({.tokens = 16});
  device.LoadProgram(Copies());
  device.Start();
  device.Wait();
}

TEST(ComparedDevice, NamesTheInstructionTheWordAndBothValues) {
  ComparedDevice device(std::make_unique<FaultyDevice>());
  try {
    RunCopies(device);
    FAIL() << "no difference was found";
  } catch (const Error& error) {
    const std::string message = error.what();
    for (const char* part : {"instruction 2", "iteration 0", "word 40 of tokens", "lane 5 is 2.5",
                             "1.5", "0x40200000", "0x3fc00000"}) {
      EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
    }
  }
}

TEST(ComparedDevice, TheRtlIsTheSame) {
  for (const int seed : {1, 2}) {
    ComparedDevice device(MakeRtlNano(seed));
    RunCopies(device);
    std::vector<float> word(16);
    device.ReadWords(50, word);
    EXPECT_EQ(word, std::vector<float>(16, 1.5f));
  }
}

}  // namespace
}  // namespace bittern
