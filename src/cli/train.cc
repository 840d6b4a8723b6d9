// SPDX-License-Identifier: Apache-2.0
// bittern train: trains a model on a data directory, or on the corpus that comes with the program.

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/evaluation.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "model/parameter_count.h"
#include "train/fine_tune.h"
#include "train/trainer.h"

namespace bittern {
namespace {

struct TrainCommandOptions {
  ConfigOptions config;
  DataOption data;
  std::string out, from, memory, json;
  std::optional<std::string> out_of_scope;
  bool resume = false, pad = false;
  std::optional<uint64_t> seed, epochs, save_every, log_every;
  DecodeOption decode;
  DeviceOption device;
  ThreadsOption threads;
};

volatile std::sig_atomic_t stop_signal = 0;

// While it lives, Ctrl-C and SIGTERM ask for a stop. A second one ends the process; only the work
// since the last checkpoint is lost then.
class StopOnSignal {
 public:
  StopOnSignal() {
    struct sigaction action {};
    action.sa_handler = [](int signal) { stop_signal = signal; };
    action.sa_flags = SA_RESETHAND;
    sigaction(SIGINT, &action, &old_interrupt_);
    sigaction(SIGTERM, &action, &old_terminate_);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
  ~StopOnSignal() {
    sigaction(SIGINT, &old_interrupt_, nullptr);
    sigaction(SIGTERM, &old_terminate_, nullptr);
  }

 private:
  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

std::string OutDirectory(const TrainCommandOptions& options, const Config& config) {
  return options.out.empty() ? JoinPath("runs", config.name) : options.out;
}

// Chooses the configuration. With --resume: the run's own, unless --config is given. With --from:
// the fine-tuning section of that checkpoint's configuration, or of --config.
Config ChooseConfig(const TrainCommandOptions& options) {
  const ConfigOptions& given = options.config;
  Config config;
  const std::string last = JoinPath(options.out, "last.safetensors");
  if (options.resume && !given.config_given() && !options.out.empty() && FileExists(last)) {
    config = given.Change(CheckpointReader(last).contents().config);
  } else if (!options.from.empty()) {
    if (given.format_given()) {
      Fail("--format can't be given with --from: the format is that of {}. Remove one of the two.",
           options.from);
    }
    const CheckpointReader from(options.from);
    if (given.config_given()) {
      const Config named = given.Load();
      config = FineTuningConfig(from.contents(), &named);
    } else {
      config = FineTuningConfig(from.contents());
    }
    config = given.Change(config);
  } else {
    config = given.Load();
  }
  given.Apply(config);
  if (options.seed) config.training.seed = *options.seed;
  if (options.out_of_scope) config.model.out_of_scope = *options.out_of_scope;
  if (options.epochs) config.training.epochs = static_cast<int>(*options.epochs);
  Validate(config, config.name);
  return config;
}

TrainOptions RunOptions(const TrainCommandOptions& options, const Config& config) {
  TrainOptions run{.out = OutDirectory(options, config),
                   .from = options.from,
                   .resume = options.resume,
                   .device = options.device.Value(),
                   .pad = options.pad,
                   .memory = ParseBudget(options.memory),
                   .threads = options.threads.Value(),
                   .answers = {.decoding = options.decode.Value()}};
  if (options.save_every) run.save_every = static_cast<int64_t>(*options.save_every);
  if (options.log_every) run.log_every = static_cast<int64_t>(*options.log_every);
  if (run.memory && ChoosesRecompute(run.device)) {
    Fail(
        "--memory only applies to --device cpu; {} chooses recomputation by itself. Remove "
        "--memory.",
        run.device);
  }
  if (!run.resume && RunDirectory(run.out).HoldsRun()) {
    Fail(
        "{}: this directory already holds a run; continue it with --resume, or train into another "
        "directory",
        run.out);
  }
  return run;
}

void PrintStart(std::FILE* text, const Trainer& trainer, const ParameterCount& parameters,
                const DataOption& data) {
  const Config& config = trainer.config();
  const DataSummary& summary = trainer.data();
  fmt::print(text, "model   {}: {} encoders, {}, contraction {}\n", config.name,
             config.model.encoders, Name(config.model.format), Name(config.order));
  fmt::print(text, "        {} parameters in {}; dense {} in {}: {:.2f} times as many\n",
             Grouped(parameters.stored), FormatBytes(4 * static_cast<uint64_t>(parameters.stored)),
             Grouped(parameters.dense), FormatBytes(4 * static_cast<uint64_t>(parameters.dense)),
             parameters.Compression());
  std::string labels, new_labels;
  int added = summary.new_words;
  for (const LabelCount& task : summary.labels) {
    labels += fmt::format(", {} {}", task.count, task.name);
    new_labels += fmt::format(", {} {}", task.added, task.name);
    added += task.added;
  }
  fmt::print(text, "data    {}: {} training and {} validation sentences; {} words{}\n", data.Name(),
             Grouped(static_cast<int64_t>(summary.train_sentences)),
             Grouped(static_cast<int64_t>(summary.valid_sentences)), summary.words, labels);
  if (added > 0) {
    fmt::print(text, "        new to the model: {} words{}\n", summary.new_words, new_labels);
  }
  if (summary.words_without_row > 0) {
    fmt::print(text, "        {} words have no row in the word table and are read as unknown\n",
               summary.words_without_row);
  }
  if (summary.truncated_sentences > 0) {
    fmt::print(text, "        {} sentences cut to {} words: {} words are not read\n",
               summary.truncated_sentences, config.model.tokens - 1, summary.truncated_words);
  }
  fmt::print(text, "step    {}\n", trainer.runner().Summary());
  if (trainer.step_bytes() > trainer.runner().step_bytes()) {
    fmt::print(text, "        {} with all threads and parts of a batch\n",
               FormatBytes(static_cast<uint64_t>(trainer.step_bytes())));
  }
  if (std::cmp_greater(config.training.batch, summary.train_sentences)) {
    fmt::print(text, "        a batch of {} is larger than the data: an update takes all {}\n",
               config.training.batch, Grouped(static_cast<int64_t>(summary.train_sentences)));
  }
  const TrainingState& state = trainer.state();
  if (state.epoch >= config.training.epochs) {
    fmt::print(text, "\nall {} epochs are done\n", state.epoch);
  } else {
    if (trainer.resumed()) {
      fmt::print(text, "        resumed in epoch {}, after {} updates\n", state.epoch + 1,
                 Grouped(state.updates));
    }
  }
  std::fflush(text);
}

// A line for each epoch; before the first, the titles of its columns.
class EpochTable {
 public:
  void Print(std::FILE* text, const EpochReport& report) {
    std::string titles, figures;
    for (const Figure& figure : report.valid.figures) {
      if (!figure.is_shown || figure.column.empty()) continue;
      titles += "  " + figure.column;
      figures += fmt::format("  {:>{}}", Text(figure.percent), figure.column.size());
    }
    if (!has_titles_) fmt::print(text, "\n epoch    loss |  valid{} | seconds\n", titles);
    has_titles_ = true;
    fmt::print(text, "{:>6}  {:>6.4f} | {:>6.4f}{} | {:>7.1f}{}\n",
               fmt::format("{}/{}", report.epoch, report.epochs), report.loss, report.valid.loss,
               figures, report.seconds, report.best ? "  best so far" : "");
    std::fflush(text);
  }

 private:
  static std::string Text(std::optional<double> percent) {
    return percent ? fmt::format("{:.2f}", *percent) : "-";
  }

  bool has_titles_ = false;
};

int RunTrain(const TrainCommandOptions& options) {
  JsonOutput json(options.json);
  std::FILE* const text = json.owns_stdout() ? stderr : stdout;
  const Config chosen = ChooseConfig(options);
  const TrainOptions run = RunOptions(options, chosen);
  const bool has_test = options.data.Has("test");
  bool has_out_of_scope = false;
  const SplitSource source = [&, data = options.data.Source()](const std::string& name) {
    Split split = data(name);
    has_out_of_scope |= std::ranges::any_of(split.fields(), [&](const ClassField& field) {
      return field.labels().Find(chosen.model.out_of_scope) >= 0;
    });
    if (options.out_of_scope && name == "valid" && !has_out_of_scope) {
      Fail("--out-of-scope is {}; no sentence of train or valid has that label",
           Quoted(*options.out_of_scope));
    }
    // The test split is needed at the very end. Reading it now reports its errors before the run.
    if (name == "valid" && has_test) data("test");
    return split;
  };
  auto trainer = std::make_unique<Trainer>(chosen, source, run);
  const Config config = trainer->config();
  const ParameterCount parameters = CountParameters(config).back();
  PrintStart(text, *trainer, parameters, options.data);

  ProgressBar bar;
  EpochTable table;
  std::optional<EpochReport> latest;
  const TrainObserver observer{.on_update = [&](const Progress& progress) { bar.Update(progress); },
                               .on_epoch =
                                   [&](const EpochReport& report) {
                                     bar.Clear();
                                     table.Print(text, report);
                                     latest = report;
                                   },
                               .stop = [] { return stop_signal != 0; }};
  TrainStatus status;
  {
    const StopOnSignal stop_on_signal;
    status = trainer->Run(observer);
  }
  bar.Clear();
  const TrainingState state = trainer->state();
  const std::string last = trainer->last_path(), best = trainer->best_path();
  const int64_t step_bytes = trainer->step_bytes();
  const CycleCount cycles = trainer->runner().cycles();
  trainer.reset();  // frees its memory for the evaluation

  if (status == TrainStatus::kStopped) {
    fmt::print(text, "stopped in epoch {}; saved to {}; --resume continues\n", state.epoch + 1,
               last);
  }
  std::optional<SplitEvaluation> test;
  if (status == TrainStatus::kFinished && has_test) {
    CheckpointReader checkpoint(best);
    test = EvaluateSplit(checkpoint, options.data.Source(), "test", run.answers, run.threads,
                         run.device);
    fmt::print(text, "\ntest, with the model of epoch {}\n", state.best_epoch);
    Print(*test, text);
  }
  fmt::print(text, "\nparameters            {} ({:.2f} times fewer than dense)\n",
             FormatBytes(4 * static_cast<uint64_t>(parameters.stored)), parameters.Compression());
  fmt::print(text, "training step         {}\n", FormatBytes(static_cast<uint64_t>(step_bytes)));
  if (cycles.steps > 0) {
    fmt::print(text, "on the device         {} cycles a step; {} steps take {:.1f} s at {} MHz\n",
               Grouped(cycles.cycles / cycles.steps), Grouped(cycles.steps),
               static_cast<double>(cycles.cycles) / (1e6 * cycles.clock_mhz), cycles.clock_mhz);
  }
  const std::optional<int64_t> peak = PeakResidentBytes();
  if (peak) {
    fmt::print(text, "peak resident memory  {}\n", FormatBytes(static_cast<uint64_t>(*peak)));
  }
  fmt::print(text, "checkpoints           {}\n                      {}\n", best, last);

  if (json) {
    Json object = {{"config", config.name},
                   {"format", Name(config.model.format)},
                   {"contraction", Name(config.order)},
                   {"data", options.data.Name()},
                   {"seed", config.training.seed},
                   {"status", status == TrainStatus::kFinished ? "finished" : "stopped"},
                   {"epochs", state.epoch},
                   {"updates", state.updates},
                   {"parameters", parameters.stored},
                   {"parameters_dense", parameters.dense},
                   {"compression", parameters.Compression()},
                   {"recompute", Name(state.recompute)},
                   {"arena_bytes", step_bytes},
                   {"peak_resident_bytes", peak ? Json(*peak) : Json(nullptr)},
                   {"loss", latest ? Json(latest->loss) : Json(nullptr)},
                   {"best_epoch", state.best_epoch},
                   {"best_figure", state.best},
                   {"checkpoints", {{"best", best}, {"last", last}}}};
    object["device"] = run.device;
    object["cycles"] = cycles.steps > 0 ? Json({{"steps", cycles.steps},
                                                {"cycles", cycles.cycles},
                                                {"clock_mhz", cycles.clock_mhz}})
                                        : Json(nullptr);
    object["test"] = test ? ToJson(*test) : Json(nullptr);
    json.Write(object);
    json.Finish();
  }
  return status == TrainStatus::kFinished ? 0 : 128 + stop_signal;
}

}  // namespace

Command AddTrain(CLI::App& program) {
  CLI::App* const parser = program.add_subcommand("train", "Train a model, or continue a run");
  auto options = std::make_shared<TrainCommandOptions>();
  options->config.Add(*parser);
  options->data.Add(*parser);
  parser
      ->add_option("--from", options->from,
                   "fine-tune this trained model: new words take free rows, new labels extend\n"
                   "the heads; [fine_tuning] of the configuration says how")
      ->option_text("FILE")
      ->group(kModelGroup);
  AddInteger(*parser, "--seed", options->seed, 0, INT64_MAX,
             "seed of starting values, order and dropout [default: the configuration's]")
      ->group(kRunGroup);
  AddInteger(*parser, "--epochs", options->epochs, 1, 1000000,
             "passes over the training sentences [default: the configuration's]")
      ->group(kRunGroup);
  parser
      ->add_option("--memory", options->memory,
                   "memory budget of a training step, such as 3MB or 2.5MiB: the backward pass\n"
                   "recomputes what does not fit [default: no limit]")
      ->option_text("SIZE")
      ->group(kRunGroup);
  parser
      ->add_flag("--pad", options->pad,
                 "compute on all of the model's tokens, also for shorter sentences")
      ->group(kRunGroup);
  parser
      ->add_flag("--resume", options->resume,
                 "continue the run in --out; the result has the same bits as without the\n"
                 "interruption. Starts a new run if the directory has none")
      ->group(kRunGroup);
  parser
      ->add_option("--out-of-scope", options->out_of_scope,
                   "label of sentences to which no class applies; a threshold is chosen on valid,\n"
                   "below which the model answers none of these [default: oos]")
      ->option_text("LABEL")
      ->group(kDataGroup);
  options->decode.Add(*parser);
  options->device.Add(*parser);
  options->threads.Add(*parser,
                       "threads of training and evaluation; a batch\nof one sentence uses one", 1);
  parser
      ->add_option("--out", options->out,
                   "directory for last.safetensors, best.safetensors and metrics.jsonl\n"
                   "[default: runs/NAME of the configuration]")
      ->option_text("DIR")
      ->group(kOutputGroup);
  AddInteger(*parser, "--save-every", options->save_every, 1, INT64_MAX,
             "sentences between two checkpoints within an epoch [default: 1000]")
      ->group(kOutputGroup);
  AddInteger(*parser, "--log-every", options->log_every, 1, INT64_MAX,
             "sentences between two lines of metrics.jsonl [default: 500]")
      ->group(kOutputGroup);
  AddJson(*parser, options->json, "write a summary as JSON at the end");
  parser->footer(R"(
Ctrl-C saves the run and exits with status 130; --resume continues the run.

Examples:
  bittern train                                          the 2-encoder model, built-in corpus
  bittern train --data data/atis --config atis-4enc --memory 4MB
  bittern train --data data/atis --out runs/a --seed 2 --set training.learning_rate=0.02
  bittern train --out runs/a --data data/atis --resume
  bittern train --data data/atis --device sim:u50        through the simulated accelerator
  bittern train --from runs/a/best.safetensors --data mine --out runs/mine)");
  return {parser, [options] { return RunTrain(*options); }};
}

}  // namespace bittern
