// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/memory_map.h"

#include <gtest/gtest.h>

#include <functional>

#include "accelerator/isa/accelerator.h"
#include "base/testing/errors.h"

namespace bittern::isa {
namespace {

const Accelerator& Nano() { return AcceleratorNamed("nano"); }

MemoryMap ExampleMap() {
  return {.instructions = 20,
          .tokens = 12,
          .tensors = {{.name = "weights \"a\"",
                       .region = 1,
                       .begin = 500,
                       .end = 600,
                       .first_writer = MappedTensor::kBefore,
                       .last_reader = 20},
                      {.name = "x",
                       .region = 0,
                       .begin = 0,
                       .end = 4,
                       .first_writer = 3,
                       .last_reader = 7,
                       .halves = 2}},
          .tables = {{.table = 2, .name = "input.slot", .places = 3}}};
}

TEST(MemoryMap, IsReadAsItWasWritten) {
  const std::string json = ToJson(ExampleMap(), Nano());
  EXPECT_NE(json.find("\"banks\": [0, 1], \"range\": [500, 600]"), std::string::npos) << json;
  EXPECT_EQ(ParseMemoryMap(json, "map", Nano()), ExampleMap());
}

TEST(MemoryMap, Empty) {
  MemoryMap map;
  map.instructions = 1;
  map.tokens = 1;
  EXPECT_EQ(ParseMemoryMap(ToJson(map, Nano()), "map", Nano()), map);
}

TEST(MemoryMap, RefusesWhatItDoesNotWrite) {
  const auto refuse = [](const std::string& old_text, const std::string& text,
                         const std::string& message) {
    std::string json = ToJson(ExampleMap(), Nano());
    const size_t at = json.find(old_text);
    ASSERT_NE(at, std::string::npos) << old_text;
    json.replace(at, old_text.size(), text);
    const std::string found = ErrorOf([&] { ParseMemoryMap(json, "map", Nano()); });
    EXPECT_NE(found.find(message), std::string::npos) << text << ": " << found;
  };
  refuse("{", "", "map: malformed JSON at byte");
  refuse("\"name\": \"x\", ", "", "tensor 1: has no field name");
  refuse("\"tokens\": 12,", "", "map: has no field tokens; compile the program again");
  refuse("\"tokens\": 12", "\"tokens\": 0", "tokens is '0'; expected a whole number from 1 to 16");
  refuse("\"tokens\": 12", "\"tokens\": 17", "tokens is '17'");
  refuse("\"name\": \"x\"", "\"name\": \"\"", "name is");
  refuse("\"x\", ", "\"x\", \"y\": 1, ", "unknown field 'y'");
  refuse("\"x\", ", "\"x\", \"name\": \"x\", ", "the key 'name' occurs twice");
  refuse("\"x\"", "\"input.slot\"", "the name 'input.slot' occurs twice");
  refuse("\"ranks\"", "\"rank\"", "region is 'rank'; expected tokens, ranks or scalars");
  refuse("[500, 600]", "[500, 500]", "is empty");
  refuse("\"halves\": 2", "\"halves\": 3", "halves is '3'; expected a whole number from 1 to 2");
  refuse("[0, 0], \"range\": [0, 4]", "[0, 8], \"range\": [0, 4097]", "are not one plane's");
  refuse("[500, 600]", "[500, 99999]", "range is '99999'; expected a whole number from 0 to 4096");
  refuse("[500, 600]", "[500, 600, 700]", "expected two numbers");
  refuse("[500, 600]", "[[[1]], 600]", "deeper");
  refuse("[0, 1], ", "[0, 0], ", "banks [0, 0] are not those of words [500, 600) on nano");
  refuse("\"last_reader\": 20", "\"last_reader\": 21", "last_reader is '21'");
  refuse("\"last_reader\": 7", "\"last_reader\": 2", "before its first writer");
  refuse("\"first_writer\": 3", "\"first_writer\": 3.5", "first_writer is '3.5'");
  // As int64_t this would be -1, which is kBefore.
  refuse("\"first_writer\": 3", "\"first_writer\": 18446744073709551615", "first_writer is '1844");
  refuse("\"table\": 2", "\"table\": 9", "table is '9'; expected a whole number from 1 to 8");
  refuse("\"places\": 3", "\"places\": -1", "places is '-1'; expected a whole number from 0 to");
  refuse("\"instructions\": 20", "\"instructions\": 18446744073709551615", "instructions is");
}

}  // namespace
}  // namespace bittern::isa
