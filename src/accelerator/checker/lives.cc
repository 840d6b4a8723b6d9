// SPDX-License-Identifier: Apache-2.0
#include "accelerator/checker/lives.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "accelerator/isa/accelerator.h"

namespace bittern::checker {

Lives::Lives(const isa::MemoryMap& map, const Program& program, const Places& places,
             Report& report)
    : map_(map),
      places_(places),
      report_(report),
      ranges_(map.tensors.size()),
      starts_(program.instructions.size() + 1),
      stops_(program.instructions.size() + 1),
      alive_(map.tensors.size()),
      owner_(static_cast<size_t>(places.end(Space::kScalars)), kNobody),
      written_(static_cast<size_t>(places.count())) {
  const int end = program.size();
  // A map of another program would give every lifetime a wrong place.
  if (map.instructions != end && report.Count(Rule::kMap, -1, -1, "")) {
    report.Add({Rule::kMap, -1, -1, "",
                fmt::format("the map has {} instructions, but the program has {}", map.instructions,
                            end)});
  }
  for (int32_t id = 0; id < static_cast<int32_t>(std::ssize(map.tensors)); ++id) {
    const isa::MappedTensor& tensor = this->tensor(id);
    // The map is input like the program, so nothing in it is trusted.
    const bool region_is = tensor.region >= 0 && tensor.region < isa::kRegionCount;
    const auto space = static_cast<Space>(region_is ? tensor.region : 0);
    // Each of two halves must fit the share of its plane.
    const int64_t words = tensor.halves > 1 ? places.plane_steps[static_cast<size_t>(space)]
                                            : places.end(space) - places.begin(space);
    if (!region_is || tensor.begin < 0 || tensor.begin > tensor.end || tensor.end > words ||
        tensor.halves > places.planes) {
      Fault(Rule::kCapacity, -1, tensor,
            fmt::format("words {} to {} of region {}: outside memory", tensor.begin, tensor.end,
                        tensor.region));
      continue;
    }
    ranges_[static_cast<size_t>(id)] = {places.begin(space) + tensor.begin,
                                        places.begin(space) + tensor.end};
    // A writer before the program counts as the first instruction, a reader after it as the last
    // one.
    int first = std::max(0, tensor.first_writer);
    int behind = std::min(end, tensor.last_reader + 1);
    if (first >= behind) continue;  // the host wrote it, but no instruction reads it
    // A lifetime that starts and ends in the same loop starts again in every iteration. Any other
    // one includes the whole loop, because a later iteration runs the instructions before its start
    // again.
    const auto loop_of = [&](int index) {
      return index < end && program.InLoop(index) ? program.loop_begin[static_cast<size_t>(index)]
                                                  : -1;
    };
    const int last = behind - 1;
    const int first_loop = loop_of(first), last_loop = loop_of(last);
    if (first_loop != last_loop) {
      if (first_loop >= 0) first = first_loop;
      if (last_loop >= 0) behind = program.loop_end[static_cast<size_t>(last)];
    }
    // Lifetimes are [first, behind): a tensor stops before the instruction `behind` takes effect.
    starts_[static_cast<size_t>(first)].push_back(id);
    stops_[static_cast<size_t>(behind)].push_back(id);
  }
}

int64_t Lives::PlacesOfTable(uint32_t table) const {
  for (const isa::MappedTable& of : map_.tables) {
    if (of.table == static_cast<int32_t>(table)) return of.places;
  }
  return 0;
}

void Lives::Fault(Rule rule, int index, const isa::MappedTensor& tensor, std::string text) {
  if (!report_.Count(rule, index, -1, tensor.name)) return;
  report_.Add({rule, index, -1, tensor.name, fmt::format("tensor {}: {}", tensor.name, text)});
}

std::pair<int64_t, int64_t> Lives::RangeAround(int32_t id, int64_t place) const {
  const auto [first, behind] = ranges_[static_cast<size_t>(id)];
  // Halves do not overlap, so a place at or above the end of the first half is in the second one.
  if (place < behind) return {first, behind};
  const int64_t step = places_.plane_steps[static_cast<size_t>(tensor(id).region)];
  return {first + step, behind + step};
}

std::vector<int64_t> Lives::PlacesOf(int32_t id) const {
  const auto [first, behind] = ranges_[static_cast<size_t>(id)];
  std::vector<int64_t> places(static_cast<size_t>(behind - first));
  std::iota(places.begin(), places.end(), first);
  if (tensor(id).halves > 1) {
    const int64_t step = places_.plane_steps[static_cast<size_t>(tensor(id).region)];
    for (int64_t place = first; place < behind; ++place) places.push_back(place + step);
  }
  return places;
}

void Lives::Begin(bool whole) {
  whole_ = whole;
  std::fill(alive_.begin(), alive_.end(), uint8_t{0});
  std::fill(owner_.begin(), owner_.end(), kNobody);
  std::fill(written_.begin(), written_.end(), uint8_t{0});
}

void Lives::At(int index) {
  // Tensors that end here free their words before others start on them.
  for (const int32_t id : stops_[static_cast<size_t>(index)]) Stop(id, index);
  for (const int32_t id : starts_[static_cast<size_t>(index)]) {
    Stop(id, index);  // ends the lifetime of the iteration before
    Start(id, index);
  }
}

// Only lifetimes within the body stop here: their first writer is after the `loop` instruction.
void Lives::NextIteration(int loop, int behind) {
  for (const int32_t id : stops_[static_cast<size_t>(behind)]) {
    if (tensor(id).first_writer > loop) Stop(id, behind - 1);
  }
}

void Lives::End() {
  // Tensors that the host reads after the program are still alive here. They must be whole, too.
  for (int32_t id = 0; id < static_cast<int32_t>(std::ssize(alive_)); ++id) Stop(id, -1);
}

// Takes the places of a tensor. Two tensors that are alive at the same place are a fault of the
// map. Words count as unwritten until this lifetime writes them, unless the host has written them.
void Lives::Start(int32_t id, int index) {
  const isa::MappedTensor& of = tensor(id);
  alive_[static_cast<size_t>(id)] = 1;
  for (const int64_t place : PlacesOf(id)) {
    int32_t& owner = owner_[static_cast<size_t>(place)];
    if (owner != kNobody && owner != id) {
      Fault(Rule::kMap, index, of,
            fmt::format("at instruction {} it takes {}, where tensor {} is still alive", index,
                        places_.Describe(place), tensor(owner).name));
    }
    owner = id;
    written_[static_cast<size_t>(place)] = map_.written_before(of) ? 1 : 0;
  }
}

// Releases the places of a tensor, and checks that each has been written.
void Lives::Stop(int32_t id, int index) {
  if (alive_[static_cast<size_t>(id)] == 0) return;
  alive_[static_cast<size_t>(id)] = 0;
  const isa::MappedTensor& of = tensor(id);
  for (const int64_t place : PlacesOf(id)) {
    int32_t& owner = owner_[static_cast<size_t>(place)];
    // Another tensor took the place while this one was alive. Start has reported that.
    if (owner != id) continue;
    owner = kNobody;
    if (whole_ && !Written(place)) {
      Fault(Rule::kIncomplete, index, of,
            fmt::format("{} was never written", places_.Describe(place)));
    }
  }
}

}  // namespace bittern::checker
