// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "model/initial_values.h"
#include "train/fine_tune.h"
#include "train/memory_budget.h"
#include "train/resume.h"

namespace bittern {
namespace {

using OrderedJson = nlohmann::ordered_json;
double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

OrderedJson Optional(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

}  // namespace

Trainer::Trainer(Config config, const SplitSource& source, TrainOptions options)
    : options_(std::move(options)), directory_(options_.out) {
  BITTERN_CHECK(options_.threads >= 1 && options_.save_every >= 1 && options_.log_every >= 1);
  if (options_.memory && ChoosesRecompute(options_.device)) {
    Fail("a memory budget only applies to the device {}; {} chooses recomputation by itself", kCpu,
         options_.device);
  }
  if (!options_.resume && directory_.HoldsRun()) directory_.FailHoldsRun();
  contents_.config = std::move(config);
  contents_.config.training.NormalizeParts();
  contents_.config.fine_tuning.NormalizeParts();
  resumed_ = directory_.CanResume();
  if (resumed_) {
    Resume(source);
  } else {
    Start(source);
  }
  word_dropout_.emplace(contents_.config.training, contents_.lexicon.vocabulary);
  evaluator_ = std::make_unique<Evaluator>(contents_.config, contents_.lexicon.labels,
                                           options_.answers, options_.threads, options_.device);
}

TensorValues Trainer::Values() {
  return [this](TensorId id) { return runner_->Values(id); };
}

void Trainer::Take(RunData data) {
  contents_.lexicon = std::move(data.lexicon);
  train_ = std::move(data.train);
  valid_ = std::move(data.valid);
  summary_ = std::move(data.summary);
  order_.resize(train_.size());
  SetLabels(contents_.lexicon.labels, contents_.config);
  Validate(contents_.config, contents_.config.name);
}

void Trainer::BuildRunner() {
  runner_ = MakeStepRunner(options_.device, contents_.config, StepKind::kTraining,
                           contents_.state.recompute);
  inputs_.tokens = contents_.config.model.tokens;  // an update has no tokens, but needs a number
  batch_ = std::make_unique<BatchStep>(contents_.config, *runner_, options_.device,
                                       contents_.state.recompute, options_.pad, options_.threads);
}

void Trainer::Start(const SplitSource& source) {
  const Config& config = contents_.config;
  std::optional<CheckpointReader> from;
  if (!options_.from.empty()) from.emplace(options_.from);
  const Lexicon* const known = from ? &from->contents().lexicon : nullptr;
  const auto make_lexicon = [&](const Split& train) {
    return from ? ExtendLexicon(*known, config, train) : BuildLexicon(config, train);
  };
  Take(ReadRunData(source, config, make_lexicon, known));
  TrainingState& state = contents_.state;
  state.recompute = ChooseRecompute(config, options_.memory);
  state.pad = options_.pad;
  state.data_hash = DataHash(config, contents_.lexicon, train_, valid_);
  BuildRunner();
  SetInitialValues(config, runner_->graph(), Values());
  if (from) StartFromCheckpoint(*from, runner_->graph(), Values());
  runner_->Send();
  directory_.Start(contents_, runner_->graph(), Values());
}

void Trainer::Resume(const SplitSource& source) {
  directory_.Open();
  CheckpointReader last(last_path());
  const Checkpoint& run = last.contents();
  Take(ReadRunData(source, contents_.config, [&](const Split&) { return run.lexicon; }));
  CheckResume(last_path(), run,
              {.config = contents_.config,
               .data_hash = DataHash(contents_.config, contents_.lexicon, train_, valid_),
               .sentences = static_cast<int64_t>(train_.size()),
               .pad = options_.pad,
               .memory = options_.memory});
  contents_.state = run.state;
  contents_.thresholds = run.thresholds;
  BuildRunner();
  last.ReadAll(runner_->graph(), Values());
  runner_->Send();
  directory_.log().KeepLines(contents_.state.metrics_lines);
}

TrainStatus Trainer::Run(const TrainObserver& observer) {
  const TrainingConfig& training = contents_.config.training;
  TrainingState& state = contents_.state;
  const auto sentences = static_cast<int64_t>(train_.size());
  const int64_t updates_per_epoch = UpdatesPerEpoch(training, sentences);
  while (state.epoch < training.epochs) {
    const Clock::time_point start = Clock::now();
    ShuffledOrder(training.seed, state.epoch, order_);
    while (state.place < sentences) {
      const int64_t before = state.place;
      const int64_t end = std::min<int64_t>(before + training.batch, sentences);
      inputs_.learning_rate = LearningRate(training, state.updates, updates_per_epoch);
      inputs_.update = state.updates + 1;
      RunBatch(end);
      runner_->RunUpdates(inputs_);
      ++state.updates;

      const auto passed = [&](int64_t every) { return before / every != state.place / every; };
      if (passed(options_.log_every)) LogProgress(SecondsSince(start));
      const bool save = passed(options_.save_every);
      if (save) Save();
      if (observer.on_update) {
        observer.on_update({.epoch = state.epoch + 1,
                            .epochs = training.epochs,
                            .sentences_done = state.place,
                            .sentences = sentences,
                            .updates = state.updates,
                            .loss = state.epoch_loss / static_cast<double>(state.place),
                            .learning_rate = inputs_.learning_rate});
      }
      if (observer.stop && observer.stop()) {
        if (!save) Save();
        return TrainStatus::kStopped;
      }
    }
    const EpochReport report = FinishEpoch(start);
    if (observer.on_epoch) observer.on_epoch(report);
  }
  return TrainStatus::kFinished;
}

void Trainer::RunBatch(int64_t end) {
  const TrainingConfig& training = contents_.config.training;
  TrainingState& state = contents_.state;
  const int64_t begin = state.place;
  const auto sentence_at = [&](size_t i) { return order_[static_cast<size_t>(begin) + i]; };
  lengths_.resize(static_cast<size_t>(end - begin));
  losses_.resize(lengths_.size());
  for (size_t i = 0; i < lengths_.size(); ++i) {
    lengths_[i] = static_cast<int>(train_[sentence_at(i)].ids.size());
  }
  batch_->Run(
      inputs_, lengths_,
      [&](size_t i, std::span<uint16_t> room) -> BatchStep::Example {
        const EncodedSentence sentence = train_[sentence_at(i)];
        word_dropout_->Apply(state.epoch, sentence_at(i), sentence.ids, room);
        return {
            .ids = room.first(sentence.ids.size()),
            .labels = sentence.labels,
            .dropout_key = DropoutKey(training.seed, state.epoch, begin + static_cast<int64_t>(i))};
      },
      losses_);
  // In the order of the sentences, for any number of threads.
  for (size_t i = 0; i < losses_.size(); ++i) {
    if (!std::isfinite(losses_[i])) FailAtSentence(sentence_at(i), losses_[i]);
    state.epoch_loss += losses_[i];
    state.recent_loss += losses_[i];
    ++state.recent_sentences;
    ++state.place;
  }
}

void Trainer::FailAtSentence(uint32_t index, double loss) const {
  std::string words;
  for (const uint16_t id : train_[index].ids.subspan(1)) {
    if (!words.empty()) words += ' ';
    words += contents_.lexicon.vocabulary.word(id);
  }
  FailNotFinite(fmt::format("update {}, at sentence {} of train ({})", contents_.state.updates + 1,
                            index + 1, Quoted(words, 200)),
                fmt::format("the loss is {}", loss));
}

void Trainer::FailAfterUpdate(const std::string& what) const {
  FailNotFinite(fmt::format("after update {}", contents_.state.updates), what);
}

void Trainer::FailNotFinite(const std::string& where, const std::string& what) const {
  Fail(
      "training stopped in epoch {}, {}: {}{}. Lower training.learning_rate, or limit gradients "
      "with training.clip",
      contents_.state.epoch + 1, where, what,
      directory_.CanResume() ? fmt::format("; {} keeps the state before", last_path()) : "");
}

void Trainer::LogProgress(double seconds) {
  TrainingState& state = contents_.state;
  const OrderedJson line = {
      {"kind", "progress"},
      {"epoch", state.epoch + 1},
      {"sentence", state.place},
      {"update", state.updates},
      {"loss", state.recent_loss / static_cast<double>(state.recent_sentences)},
      {"learning_rate", inputs_.learning_rate},
      {"seconds", seconds}};
  directory_.log().Append(line.dump());
  state.metrics_lines = directory_.log().lines();
  state.recent_loss = 0;
  state.recent_sentences = 0;
}

EpochReport Trainer::FinishEpoch(Clock::time_point start) {
  TrainingState& state = contents_.state;
  EpochReport report;
  report.epochs = contents_.config.training.epochs;
  report.loss = state.epoch_loss / static_cast<double>(train_.size());
  runner_->Fetch();
  CheckFinite();
  evaluator_->CopyParameters(runner_->graph(), Values());
  report.valid = evaluator_->ChooseThresholds(valid_);
  contents_.thresholds = evaluator_->thresholds();
  if (!std::isfinite(report.valid.loss)) {
    FailAfterUpdate(fmt::format("the loss on valid is {}", report.valid.loss));
  }
  report.best = state.best_epoch == 0 || report.valid.best > state.best;

  report.epoch = ++state.epoch;
  state.place = 0;
  state.epoch_loss = state.recent_loss = 0;
  state.recent_sentences = 0;
  state.metrics_lines = directory_.log().lines() + 1;  // with the epoch's line below
  if (report.best) {
    state.best = report.valid.best;
    state.best_epoch = state.epoch;
    directory_.SaveBest(contents_, runner_->graph(), Values());
  }
  report.seconds = SecondsSince(start);
  OrderedJson line = {{"kind", "epoch"},
                      {"epoch", report.epoch},
                      {"update", state.updates},
                      {"loss", report.loss},
                      {"valid_loss", report.valid.loss}};
  for (const Figure& figure : report.valid.figures) {
    if (figure.is_top_level) line[figure.key] = Optional(figure.percent);
  }
  for (const Figure& figure : report.valid.figures) {
    if (!figure.is_top_level) line["tasks"][figure.task][figure.key] = Optional(figure.percent);
  }
  line["best"] = report.best;
  line["seconds"] = report.seconds;
  directory_.log().Append(line.dump());
  Save();
  return report;
}

void Trainer::CheckFinite() {
  const Graph& graph = runner_->graph();
  for (TensorId id = 0; id < static_cast<TensorId>(graph.tensors.size()); ++id) {
    const Tensor& tensor = graph.At(id);
    if (!tensor.IsCheckpointed()) continue;
    for (const float value : runner_->Values(id)) {
      if (!std::isfinite(value)) FailAfterUpdate(fmt::format("{} holds {}", tensor.name, value));
    }
  }
}

void Trainer::Save() {
  runner_->Fetch();
  CheckFinite();
  directory_.SaveLast(contents_, runner_->graph(), Values());
}

}  // namespace bittern
