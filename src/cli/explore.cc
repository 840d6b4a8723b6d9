// SPDX-License-Identifier: Apache-2.0
// bittern explore: estimates the cost of each pair of an accelerator's and a model's sizes.

#include "accelerator/estimate/explore.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/accelerator_option.h"
#include "cli/commands.h"
#include "cli/estimate_report.h"
#include "cli/explore_svg.h"
#include "cli/options.h"
#include "cli/output.h"

namespace bittern {
namespace {

struct ExploreOptions {
  ConfigOptions config;
  AcceleratorOption device;
  std::string rows = "4,6,8,12,16,24", planes = "1,2", ranks = "6,8,12", encoders = "2,4,6";
  std::string svg, json;
  ThreadsOption threads;
};

// "4,8,12": whole numbers of [least, most].
std::vector<int> ParseList(const std::string& text, const char* option, int least, int most) {
  std::vector<int> values;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    int value = 0;
    const auto [rest, fault] = std::from_chars(text.data() + begin, text.data() + end, value);
    if (fault != std::errc() || rest != text.data() + end || value < least || value > most) {
      Fail("{} is {}; expected whole numbers from {} to {} with commas between", option,
           Quoted(text), least, most);
    }
    values.push_back(value);
    begin = end + 1;
  }
  return values;
}

Json ToJson(const ExplorePoint& point) {
  Json json = {{"rows", point.rows},         {"planes", point.planes},
               {"rank", point.rank},         {"encoders", point.encoders},
               {"fits", point.fits()},       {"multiply_add_lanes", point.lanes},
               {"obstacle", point.obstacle}, {"pareto", point.pareto}};
  if (point.cycles == 0) return json;
  json["cycles_per_step"] = point.cycles;
  json["seconds_per_step"] = point.seconds;
  json["array_utilisation"] = point.utilisation;
  json["ramb36_occupied"] = point.ramb36;
  json["uram288_occupied"] = point.uram288;
  json["program_bytes"] = point.program_bytes;
  json["energy_per_step_joule"] = {{"low", point.energy.low}, {"high", point.energy.high}};
  json["faults"] = point.faults;
  if (point.faults > 0) json["first_fault"] = point.first_fault;
  return json;
}

void Print(const std::vector<ExplorePoint>& points) {
  TextTable table;
  table.Add({"  rows", "planes", "rank", "encoders", "lanes", "cycles", "ms", "useful", "RAMB36",
             "URAM288", "energy (estimate)"});
  for (const ExplorePoint& point : points) {
    if (!point.fits()) continue;
    table.Add({fmt::format("{} {}", point.pareto ? '*' : ' ', point.rows),
               fmt::format("{}", point.planes), fmt::format("{}", point.rank),
               fmt::format("{}", point.encoders), Grouped(point.lanes), Grouped(point.cycles),
               fmt::format("{:.3f}", 1e3 * point.seconds),
               fmt::format("{:.1f} %", 100 * point.utilisation), Grouped(point.ramb36),
               Grouped(point.uram288), Text(point.energy)});
  }
  table.Print(stdout, 0);
  fmt::print("(* no other of its rank and depth is as small and as fast)\n");
  for (const ExplorePoint& point : points) {
    if (point.faults > 0) {
      fmt::print("{} rows, {} planes, rank {}, {} encoders: the program is wrong: {}\n", point.rows,
                 point.planes, point.rank, point.encoders, point.first_fault);
    }
    if (point.fits()) continue;
    fmt::print("{} rows, {} planes, rank {}, {} encoders: {}\n", point.rows, point.planes,
               point.rank, point.encoders, point.obstacle);
  }
}

int RunExplore(const ExploreOptions& options) {
  Config config = options.config.Load();
  options.config.Apply(config);
  if (config.model.map.format != MatrixFormat::kTt) {
    Fail("explore: sweeps the ranks of tensor trains; the maps of {} have format \"{}\"",
         config.name, Name(config.model.map.format));
  }
  const isa::Accelerator& machine = options.device.Value();
  const Sweep sweep{.rows = ParseList(options.rows, "--rows", 1, 32),
                    .planes = ParseList(options.planes, "--planes", 1, 2),
                    .ranks = ParseList(options.ranks, "--rank", 1, 64),
                    .encoders = ParseList(options.encoders, "--encoders", 1, 64)};
  JsonOutput json(options.json);
  OutputFile svg(options.svg);
  const std::vector<ExplorePoint> points = Explore(config, machine, sweep, options.threads.Value());
  int64_t faults = 0;
  for (const ExplorePoint& point : points) faults += point.faults;
  if (svg) {
    svg.Write(ExploreSvg(points, fmt::format("{} on {}: lanes and time of a training step",
                                             config.name, isa::DeviceNamed(machine.device).part)));
  }
  if (json) {
    Json list = Json::array();
    for (const ExplorePoint& point : points) list.push_back(ToJson(point));
    json.Write({{"config", config.name},
                {"accelerator", machine.name},
                {"part", machine.device},
                {"points", list}});
  }
  svg.Commit();
  json.Finish();
  if (!json.owns_stdout()) Print(points);
  if (faults > 0) {
    FlushStdout();
    Fail("explore: the checker finds {} faults in programs of the sweep; a bug of the compiler",
         faults);
  }
  return 0;
}

}  // namespace

Command AddExplore(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand(
      "explore", "Sweep an accelerator's size, a model's rank and depth; the best pairs");
  auto options = std::make_shared<ExploreOptions>();
  options->config.Add(*parser);
  options->device.Add(*parser);
  parser->get_option("--device")
      ->description(
          fmt::format("the accelerator whose memory, part and clock are taken [default: {}]",
                      AcceleratorOption::kDefault));
  const auto list = [&](const char* name, std::string& value, const std::string& help) {
    parser->add_option(name, value, fmt::format("{} [default: {}]", help, value))
        ->option_text("N,N,...")
        ->group("Sweep");
  };
  list("--rows", options->rows, "rows of the array");
  list("--planes", options->planes, "planes of the array");
  list("--rank", options->ranks, "rank of the model's maps");
  list("--encoders", options->encoders, "depth of the model");
  options->threads.Add(*parser, "threads", 0);
  parser->add_option("--svg", options->svg, "plot lanes and time, and the points not beaten")
      ->option_text("FILE")
      ->group(kOutputGroup);
  AddJson(*parser, options->json, "write every point as JSON");
  parser->footer(R"(
Every combination is compiled, counted by the simulator's model of time, and its program proved by
the checker. Nothing is trained: what a rank is worth, training says.

Examples:
  bittern explore --device u50 --svg pareto.svg
  bittern explore --rows 8,12,16 --planes 1 --rank 12 --encoders 2 --json -)");
  return {parser, [options] { return RunExplore(*options); }};
}

}  // namespace bittern
