// SPDX-License-Identifier: Apache-2.0
#include "accelerator/isa/memory_map.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "accelerator/isa/accelerator.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace bittern::isa {
namespace {

using Json = nlohmann::json;

// A file can be damaged or hostile, so its numbers and its depth have limits.
constexpr int64_t kMostInstructions = 1 << 20;
constexpr int kDeepest = 4;  // the map, its tensors, a tensor, its range

// A JSON object of a known set of fields.
class Fields {
 public:
  Fields(const Json& json, std::string place, std::initializer_list<std::string_view> names)
      : json_(json), place_(std::move(place)) {
    if (!json.is_object()) Fail("{}: is {}; expected an object", place_, json.type_name());
    // An unknown field shows that another version wrote the map, so it is an error.
    for (const auto& [key, value] : json.items()) {
      bool known = false;
      for (const std::string_view name : names) known = known || key == name;
      if (!known) Fail("{}: unknown field {}", place_, Quoted(key));
    }
    for (const std::string_view name : names) {
      if (!json.contains(name)) {
        Fail("{}: has no field {}; compile the program again", place_, name);
      }
    }
  }

  const std::string& place() const { return place_; }

  std::string Text(std::string_view name) const {
    const Json& value = json_[name];
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      Fail("{}: {} is {}; expected text", place_, name, Quoted(value.dump()));
    }
    return value.get<std::string>();
  }

  int64_t Number(std::string_view name, int64_t least, int64_t most) const {
    return Number(json_[name], name, least, most);
  }

  std::array<int64_t, 2> Pair(std::string_view name, int64_t most) const {
    const Json& value = json_[name];
    if (!value.is_array() || value.size() != 2) {
      Fail("{}: {} is {}; expected two numbers", place_, name, Quoted(value.dump()));
    }
    return {Number(value[0], name, 0, most), Number(value[1], name, 0, most)};
  }

  const Json& Array(std::string_view name) const {
    const Json& value = json_[name];
    if (!value.is_array()) {
      Fail("{}: {} is {}; expected an array", place_, name, value.type_name());
    }
    return value;
  }

 private:
  int64_t Number(const Json& value, std::string_view name, int64_t least, int64_t most) const {
    // JSON's unsigned numbers beyond int64_t would turn into negative ones.
    const bool fits = value.is_number_unsigned()
                          ? std::cmp_less_equal(value.get<uint64_t>(), most) &&
                                std::cmp_greater_equal(value.get<uint64_t>(), least)
                          : value.is_number_integer() && value.get<int64_t>() <= most &&
                                value.get<int64_t>() >= least;
    if (!fits) {
      Fail("{}: {} is {}; expected a whole number from {} to {}", place_, name,
           Quoted(value.dump()), least, most);
    }
    return value.get<int64_t>();
  }

  const Json& json_;
  std::string place_;
};

MappedTensor ParseTensor(const Json& json, const std::string& place, int32_t instructions,
                         const Accelerator& accelerator) {
  const Fields fields(
      json, place, {"name", "region", "banks", "range", "halves", "first_writer", "last_reader"});
  MappedTensor tensor;
  tensor.name = fields.Text("name");
  // From here on messages name the tensor as well as its position.
  const std::string at = fmt::format("{} ({})", place, Quoted(tensor.name));
  const std::string region = fields.Text("region");
  tensor.region = -1;
  for (int32_t i = 0; i < kRegionCount; ++i) {
    if (region == RegionName(i)) tensor.region = i;
  }
  if (tensor.region < 0) {
    Fail("{}: region is {}; expected tokens, ranks or scalars", at, Quoted(region));
  }
  const Region& memory = RegionOf(accelerator, tensor.region);
  const auto range = fields.Pair("range", memory.words());
  // A tensor without words has no entry in a map.
  if (range[0] >= range[1]) Fail("{}: range [{}, {}] is empty", at, range[0], range[1]);
  tensor.begin = range[0];
  tensor.end = range[1];
  // The banks follow from the words. They are in the file for people, and a contradiction shows a
  // damaged map.
  const auto banks = fields.Pair("banks", memory.banks);
  if (banks[0] != tensor.begin / memory.depth || banks[1] != (tensor.end - 1) / memory.depth) {
    Fail("{}: banks [{}, {}] are not those of words [{}, {}) on {}", at, banks[0], banks[1],
         tensor.begin, tensor.end, accelerator.name);
  }
  tensor.halves = static_cast<int32_t>(fields.Number("halves", 1, accelerator.planes));
  // The first half must be in the words of plane 0, because the second one is PlaneStep later.
  if (tensor.halves > 1 && tensor.end > PlaneStep(memory, accelerator.planes)) {
    Fail("{}: words [{}, {}) are not one plane's on {}", at, tensor.begin, tensor.end,
         accelerator.name);
  }
  // The host may write before the program (kBefore) and read after it (`instructions`).
  tensor.first_writer =
      static_cast<int32_t>(fields.Number("first_writer", MappedTensor::kBefore, instructions - 1));
  tensor.last_reader =
      static_cast<int32_t>(fields.Number("last_reader", MappedTensor::kBefore, instructions));
  if (tensor.last_reader < tensor.first_writer) {
    Fail("{}: its last reader, {}, is before its first writer, {}", at, tensor.last_reader,
         tensor.first_writer);
  }
  return tensor;
}

}  // namespace

std::string ToJson(const MemoryMap& map, const Accelerator& accelerator) {
  // The JSON is written by hand to have one tensor on each line. Only names need escapes.
  const auto text = [](const std::string& name) { return Json(name).dump(); };
  std::string json = fmt::format("{{\"instructions\": {}, \"tokens\": {},\n \"tensors\": [",
                                 map.instructions, map.tokens);
  auto out = std::back_inserter(json);
  for (const MappedTensor& tensor : map.tensors) {
    const int64_t depth = RegionOf(accelerator, tensor.region).depth;
    fmt::format_to(
        out,
        "{}\n  {{\"name\": {}, \"region\": \"{}\", \"banks\": [{}, {}], "
        "\"range\": [{}, {}], \"halves\": {}, \"first_writer\": {}, \"last_reader\": {}}}",
        &tensor == map.tensors.data() ? "" : ",", text(tensor.name), RegionName(tensor.region),
        tensor.begin / depth, (tensor.end - 1) / depth, tensor.begin, tensor.end, tensor.halves,
        tensor.first_writer, tensor.last_reader);
  }
  json += "],\n \"tables\": [";
  for (const MappedTable& table : map.tables) {
    fmt::format_to(out, "{}\n  {{\"table\": {}, \"name\": {}, \"places\": {}}}",
                   &table == map.tables.data() ? "" : ",", table.table, text(table.name),
                   table.places);
  }
  json += "]}\n";
  return json;
}

MemoryMap ParseMemoryMap(std::string_view text, const std::string& name,
                         const Accelerator& accelerator) {
  // Only the compiler writes maps, so the remedy is always to compile again.
  const Json json = ParseStrictJson(text, kDeepest, name, "; compile the program again");
  const Fields fields(json, name, {"instructions", "tokens", "tensors", "tables"});
  MemoryMap map;
  map.instructions = static_cast<int32_t>(fields.Number("instructions", 1, kMostInstructions));
  map.tokens = static_cast<int32_t>(fields.Number("tokens", 1, accelerator.lanes));
  // Messages of the checker name tensors, so a name must say which one is meant.
  std::set<std::string> names;
  const auto once = [&](const std::string& of) {
    if (!names.insert(of).second) Fail("{}: the name {} occurs twice", name, Quoted(of));
  };
  for (const Json& entry : fields.Array("tensors")) {
    map.tensors.push_back(ParseTensor(entry, fmt::format("{}: tensor {}", name, map.tensors.size()),
                                      map.instructions, accelerator));
    once(map.tensors.back().name);
  }
  for (const Json& entry : fields.Array("tables")) {
    const Fields table(entry, fmt::format("{}: table {}", name, map.tables.size()),
                       {"table", "name", "places"});
    map.tables.push_back({static_cast<int32_t>(table.Number("table", 1, accelerator.tables)),
                          table.Text("name"),
                          static_cast<int32_t>(table.Number("places", 0, 1 << kRegionShift))});
    once(map.tables.back().name);
  }
  return map;
}

}  // namespace bittern::isa
