// SPDX-License-Identifier: Apache-2.0
// Measures the speed of the kernels on the shapes of one training step of the 2-encoder model. It
// prints a table, and with --json FILE writes the same numbers. Usage: kernels_bench [--tokens
// N]... [--json FILE]
//
// Rates count useful multiply-adds. "peak" is the multiply-add rate that this program measures in
// the same run. Every contraction runs alone, on data that stays in the L2 cache if it fits. The
// last line of a table runs them one after the other over one 4 MB arena, as a step does.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cpu/kernels/contract.h"
#include "cpu/kernels/targets.h"

namespace bittern {
namespace {

using Extents = std::map<char, int64_t>;

// c = sum a b (+ start). Operands are given as row-major index strings. An upper-case index is not
// iterated but only adds distance between the others, as in a slice of a larger tensor.
struct Case {
  std::string name;
  std::string a, b, c, start;
  Extents extents;
  double per_step;  // how often a training step runs it
  bool accumulate = false;
};

int64_t Floats(const std::string& indices, const Extents& extents) {
  int64_t floats = 1;
  for (const char index : indices) floats *= extents.at(index);
  return floats;
}

int64_t Stride(const std::string& indices, char index, const Extents& extents) {
  const size_t at = indices.find(index);
  return at == std::string::npos ? 0 : Floats(indices.substr(at + 1), extents);
}

struct Prepared {
  ContractPlan plan;
  double multiply_adds = 1;
  int64_t a, b, c, start;  // floats
};

Prepared Prepare(const Case& item) {
  std::vector<ContractLoop> loops;
  Prepared out;
  for (const auto& [index, extent] : item.extents) {
    if (index < 'a') continue;
    loops.push_back({extent, Stride(item.a, index, item.extents),
                     Stride(item.b, index, item.extents), Stride(item.c, index, item.extents),
                     Stride(item.start, index, item.extents)});
    out.multiply_adds *= static_cast<double>(extent);
  }
  const ContractStart start = !item.start.empty() ? ContractStart::kOperand
                              : item.accumulate   ? ContractStart::kAccumulate
                                                  : ContractStart::kZero;
  out.plan = PlanContract(loops, {start, 1.0f});
  out.a = Floats(item.a, item.extents);
  out.b = Floats(item.b, item.extents);
  out.c = Floats(item.c, item.extents);
  out.start = Floats(item.start, item.extents);
  return out;
}

// One map in the optimal order. Its indices are i j k for m1-3, l o p for n1-3, and q r s u v for
// the ranks.
void AddMap(int64_t t, double times, std::vector<Case>& cases) {
  // Modes i 12, j 8, k 8 (output), l 8, o 8, p 12 (input); x = i j merged, y = o p merged.
  const int64_t r = 12;
  const auto add = [&](const char* name, const char* a, const char* b, const char* c, Extents e,
                       const char* start = "") {
    cases.push_back({name, a, b, c, start, std::move(e), times});
  };
  add("P = G1 G2", "iq", "qjr", "ijr", {{'i', 12}, {'j', 8}, {'q', r}, {'r', r}});
  add("Q = G5 G6", "uov", "vp", "uop", {{'u', r}, {'o', 8}, {'v', r}, {'p', 12}});
  add("U = Q X", "uy", "lyt", "lut", {{'u', r}, {'y', 96}, {'l', 8}, {'t', t}});
  add("Z = G4 U", "sl", "lt", "st", {{'s', r}, {'l', 96}, {'t', t}});
  add("V = G3 Z", "ks", "st", "kt", {{'k', 96}, {'s', r}, {'t', t}});
  add("Y = P V + b", "xr", "rkt", "xkt", {{'x', 96}, {'r', r}, {'k', 8}, {'t', t}}, "xk");
  add("dP = dY V", "xkt", "rkt", "xr", {{'x', 96}, {'r', r}, {'k', 8}, {'t', t}});
  add("dV = P dY", "xr", "xkt", "rkt", {{'x', 96}, {'r', r}, {'k', 8}, {'t', t}});
  add("dZ = G3 dV", "ks", "kt", "st", {{'k', 96}, {'s', r}, {'t', t}});
  add("dG3 = dV Z", "kt", "st", "ks", {{'k', 96}, {'s', r}, {'t', t}});
  add("dU = G4 dZ", "sl", "st", "lt", {{'s', r}, {'l', 96}, {'t', t}});
  add("dG4 = dZ U", "st", "lt", "sl", {{'s', r}, {'l', 96}, {'t', t}});
  add("dX = Q dU", "uy", "lut", "lyt", {{'u', r}, {'y', 96}, {'l', 8}, {'t', t}});
  add("dQ = dU X", "lut", "lyt", "uy", {{'u', r}, {'y', 96}, {'l', 8}, {'t', t}});
  add("dG1 = dP G2", "ijr", "qjr", "iq", {{'i', 12}, {'j', 8}, {'q', r}, {'r', r}});
  add("dG2 = G1 dP", "iq", "ijr", "qjr", {{'i', 12}, {'j', 8}, {'q', r}, {'r', r}});
  add("dG5 = dQ G6", "uop", "vp", "uov", {{'u', r}, {'o', 8}, {'v', r}, {'p', 12}});
  add("dG6 = G5 dQ", "uov", "uop", "vp", {{'u', r}, {'o', 8}, {'v', r}, {'p', 12}});
}

void AddAttention(int64_t t, double times, std::vector<Case>& cases) {
  const Extents e = {{'h', 12}, {'d', 64}, {'k', t}, {'q', t}};
  cases.push_back({"S = K Q", "hdk", "hdq", "hkq", "", e, times});
  cases.push_back({"C = V P", "hdk", "hkq", "hdq", "", e, times});
  cases.push_back({"dPr = V dC", "hdk", "hdq", "hkq", "", e, times});
  cases.push_back({"dVa = dC Pr", "hdq", "hkq", "hdk", "", e, times});
  cases.push_back({"dQa = K dS", "hdk", "hkq", "hdq", "", e, times});
  cases.push_back({"dKa = Q dS", "hdq", "hkq", "hdk", "", e, times});
}

void AddHead(int64_t t, std::vector<Case>& cases) {
  const Extents e = {{'s', 127}, {'f', 768}, {'t', t}};
  cases.push_back({"head", "sf", "ft", "st", "s", e, 1});
  cases.push_back({"dH = W dL", "sf", "st", "ft", "", e, 1});
  cases.push_back({"dW = dL H", "st", "ft", "sf", "", e, 1});
}

void AddEmbedding(int64_t t, std::vector<Case>& cases) {
  // N = F2 F3 and row = F1 N. V is the number of words, the distance between the slices of a core.
  const auto words = static_cast<double>(t);
  const Extents e1 = {{'r', 30}, {'x', 8}, {'s', 30}, {'y', 8}, {'V', 10}};
  const Extents e2 = {{'d', 12}, {'r', 30}, {'z', 64}};
  cases.push_back({"N = F2 F3", "rVxs", "sVy", "rxy", "", e1, words});
  cases.push_back({"row = F1 N", "dr", "rz", "dz", "", e2, words});
  cases.push_back({"dN = F1 dr", "dr", "dz", "rz", "", e2, words, true});
  cases.push_back({"dF1 = dr N", "dz", "rz", "dr", "", e2, words, true});
  cases.push_back({"dF3 = F2 dN", "rVxs", "rxy", "sVy", "", e1, words, true});
  cases.push_back({"dF2 = dN F3", "rxy", "sVy", "rVxs", "", e1, words, true});
}

void AddBtt(int64_t t, std::vector<Case>& cases) {
  const Extents e = {{'f', 768}, {'r', 12}, {'t', t}};
  cases.push_back(
      {"btt A = P G3", "xs", "skr", "xkr", "", {{'x', 96}, {'s', 12}, {'k', 8}, {'r', 12}}, 0});
  cases.push_back({"btt Z = B X", "rf", "ft", "rt", "", e, 0});
  cases.push_back({"btt Y = A Z + b", "fr", "rt", "ft", "f", e, 0});
  cases.push_back({"btt dZ = A dY", "fr", "ft", "rt", "", e, 0});
  cases.push_back({"btt dX = B dZ", "rf", "rt", "ft", "", e, 0});
  cases.push_back({"btt dA = dY Z", "ft", "rt", "fr", "", e, 0});
  cases.push_back({"btt dB = dZ X", "rt", "ft", "rf", "", e, 0});
  const Extents g = {{'n', 64}, {'r', 12}, {'p', 12}, {'t', t}};
  cases.push_back({"rtl G6 X", "rp", "npt", "nrt", "", g, 0});
  cases.push_back({"rtl dG6", "nrt", "npt", "rp", "", g, 0});
  cases.push_back({"rtl dX", "rp", "nrt", "npt", "", g, 0});
  const Extents h = {{'n', 8}, {'o', 8}, {'r', 12}, {'s', 12}, {'t', t}};
  cases.push_back({"rtl G5", "sor", "nort", "nst", "", h, 0});
  const Extents w = {{'m', 768}, {'n', 768}, {'t', t}};
  cases.push_back({"dense Y = W X", "mn", "nt", "mt", "m", w, 0});
  cases.push_back({"dense dX = W dY", "mn", "mt", "nt", "", w, 0});
  cases.push_back({"dense dW = dY X", "mt", "nt", "mn", "", w, 0});
}

// Seconds of the fastest of several runs of `function`.
template <typename Function>
double Seconds(const Function& function, double expected) {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const int repeats = static_cast<int>(std::clamp(2e-3 / expected, 1.0, 1e5));
  double best = 1e9;
  for (int run = 0; run < 15; ++run) {
    const auto start = now();
    for (int i = 0; i < repeats; ++i) function();
    best = std::min(best, std::chrono::duration<double>(now() - start).count() / repeats);
  }
  return best;
}

const char* Name(ContractForm form) {
  switch (form) {
    case ContractForm::kLanes:
      return "lanes";
    case ContractForm::kPackedLanes:
      return "packed";
    case ContractForm::kDot:
      return "dot";
    case ContractForm::kGeneric:
      return "generic";
  }
  return "";
}

float* Allocate(int64_t floats) {
  const size_t bytes = (static_cast<size_t>(floats) * sizeof(float) + 4095) / 4096 * 4096;
  auto* memory = static_cast<float*>(std::aligned_alloc(4096, bytes));
  for (size_t i = 0; i < bytes / sizeof(float); ++i) {
    memory[i] = static_cast<float>(i % 17) * 0.01f - 0.08f;
  }
  return memory;
}

void Table(int64_t tokens, double peak, nlohmann::json& report) {
  std::vector<Case> cases;
  AddMap(tokens, 13, cases);
  AddAttention(tokens, 2, cases);
  AddHead(tokens, cases);
  AddEmbedding(tokens, cases);
  AddBtt(tokens, cases);

  constexpr int64_t kArena = 8 << 20;  // floats
  float* arena = Allocate(kArena);
  fmt::print("\ntokens {}\n{:<18}{:>9}{:>11}{:>9}{:>8}{:>9}  {}\n", tokens, "contraction",
             "per step", "madds", "G/s", "% peak", "model %", "form");
  double step_seconds = 0, step_multiply_adds = 0;
  for (const Case& item : cases) {
    const Prepared p = Prepare(item);
    const auto round = [](int64_t floats) { return (floats + 15) / 16 * 16; };
    float* a = arena;
    float* b = a + round(p.a);
    float* start = b + round(p.b);
    float* c = start + round(p.start);
    float* scratch = c + round(p.c);
    const auto run = [&] { RunContract(p.plan, a, b, start, c, scratch); };
    std::fill(c, c + p.c, 0.0f);
    const double seconds = Seconds(run, p.multiply_adds / 20e9);
    std::fill(c, c + p.c, 0.0f);
    const double rate = p.multiply_adds / seconds;
    step_seconds += item.per_step * seconds;
    step_multiply_adds += item.per_step * p.multiply_adds;
    const double estimate = p.multiply_adds / (p.plan.cycles * KernelLanes());
    fmt::print("{:<18}{:>9}{:>11}{:>9.1f}{:>8.1f}{:>9.1f}  {}{}{}\n", item.name, item.per_step,
               p.multiply_adds, rate * 1e-9, 100 * rate / peak, 100 * estimate, Name(p.plan.form),
               p.plan.swapped ? " swapped" : "", p.plan.period != 0 ? " filled" : "");
    report["contractions"].push_back({{"name", item.name},
                                      {"tokens", tokens},
                                      {"multiply_adds", p.multiply_adds},
                                      {"per_step", item.per_step},
                                      {"seconds", seconds},
                                      {"share_of_peak", rate / peak}});
  }
  const double rate = step_multiply_adds / step_seconds;
  fmt::print("a step: {:.2f} M multiply-adds in {:.3f} ms: {:.1f} G/s, {:.1f} % of peak\n",
             step_multiply_adds * 1e-6, step_seconds * 1e3, rate * 1e-9, 100 * rate / peak);
  report["steps"].push_back({{"tokens", tokens},
                             {"multiply_adds", step_multiply_adds},
                             {"seconds", step_seconds},
                             {"share_of_peak", rate / peak}});
  std::free(arena);
}

int Main(int argc, char** argv) {
  std::vector<int64_t> tokens;
  std::string json;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--tokens") tokens.push_back(std::atoll(argv[i + 1]));
    if (flag == "--json") json = argv[i + 1];
  }
  if (tokens.empty()) tokens = {32, 12};
  const double peak = MeasureMultiplyAddPeak();
  fmt::print("{}, peak {:.1f} G multiply-adds/s\n", KernelTargetName(), peak * 1e-9);
  nlohmann::json report = {{"target", KernelTargetName()}, {"peak", peak}};
  for (const int64_t t : tokens) Table(t, peak, report);
  if (!json.empty()) {
    std::FILE* file = std::fopen(json.c_str(), "w");
    if (file == nullptr) {
      std::perror(json.c_str());
      return 2;
    }
    fmt::print(file, "{}\n", report.dump(2));
    std::fclose(file);
  }
  return 0;
}

}  // namespace
}  // namespace bittern

int main(int argc, char** argv) { return bittern::Main(argc, argv); }
