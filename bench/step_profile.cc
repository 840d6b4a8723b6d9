// SPDX-License-Identifier: Apache-2.0
#include "step_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>

namespace bittern {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double ClockCost() {
  constexpr int kReadings = 10000;
  const auto start = Clock::now();
  for (int i = 1; i < kReadings; ++i) Clock::now();
  return Seconds(Clock::now() - start) / kReadings;
}

// "encoder.1.attention.query: U" -> "encoder.attention.query".
std::string PartOf(const Op& op) {
  std::string part = op.name.substr(0, op.name.find(':'));
  if (part.starts_with("encoder.")) part.erase(7, part.find('.', 8) - 7);
  for (const char* tail : {".core.", ".bias", ".weight", ".gain", ".shift", ".gradient"}) {
    part = part.substr(0, part.find(tail));
  }
  return part;
}

std::string DirectionOf(const Op& op, bool backward) {
  switch (InfoOf(op.operation).stage) {
    case Stage::kScaling:
    case Stage::kUpdate:
      return "update";
    case Stage::kLayer:
    case Stage::kLoss:
      break;
  }
  return backward ? "backward" : "forward";
}

}  // namespace

double MultiplyAdds(const Op& op, const StepInputs& inputs) {
  const auto* contract = op.As<ops::Contract>();
  if (contract == nullptr) return 0;
  const int list = contract->gather.list;
  const int entries = list < 0 ? 1 : inputs.list_sizes[static_cast<size_t>(list)];
  return static_cast<double>(contract->MultiplyAdds(inputs.valid, entries));
}

StepProfile::StepProfile(Executor& executor)
    : executor_(executor), costs_(executor.graph().ops.size()) {
  std::vector<bool> follows(executor.graph().tensors.size());  // the tensor depends on a loss
  for (const Op& op : executor.graph().ops) {
    const std::vector<TensorId> operands = Operands(op);
    backward_.push_back(std::any_of(operands.begin(), operands.end(),
                                    [&](TensorId id) { return follows[static_cast<size_t>(id)]; }));
    if (!backward_.back() && InfoOf(op.operation).stage != Stage::kLoss) continue;
    for (const TensorId id : op.out) follows[static_cast<size_t>(id)] = true;
  }
}

void StepProfile::Run(const StepInputs& inputs) {
  ++steps_;
  for (size_t i = 0; i < costs_.size(); ++i) {
    const auto start = Clock::now();
    executor_.RunOps(inputs, static_cast<int>(i), static_cast<int>(i) + 1);
    costs_[i].seconds += Seconds(Clock::now() - start);
    costs_[i].multiply_adds += MultiplyAdds(executor_.graph().ops[i], inputs);
  }
}

void StepProfile::EndRound() {
  for (size_t i = 0; i < costs_.size(); ++i) {
    const Cost mean = {costs_[i].seconds / steps_, costs_[i].multiply_adds / steps_};
    if (fastest_.size() == i) fastest_.push_back(mean);
    if (mean.seconds < fastest_[i].seconds) fastest_[i] = mean;
    costs_[i] = {};
  }
  steps_ = 0;
}

void StepProfile::Print(double peak) const {
  struct Row {
    Cost cost;
    int operations = 0;
  };
  const double clock = ClockCost();
  std::map<std::string, Row> kinds, directions, parts, operations;
  Row all;
  for (size_t i = 0; i < fastest_.size(); ++i) {
    const Op& op = executor_.graph().ops[i];
    const std::string direction = DirectionOf(op, backward_[i]);
    for (Row* row :
         {&all, &kinds[std::string(Name(op.operation))], &directions[direction],
          &parts[PartOf(op) + ", " + direction], &operations[fmt::format("{:4} {}", i, op.name)]}) {
      row->cost.seconds += std::max(fastest_[i].seconds - clock, 0.0);
      row->cost.multiply_adds += fastest_[i].multiply_adds;
      ++row->operations;
    }
  }
  const auto print_row = [&](const std::string& name, const Row& row) {
    const double rate = row.cost.multiply_adds / row.cost.seconds;
    fmt::print("{:<52} {:>5} {:>9.1f} {:>6.1f}", name, row.operations, row.cost.seconds * 1e6,
               100 * row.cost.seconds / all.cost.seconds);
    if (row.cost.multiply_adds > 0) {
      fmt::print(" {:>9.3f} {:>7.1f} {:>6.1f}", row.cost.multiply_adds * 1e-6, rate * 1e-9,
                 100 * rate / peak);
    }
    fmt::print("\n");
  };
  const auto print_table = [&](const std::string& title, const std::map<std::string, Row>& rows,
                               size_t most) {
    fmt::print("\n{:<52} {:>5} {:>9} {:>6} {:>9} {:>7} {:>6}\n", title, "ops", "us", "%", "M madds",
               "G/s", "% peak");
    std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.second.cost.seconds > b.second.cost.seconds;
    });
    sorted.resize(std::min(sorted.size(), most));
    for (const auto& [name, row] : sorted) print_row(name, row);
  };
  fmt::print("peak {:.1f} G multiply-adds/s; a clock reading, {:.0f} ns, is taken off\n",
             peak * 1e-9, clock * 1e9);
  print_table("direction (forward: recomputed too)", directions, 9);
  print_table("kind of operation", kinds, 99);
  print_table("part of the model", parts, 99);
  print_table("slowest operations", operations, 25);
  fmt::print("\n");
  print_row("all", all);
}

}  // namespace bittern
