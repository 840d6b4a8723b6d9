// SPDX-License-Identifier: Apache-2.0
#include "accelerator/compiler/memory_map.h"

#include <gtest/gtest.h>

#include "accelerator/isa/accelerator.h"
#include "model/config.h"
#include "model/training_step.h"

namespace bittern {
namespace {

struct Compiled {
  Compiled(const std::string& config, const std::string& accelerator)
      : machine(isa::AcceleratorNamed(accelerator)),
        graph(BuildStep(LoadConfig(config), {.heads_on_every_token = true})),
        step(Compile(graph, machine)),
        map(MapOf(graph, step)) {}

  const isa::MappedTensor* Find(std::string_view name) const {
    for (const isa::MappedTensor& tensor : map.tensors) {
      if (tensor.name == name) return &tensor;
    }
    return nullptr;
  }

  const isa::Accelerator& machine;
  const Graph graph;
  const CompiledStep step;
  const isa::MemoryMap map;
};

TEST(MemoryMap, TravelsInTheProgram) {
  const Compiled nano("nano", "nano");
  const isa::Program program = ProgramOf(nano.graph, nano.step, nano.machine);
  const isa::Program read = isa::ParseProgram(isa::SerializeProgram(program), "program");
  EXPECT_EQ(isa::ParseMemoryMap(read.metadata, "map", nano.machine), nano.map);
  int64_t instructions = 0;
  for (std::span<const uint32_t> words = read.words; !words.empty(); ++instructions) {
    std::vector<uint32_t> again;
    isa::Encode(isa::Decode(words), again);
    words = words.subspan(again.size());
  }
  EXPECT_EQ(nano.map.instructions, instructions);
}

TEST(MemoryMap, SaysWhatTheHostWritesAndReads) {
  const Compiled nano("nano", "nano");
  for (const Tensor& tensor : nano.graph.tensors) {
    if (tensor.kind != TensorKind::kParameter) continue;
    const isa::MappedTensor* mapped = nano.Find(tensor.name);
    ASSERT_NE(mapped, nullptr) << tensor.name;
    EXPECT_TRUE(nano.map.written_before(*mapped) && nano.map.read_after(*mapped)) << tensor.name;
  }
  for (const char* name : {"loss.intent", "loss.slot"}) {
    ASSERT_NE(nano.Find(name), nullptr);
    EXPECT_FALSE(nano.map.written_before(*nano.Find(name)));
    EXPECT_TRUE(nano.map.read_after(*nano.Find(name)));
  }
  ASSERT_NE(nano.Find("rate 1"), nullptr);
  EXPECT_TRUE(nano.map.written_before(*nano.Find("rate 1")));
  EXPECT_FALSE(nano.map.tables.empty());
}

TEST(MemoryMap, TensorsThatShareWordsLiveAtDifferentTimes) {
  const Compiled compiled("atis-2enc", "u50-single");
  int sharing = 0;
  for (const isa::MappedTensor& a : compiled.map.tensors) {
    for (const isa::MappedTensor& b : compiled.map.tensors) {
      if (&a == &b || a.region != b.region || a.end <= b.begin || b.end <= a.begin) continue;
      ++sharing;
      EXPECT_TRUE(a.last_reader < b.first_writer || b.last_reader < a.first_writer)
          << a.name << ", " << b.name;
    }
  }
  EXPECT_GT(sharing, 0);
}

}  // namespace
}  // namespace bittern
