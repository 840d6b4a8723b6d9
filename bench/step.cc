// Compares the time of one training step of the 2-encoder model with PyTorch in eager mode, for one
// sentence on one thread. Both run in turns in one run, so that other load on the machine slows
// both. Times are processor times, so other processes do not count.
//
//   step [--data DIR] [--rounds N] [--steps N] [--json FILE] [--pytorch bench/pytorch_step.py]
//   step --profile [--contraction ORDER] [--recompute WHAT] [--data DIR --unpadded]
//
// A step writes the inputs and runs forward, loss, backward and the SGD update. "padded" is a
// sentence of 32 distinct tokens. "unpadded" takes the sentences of --data (default: the generated
// corpus) in turn. A round runs --steps steps of every order of both programs. Three untimed steps
// come first, because the other program has just used the caches. Times are medians over the
// rounds, ratios are medians of the rounds' ratios. "Useful" multiply-adds are those of the step's
// contractions at the sentence's real tokens. The peak is measured in the same run, on registers
// only.
//
// --profile runs a step operation by operation and prints the time of each part.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "cpu/executor.h"
#include "cpu/kernels/targets.h"
#include "data/vocabulary.h"
#include "model/initial_values.h"
#include "model/inputs.h"
#include "model/testing/labels.h"
#include "model/training_step.h"
#include "oracle/examples.h"
#include "step_profile.h"

namespace bittern {
namespace {

constexpr double kLearningRate = 1e-3;  // as in pytorch_step.py
constexpr int kSettlingSteps = 3;       // as in pytorch_step.py, too

double CpuMilliseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// A sentence that fills the model: [CLS] and different words, each with a tag.
Example DistinctTokens(const ModelConfig& model) {
  std::vector<uint16_t> words(static_cast<size_t>(model.vocabulary - kFirstWordId));
  std::iota(words.begin(), words.end(), static_cast<uint16_t>(kFirstWordId));
  Random random(1);
  random.Shuffle(std::span(words));
  Example example{.ids = {kClassId}, .tags = {kNoLabel}, .intent = 0};
  for (size_t t = 1; t < static_cast<size_t>(model.tokens); ++t) {
    example.ids.push_back(words[t]);
    example.tags.push_back(
        static_cast<int16_t>(random.UniformInt(static_cast<uint32_t>(model.tags))));
  }
  return example;
}

using Sentences = std::map<std::string, std::vector<Example>>;  // by "padded", "unpadded"

// Bittern in one order.
class Engine {
 public:
  Engine(const Config& config, Recompute recompute, const Sentences& sentences)
      : sentences_(sentences),
        executor_(BuildStep(config, {.recompute = recompute}), kColumnGroup),
        writer_(config, executor_.graph(), [this](TensorId id) { return executor_.Integers(id); }) {
    SetInitialValues(config, executor_.graph(),
                     [this](TensorId id) { return executor_.Values(id); });
    inputs_.learning_rate = kLearningRate;
    for (const auto& [kind, examples] : sentences) Milliseconds(kind, 10);  // warm up
  }

  Executor& executor() { return executor_; }

  // Writes the next sentence's inputs.
  const StepInputs& Next(const std::string& kind) {
    const std::vector<Example>& examples = sentences_.at(kind);
    const Example& example = examples[next_[kind]++ % examples.size()];
    writer_.Write(example.ids, TestLabels(example.tags, example.intent), false, inputs_);
    return inputs_;
  }

  void Rewind() { next_.clear(); }  // returns to the first sentences

  // The mean time of a step, after a few steps that fill the caches again.
  double Milliseconds(const std::string& kind, int steps) {
    for (int step = 0; step < kSettlingSteps; ++step) executor_.Run(Next(kind));
    const double start = CpuMilliseconds();
    for (int step = 0; step < steps; ++step) executor_.Run(Next(kind));
    return (CpuMilliseconds() - start) / steps;
  }

  // The useful multiply-adds of a step, as the mean over all sentences.
  double UsefulMultiplyAdds(const std::string& kind) {
    const size_t count = sentences_.at(kind).size();
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
      const StepInputs& inputs = Next(kind);
      for (const Op& op : executor_.graph().ops) sum += MultiplyAdds(op, inputs);
    }
    return sum / static_cast<double>(count);
  }

 private:
  const Sentences& sentences_;
  Executor executor_;
  InputWriter writer_;
  StepInputs inputs_;
  std::map<std::string, size_t> next_;
};

// pytorch_step.py --serve as a child process.
class PyTorch {
 public:
  PyTorch(const std::string& script, const std::string& examples) {
    std::array<int, 2> to{}, from{};
    if (pipe(to.data()) != 0 || pipe(from.data()) != 0) Fail("pipe: no file descriptors left");
    child_ = fork();
    if (child_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      for (const int end : {to[0], to[1], from[0], from[1]}) close(end);
      execl(script.c_str(), script.c_str(), "--examples", examples.c_str(), "--serve", nullptr);
      std::perror(script.c_str());
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    requests_ = fdopen(to[1], "w");
    answers_ = fdopen(from[0], "r");
    description_ = Answer();
    if (Answer() != "ready") Fail("{}: expected \"ready\"", script);
  }
  PyTorch(const PyTorch&) = delete;
  PyTorch& operator=(const PyTorch&) = delete;
  ~PyTorch() {
    std::fclose(requests_);
    std::fclose(answers_);
    waitpid(child_, nullptr, 0);
  }

  const std::string& description() const { return description_; }

  double Milliseconds(const std::string& order, const std::string& kind, int steps) {
    fmt::print(requests_, "{} {} {}\n", order, kind, steps);
    std::fflush(requests_);
    return std::stod(Answer());
  }

 private:
  std::string Answer() {
    std::array<char, 1024> line{};
    if (std::fgets(line.data(), line.size(), answers_) == nullptr) {
      Fail("PyTorch's process has ended; its message stands above");
    }
    std::string text = line.data();
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  pid_t child_ = 0;
  std::FILE* requests_ = nullptr;
  std::FILE* answers_ = nullptr;
  std::string description_;
};

std::string Processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

// The load average of the last minute. This comparison contributes 1.
double Load() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

std::string Compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

struct Bar {
  std::string kind, ours, theirs;
  double least;  // 0: only for information
};

const std::vector<std::string> kOurOrders = {"btt", "optimal", "right-to-left"};
const std::vector<std::string> kTheirOrders = {"btt", "btt-stacked", "optimal", "right-to-left",
                                               "dense"};
const std::vector<Bar> kBars = {
    {"padded", "btt", "btt", 4},         {"padded", "btt", "btt-stacked", 0},
    {"padded", "optimal", "btt", 5},     {"padded", "optimal", "btt-stacked", 0},
    {"padded", "optimal", "dense", 20},  {"unpadded", "btt", "btt", 0},
    {"unpadded", "optimal", "btt", 6},   {"unpadded", "optimal", "btt-stacked", 0},
    {"unpadded", "optimal", "dense", 0},
};

void Compare(const Config& base, const Sentences& sentences, const std::string& pytorch_script,
             int rounds, int steps, const std::string& json_path) {
  const std::string examples = fmt::format("/tmp/bittern-step-{}.jsonl", getpid());
  WriteExamples(examples, sentences.at("unpadded"));
  PyTorch pytorch(pytorch_script, examples);
  std::remove(examples.c_str());
  std::map<std::string, std::unique_ptr<Engine>> engines;
  for (const std::string& order : kOurOrders) {
    Config config = base;
    config.order = ParseOrder(order, "order");
    engines[order] = std::make_unique<Engine>(config, Recompute::kElementwise, sentences);
  }

  nlohmann::json report = {{"processor", Processor()},   {"compiler", Compiler()},
                           {"simd", KernelTargetName()}, {"pytorch", pytorch.description()},
                           {"load_before", Load()},      {"rounds", rounds},
                           {"steps_a_round", steps}};
  using Key = std::array<std::string, 3>;  // program, order, kind
  std::map<Key, std::vector<double>> times;
  double peak = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [kind, unused] : sentences) {
      // PyTorch and Bittern take turns.
      for (size_t i = 0; i < std::max(kOurOrders.size(), kTheirOrders.size()); ++i) {
        if (i < kTheirOrders.size()) {
          times[{"PyTorch", kTheirOrders[i], kind}].push_back(
              pytorch.Milliseconds(kTheirOrders[i], kind, steps));
        }
        if (i < kOurOrders.size()) {
          times[{"Bittern", kOurOrders[i], kind}].push_back(
              engines[kOurOrders[i]]->Milliseconds(kind, steps));
        }
      }
    }
    peak = std::max(peak, MeasureMultiplyAddPeak());
  }
  report["load_after"] = Load();
  report["peak_multiply_adds_per_second"] = peak;

  fmt::print("{}; {}; {}\n{}\n", Processor(), Compiler(), KernelTargetName(),
             pytorch.description());
  fmt::print("{} rounds of {} steps; load {:.2f} before, {:.2f} after; peak {:.1f} G/s\n\n", rounds,
             steps, report["load_before"].get<double>(), report["load_after"].get<double>(),
             peak * 1e-9);
  fmt::print("{:<9} {:<14} {:<9} {:>9} {:>9} {:>10} {:>7} {:>7}\n", "program", "order", "sentences",
             "median ms", "fastest", "M useful", "G/s", "% peak");
  for (const auto& [key, found] : times) {
    const auto& [program, order, kind] = key;
    const double median = Median(found), fastest = *std::min_element(found.begin(), found.end());
    nlohmann::json row = {{"program", program},
                          {"order", order},
                          {"sentences", kind},
                          {"median_ms", median},
                          {"fastest_ms", fastest}};
    fmt::print("{:<9} {:<14} {:<9} {:>9.3f} {:>9.3f}", program, order, kind, median, fastest);
    if (program == "Bittern") {
      const double useful = engines[order]->UsefulMultiplyAdds(kind);
      const double rate = useful / (median * 1e-3);
      fmt::print(" {:>10.2f} {:>7.1f} {:>7.1f}", useful * 1e-6, rate * 1e-9, 100 * rate / peak);
      row["useful_multiply_adds"] = useful;
      row["share_of_peak"] = rate / peak;
    }
    fmt::print("\n");
    report["times"].push_back(row);
  }
  fmt::print("\n{:<9} {:<26} {:>7} {:>8} {:>8}   {}\n", "sentences", "PyTorch : Bittern", "ratio",
             "lowest", "highest", "bar");
  for (const Bar& bar : kBars) {
    const auto& ours = times.at({"Bittern", bar.ours, bar.kind});
    const auto& theirs = times.at({"PyTorch", bar.theirs, bar.kind});
    std::vector<double> ratios(ours.size());
    std::transform(theirs.begin(), theirs.end(), ours.begin(), ratios.begin(), std::divides<>());
    const double ratio = Median(ratios);
    const auto [lowest, highest] = std::minmax_element(ratios.begin(), ratios.end());
    fmt::print("{:<9} {:<26} {:>7.2f} {:>8.2f} {:>8.2f}   {}\n", bar.kind,
               bar.theirs + " : " + bar.ours, ratio, *lowest, *highest,
               bar.least == 0
                   ? ""
                   : fmt::format("{:>2}  {}", bar.least, ratio >= bar.least ? "met" : "MISSED"));
    report["ratios"].push_back({{"sentences", bar.kind},
                                {"pytorch", bar.theirs},
                                {"bittern", bar.ours},
                                {"ratio", ratio},
                                {"bar", bar.least}});
  }
  if (json_path.empty()) return;
  WriteFileAtomically(json_path, [&](AtomicFile& file) { file.Write(report.dump(2) + "\n"); });
}

int Main(int argc, char** argv) {
  CLI::App app("The time of a training step, against PyTorch's");
  std::string data, json, pytorch = "bench/pytorch_step.py", config_name = "atis-2enc";
  std::string contraction = "optimal", recompute_name = "elementwise";
  int rounds = 15, steps = 20;
  bool profile = false, unpadded = false;
  app.add_option("--data", data, "directory of the sentences; default: the generated corpus");
  app.add_option("--rounds", rounds)->check(CLI::PositiveNumber);
  app.add_option("--steps", steps, "of one order in one round")->check(CLI::PositiveNumber);
  app.add_option("--json", json, "file to write");
  app.add_option("--pytorch", pytorch, "the program to compare with");
  auto* flag = app.add_flag("--profile", profile, "where a step's time goes");
  app.add_option("--config", config_name)->needs(flag);
  app.add_option("--contraction", contraction)->needs(flag);
  app.add_option("--recompute", recompute_name)->needs(flag);
  app.add_flag("--unpadded", unpadded, "the sentences of --data")->needs(flag);
  CLI11_PARSE(app, argc, argv);

  Config config = LoadConfig(config_name);
  config.training = {};
  const Sentences sentences = {{"padded", {DistinctTokens(config.model)}},
                               {"unpadded", EncodeExamples(config.model, data, 500)}};
  if (!profile) {
    Compare(config, sentences, pytorch, rounds, steps, json);
    return 0;
  }
  config.order = ParseOrder(contraction, "--contraction");
  const auto* recompute =
      std::find_if(std::begin(kRecomputes), std::end(kRecomputes),
                   [&](Recompute candidate) { return recompute_name == Name(candidate); });
  if (recompute == std::end(kRecomputes)) Fail("--recompute {}: unknown", recompute_name);
  Engine engine(config, *recompute, sentences);
  const std::string kind = unpadded ? "unpadded" : "padded";
  StepProfile step_profile(engine.executor());
  for (int round = 0; round < rounds; ++round) {
    engine.Rewind();
    for (int step = 0; step < steps; ++step) step_profile.Run(engine.Next(kind));
    step_profile.EndRound();
  }
  step_profile.Print(MeasureMultiplyAddPeak());
  return 0;
}

}  // namespace
}  // namespace bittern

int main(int argc, char** argv) {
  try {
    return bittern::Main(argc, argv);
  } catch (const bittern::Error& error) {
    fmt::print(stderr, "step: {}\n", error.what());
    return 2;
  }
}
