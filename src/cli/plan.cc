// SPDX-License-Identifier: Apache-2.0
// bittern plan: the multiplications and bytes of a training step, without training.
//
// The model is that of the configuration. --data sets its numbers of labels. Every figure is exact:
// it comes from the graph and the arena that training uses.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/arena_svg.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cpu/executor.h"
#include "graph/arena.h"
#include "model/inputs.h"
#include "model/parameter_count.h"
#include "model/training_step.h"
#include "tensor/chain.h"
#include "tensor/tree.h"
#include "train/batch_step.h"
#include "train/memory_budget.h"

namespace bittern {
namespace {

struct PlanOptions {
  ConfigOptions config;
  DataOption data;
  bool with_data = false;
  ThreadsOption threads;
  std::string memory, svg, json;
  bool toml = false;
};

// The plan of a training step for one choice of recomputation.
struct StepPlan {
  Recompute recompute;
  Graph graph;
  ArenaPlan arena = {};
  int64_t scratch_bytes = 0;
  int64_t multiply_adds = 0;                // for all tokens, with distinct words
  std::vector<int64_t> bytes_at_peak = {};  // [TensorKind], at the moment when most bytes are alive

  int64_t TotalBytes() const { return arena.peak_bytes + scratch_bytes; }
  int64_t AtPeak(TensorKind kind) const { return bytes_at_peak[static_cast<size_t>(kind)]; }
};

StepPlan PlanStep(const Config& config, Recompute recompute) {
  StepPlan plan{.recompute = recompute,
                .graph = BuildStep(config, {.kind = StepKind::kTraining, .recompute = recompute})};
  plan.arena = PlanArena(plan.graph);
  plan.scratch_bytes = ScratchBytes(plan.graph, kColumnGroup);
  plan.multiply_adds = plan.graph.MultiplyAdds(config.model.tokens, config.model.tokens);
  int64_t most = -1;
  for (size_t op = 0; op < plan.graph.ops.size(); ++op) {
    std::vector<int64_t> alive = BytesAlive(plan.graph, plan.arena, static_cast<int>(op));
    int64_t sum = 0;
    for (const int64_t bytes : alive) sum += bytes;
    if (sum > most) {
      most = sum;
      plan.bytes_at_peak = std::move(alive);
    }
  }
  return plan;
}

// One map of the model, forward, at K tokens.
struct OrderCost {
  Order order;
  int64_t multiplications;
  int64_t composing;      // kMatrix: to compose the matrix from its cores; not counted above
  int64_t intermediates;  // the number of intermediate values
};

std::vector<OrderCost> OrderCosts(const ModelConfig& model) {
  const Chain chain = MakeChain(model.map, model.hidden, model.hidden);
  std::vector<OrderCost> costs;
  for (const Order order : kOrders) {
    const ContractionTree tree = Plan(order, chain, model.tokens);
    // A stored matrix need not be composed. The other orders are compared with this cost.
    const bool matrix = order == Order::kMatrix;
    costs.push_back({order, matrix ? tree.ActivationMultiplications() : tree.Multiplications(),
                     matrix ? tree.ComposingMultiplications() : 0, tree.IntermediateElements()});
  }
  return costs;
}

std::string JsonName(Order order) {
  std::string name(Name(order));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

Json ArenaJson(const StepPlan& plan) {
  constexpr std::pair<const char*, TensorKind> kParts[] = {
      {"parameters", TensorKind::kParameter}, {"state", TensorKind::kState},
      {"gradients", TensorKind::kGradient},   {"activations", TensorKind::kActivation},
      {"scratch", TensorKind::kScratch},      {"inputs", TensorKind::kInput},
      {"outputs", TensorKind::kOutput}};
  Json bytes;
  for (const auto& [name, kind] : kParts) {
    bytes[name] = plan.AtPeak(kind);
  }
  return {{"recompute", Name(plan.recompute)},
          {"peak_bytes", plan.arena.peak_bytes},
          {"lower_bound_bytes", plan.arena.lower_bound_bytes},
          {"efficiency", plan.arena.Efficiency()},
          {"kernel_scratch_bytes", plan.scratch_bytes},
          {"total_bytes", plan.TotalBytes()},
          {"operations", plan.graph.ops.size()},
          {"multiply_adds_per_step", plan.multiply_adds},
          {"bytes_at_peak", bytes}};
}

std::string Bytes(int64_t bytes) { return FormatBytes(static_cast<uint64_t>(bytes)); }

void PrintParameters(const std::vector<ParameterCount>& parts) {
  TextTable table;
  table.Add({"parameters", "stored", "dense", "compression"});
  for (const ParameterCount& part : parts) {
    table.Add({fmt::format("  {}", part.part), Grouped(part.stored), Grouped(part.dense),
               fmt::format("{:.2f}", part.Compression())});
  }
  table.Add({"  bytes", Bytes(4 * parts.back().stored), Bytes(4 * parts.back().dense)});
  table.Print(stdout, 0);
}

void PrintOrders(const ModelConfig& model, const std::vector<OrderCost>& costs, Order chosen) {
  fmt::print("\none {0} x {0} map, forward, {1} tokens\n", model.hidden, model.tokens);
  TextTable table;
  table.Add({"  order", "multiplications", "matrix / order", "intermediates"});
  for (const OrderCost& cost : costs) {
    table.Add({fmt::format("{} {}", cost.order == chosen ? '*' : ' ', Name(cost.order)),
               Grouped(cost.multiplications),
               fmt::format("{:.2f}", static_cast<double>(costs.front().multiplications) /
                                         static_cast<double>(cost.multiplications)),
               Grouped(cost.intermediates)});
  }
  table.Print(stdout, 0);
  if (costs.front().composing > 0) {
    fmt::print("  (* is used; matrix: W is given; composing it from its cores takes {} more)\n",
               Grouped(costs.front().composing));
  }
}

void PrintArenas(const std::vector<StepPlan>& plans, const StepPlan& chosen) {
  fmt::print("\nmemory of a training step, {} tokens\n", chosen.graph.tokens);
  // The optimizer's state is equal for all choices; SGD has no state.
  const bool has_state = chosen.AtPeak(TensorKind::kState) > 0;
  TextTable table;
  std::vector<std::string> titles = {
      "  computed again", "total",       "arena",         "efficiency", "parameters",
      "gradients",        "activations", "intermediates", "kernels",    "multiply-adds"};
  if (has_state) titles.insert(titles.begin() + 5, "state");
  table.Add(titles);
  for (const StepPlan& plan : plans) {
    std::vector<std::string> row = {
        fmt::format("{} {}", &plan == &chosen ? '*' : ' ', Name(plan.recompute)),
        Bytes(plan.TotalBytes()),
        Bytes(plan.arena.peak_bytes),
        fmt::format("{:.1f} %", 100 * plan.arena.Efficiency()),
        Bytes(plan.AtPeak(TensorKind::kParameter)),
        Bytes(plan.AtPeak(TensorKind::kGradient)),
        Bytes(plan.AtPeak(TensorKind::kActivation)),
        Bytes(plan.AtPeak(TensorKind::kScratch)),
        Bytes(plan.scratch_bytes),
        fmt::format("{:.1f} M", static_cast<double>(plan.multiply_adds) / 1e6)};
    if (has_state) row.insert(row.begin() + 5, Bytes(plan.AtPeak(TensorKind::kState)));
    table.Add(std::move(row));
  }
  table.Print(stdout, 0);
  fmt::print(
      "  (elementwise: outputs of LayerNorm and GELU alone; half, encoder: also contractions;\n"
      "  total = arena + kernels' scratch; the parts of the arena as they are when most is alive;\n"
      "  efficiency = most bytes alive at once / arena; * is used)\n");
}

int RunPlan(const PlanOptions& options) {
  Config config = options.config.Load();
  options.config.Apply(config);
  if (options.toml) {
    fmt::print("{}", ToToml(config));
    return 0;
  }
  JsonOutput json(options.json);
  OutputFile svg(options.svg);
  if (options.with_data) options.data.SetLabels(config);

  std::vector<StepPlan> plans;
  for (const Recompute recompute : kRecomputes) plans.push_back(PlanStep(config, recompute));
  const Recompute recompute = ChooseRecompute(config, ParseBudget(options.memory));
  const StepPlan& chosen = *std::find_if(plans.begin(), plans.end(), [&](const StepPlan& plan) {
    return plan.recompute == recompute;
  });
  const int workers = std::min(options.threads.Value(), config.training.parts_of_batch());
  const int64_t batch_bytes = BatchBytes(config, chosen.recompute, workers);
  const StepPlan& smallest = *std::min_element(
      plans.begin(), plans.end(),
      [](const StepPlan& a, const StepPlan& b) { return a.TotalBytes() < b.TotalBytes(); });
  const std::vector<ParameterCount> parts = CountParameters(config);
  const std::vector<OrderCost> costs = OrderCosts(config.model);
  const ModelConfig& model = config.model;

  if (svg) {
    svg.Write(ArenaSvg(
        chosen.graph, chosen.arena,
        fmt::format("Memory of one training step: {}, {}, {}; computed again: {}", config.name,
                    Name(model.format), Name(config.order), Name(chosen.recompute))));
  }

  if (json) {
    Json by_part, multiplications, arenas;
    for (const ParameterCount& part : parts) {
      if (&part == &parts.back()) break;
      by_part.push_back({{"part", part.part},
                         {"parameters", part.stored},
                         {"parameters_dense", part.dense},
                         {"compression", part.Compression()}});
    }
    for (const OrderCost& cost : costs)
      multiplications[JsonName(cost.order)] = cost.multiplications;
    for (const StepPlan& plan : plans) arenas.push_back(ArenaJson(plan));
    Json object = {{"config", config.name},
                   {"format", Name(model.format)},
                   {"contraction", Name(config.order)},
                   {"encoders", model.encoders},
                   {"tokens", model.tokens}};
    for (const auto& task : MakeTasks(config)) object[task->labels_name()] = task->classes();
    object["parameters"] = parts.back().stored;
    object["parameters_dense"] = parts.back().dense;
    object["compression"] = parts.back().Compression();
    object["parts"] = by_part;
    object["multiplications"] = multiplications;
    object["multiply_adds_per_step"] = chosen.multiply_adds;
    object["arena"] = ArenaJson(chosen);
    object["arenas"] = arenas;
    object["smallest_budget_bytes"] = smallest.TotalBytes();
    object["threads"] = workers;
    object["batch_bytes"] = batch_bytes;
    json.Write(object);
  }
  svg.Commit();
  json.Finish();
  if (json.owns_stdout()) return 0;

  fmt::print("{}: {} encoders, hidden {}, {} heads, {} tokens, {} words, {}; {}, {}\n\n",
             config.name, model.encoders, model.hidden, model.heads, model.tokens, model.vocabulary,
             LabelCounts(config), Name(model.format), Name(config.order));
  PrintParameters(parts);
  PrintOrders(model, costs, config.order);
  PrintArenas(plans, chosen);
  fmt::print("  smallest budget: --memory {}B ({})\n", smallest.TotalBytes(),
             Name(smallest.recompute));
  if (batch_bytes > chosen.TotalBytes()) {
    fmt::print("  a batch in {} parts, {} of them at once: {}\n", config.training.parts_of_batch(),
               workers, Bytes(batch_bytes));
  }
  return 0;
}

}  // namespace

Command AddPlan(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand(
      "plan", "Parameters, multiplications and memory of a training step, without training");
  auto options = std::make_shared<PlanOptions>();
  options->config.Add(*parser);
  options->data.Add(*parser);
  options->threads.Add(*parser, "shows the memory of this many threads", 1);
  parser->get_option("--data")->description(
      "take the numbers of labels from DIR's training sentences\n"
      "[default: the configuration's]");
  parser
      ->add_option("--memory", options->memory,
                   "budget of a training step, such as 3MB or 2.5MiB: shows the choice that\n"
                   "training would make")
      ->option_text("SIZE")
      ->group(kRunGroup);
  parser->add_option("--svg", options->svg, "draw the arena over the time of a step")
      ->option_text("FILE")
      ->group(kOutputGroup);
  AddJson(*parser, options->json, "write every figure as JSON");
  parser->add_flag("--toml", options->toml, "print the configuration as TOML and nothing else")
      ->group(kOutputGroup);
  parser->footer(R"(
Examples:
  bittern plan                                        the paper's 2-encoder model
  bittern plan --config atis-6enc --memory 4.5MB      what is computed again to fit 4.5 MB
  bittern plan --contraction btt --svg arena.svg      the paper's order, and a picture
  bittern plan --format dense --json - | jq .arena
  bittern plan --config nano --toml > mine.toml       a configuration to start from)");
  return {parser, [options, parser] {
            options->with_data = parser->count("--data") > 0;
            return RunPlan(*options);
          }};
}

}  // namespace bittern
