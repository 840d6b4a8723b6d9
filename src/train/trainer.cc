#include "train/trainer.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "model/initial_values.h"
#include "train/fine_tune.h"
#include "train/memory_budget.h"

namespace bittern {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What epochs are compared by; larger is better.
double FigureOf(const Evaluation& evaluation, const ModelConfig& model) {
  const Scores& scores = evaluation.scores;
  const std::optional<double> f1 = model.tags > 0 ? scores.SpanF1() : std::nullopt;
  const std::optional<double> intent = model.intents > 0 ? scores.IntentAccuracy() : std::nullopt;
  if (f1 && intent) return (*f1 + *intent) / 2;
  if (f1) return *f1;
  return intent.value_or(-evaluation.loss);
}

OrderedJson Optional(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

// The first line in which two configurations differ, with its section: empty if they are one.
std::string Difference(Config run, const Config& given) {
  run.name = given.name;  // a name changes nothing
  if (run == given) return "";
  const std::string texts[] = {ToToml(run), ToToml(given)};
  LineReader lines[] = {LineReader::FromMemory("", texts[0]), LineReader::FromMemory("", texts[1])};
  std::string_view line[2];
  std::string section;
  while (lines[0].Next(&line[0]) && lines[1].Next(&line[1]) && line[0] == line[1]) {
    if (line[0].starts_with('[')) section = line[0];
  }
  return fmt::format("it has \"{}\"{}{}, here is \"{}\"", line[0], section.empty() ? "" : " in ",
                     section, line[1]);
}

}  // namespace

Trainer::Trainer(Config config, const SplitSource& data, TrainOptions options)
    : options_(std::move(options)) {
  if (options_.memory && options_.device != kCpu) {
    Fail("--memory is for the engine: {} computes again what its memory asks for; leave it out",
         options_.device);
  }
  BITTERN_CHECK(options_.threads >= 1 && options_.save_every >= 1 && options_.log_every >= 1);
  const std::string log_path = JoinPath(options_.out, "metrics.jsonl");
  const bool exists = FileExists(last_path());
  if (!options_.resume && (exists || FileExists(best_path()) || FileExists(log_path))) {
    FailRunIsThere();
  }
  contents_.config = std::move(config);
  if (exists) {
    log_ = std::make_unique<MetricsLog>(log_path);
    CheckpointReader last(last_path());
    Resume(data, last);
  } else {
    Start(data);
  }
  word_dropout_.emplace(contents_.config.training, contents_.lexicon.vocabulary);
  evaluator_ = std::make_unique<Evaluator>(contents_.config, contents_.lexicon.labels,
                                           options_.decoding, options_.threads, options_.device);
  dropped_.resize(static_cast<size_t>(contents_.config.model.tokens));
}

void Trainer::FailRunIsThere() const {
  Fail("{}: holds a run already; continue it with --resume, or train into another directory",
       options_.out);
}

std::string Trainer::last_path() const { return JoinPath(options_.out, "last.safetensors"); }
std::string Trainer::best_path() const { return JoinPath(options_.out, "best.safetensors"); }

TensorValues Trainer::Values() {
  return [this](TensorId id) { return runner_->Values(id); };
}

void Trainer::ReadData(const SplitSource& data, const MakeLexicon& make_lexicon) {
  Lexicon& lexicon = contents_.lexicon;
  ModelConfig& model = contents_.config.model;
  {
    const Split train = data("train");
    make_lexicon(train);
    for (size_t word = 0; word < train.words().size(); ++word) {
      summary_.words_without_row += lexicon.vocabulary.Find(train.words()[word]) == kUnknownId;
    }
    train_ = Encode(train, lexicon.vocabulary, lexicon.labels, model.tokens);
  }
  valid_ = Encode(data("valid"), lexicon.vocabulary, lexicon.labels, model.tokens);
  order_.resize(train_.size());
  SetLabels(lexicon.labels, model);
  Validate(contents_.config, contents_.config.name);

  summary_.train_sentences = train_.size();
  summary_.valid_sentences = valid_.size();
  summary_.words = lexicon.vocabulary.size();
  summary_.intents = model.intents;
  summary_.tags = model.tags;
  summary_.truncated_sentences = train_.truncated_sentences() + valid_.truncated_sentences();
  summary_.truncated_words = train_.truncated_words() + valid_.truncated_words();
}

void Trainer::BuildRunner() {
  runner_ = MakeStepRunner(options_.device, contents_.config, StepKind::kTraining,
                           contents_.state.recompute);
  const Graph& graph = runner_->graph();
  writer_ = std::make_unique<InputWriter>(contents_.config, graph,
                                          [this](TensorId id) { return runner_->Integers(id); });
  intent_loss_ = graph.Find("loss.intent");
  slot_loss_ = graph.Find("loss.slot");
}

void Trainer::Start(const SplitSource& data) {
  std::optional<CheckpointReader> from;
  if (!options_.from.empty()) from.emplace(options_.from);
  ReadData(data, [&](const Split& train) {
    contents_.lexicon =
        from ? ExtendLexicon(from->contents(), train) : BuildLexicon(contents_.config.model, train);
  });
  if (from) {
    const Lexicon& old = from->contents().lexicon;
    summary_.new_words = contents_.lexicon.vocabulary.size() - old.vocabulary.size();
    summary_.new_intents = contents_.lexicon.labels.intents.size() - old.labels.intents.size();
    summary_.new_tags = contents_.lexicon.labels.tags.size() - old.labels.tags.size();
  }
  TrainingState& state = contents_.state;
  state.recompute = ChooseRecompute(contents_.config, options_.memory);
  state.pad = options_.pad;
  state.data_hash = DataHash(contents_.lexicon, train_, valid_);
  BuildRunner();
  SetInitialValues(contents_.config, runner_->graph(), Values());
  if (from) StartFromCheckpoint(*from, runner_->graph(), Values());
  runner_->Send();

  CheckCheckpoint(last_path(), contents_, runner_->graph(), Values());  // before there is anything
  MakeDirectories(options_.out);
  log_ = std::make_unique<MetricsLog>(JoinPath(options_.out, "metrics.jsonl"));
  // Under the log's lock once more: another process may have started a run since the first look.
  if (FileExists(last_path())) FailRunIsThere();
  try {
    Save();
  } catch (...) {
    log_->RemoveIfEmpty();  // or the next attempt would take it for a run
    throw;
  }
  log_->KeepLines(0);
}

void Trainer::Resume(const SplitSource& data, CheckpointReader& last) {
  resumed_ = true;
  const Checkpoint& run = last.contents();
  ReadData(data, [&](const Split&) { contents_.lexicon = run.lexicon; });
  const auto refuse = [&](const std::string& why) {
    Fail(
        "{}: cannot resume this run: {}; give what the run was started with, or train into "
        "another directory",
        last_path(), why);
  };
  if (const std::string difference = Difference(run.config, contents_.config);
      !difference.empty()) {
    refuse(difference);
  }
  contents_.state = run.state;
  const TrainingState& state = contents_.state;
  if (state.data_hash != DataHash(contents_.lexicon, train_, valid_)) {
    refuse("the sentences of train or valid are not those it was started with");
  }
  if (state.pad != options_.pad) {
    refuse(fmt::format("it was started {} --pad", state.pad ? "with" : "without"));
  }
  if (options_.memory) {
    const Recompute chosen = ChooseRecompute(contents_.config, options_.memory);
    if (chosen != state.recompute) {
      refuse(fmt::format("it computes {} again, the budget given here asks for {}",
                         Name(state.recompute), Name(chosen)));
    }
  }
  const auto sentences = static_cast<int64_t>(train_.size());
  if (state.place > sentences ||
      (state.place < sentences && state.place % contents_.config.training.batch != 0) ||
      (state.epoch == contents_.config.training.epochs && state.place > 0)) {
    refuse(fmt::format("its position, sentence {} of {} in epoch {}, is none between two updates",
                       state.place, sentences, state.epoch));
  }
  BuildRunner();
  last.ReadAll(runner_->graph(), Values());
  runner_->Send();
  log_->KeepLines(state.metrics_lines);
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
      while (state.place < end) Step();
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

void Trainer::Step() {
  const TrainingConfig& training = contents_.config.training;
  TrainingState& state = contents_.state;
  const uint32_t index = order_[static_cast<size_t>(state.place)];
  const EncodedSentence sentence = train_[index];
  word_dropout_->Apply(state.epoch, index, sentence.ids, dropped_);
  writer_->Write(std::span(dropped_).first(sentence.ids.size()), sentence.tags, sentence.intent,
                 options_.pad || runner_->always_pads(), inputs_);
  inputs_.dropout_key = DropoutKey(training.seed, state.epoch, state.place);
  runner_->Run(inputs_);

  double loss = 0;
  if (intent_loss_ != kNoTensor) loss += runner_->Values(intent_loss_)[0];
  if (slot_loss_ != kNoTensor) {
    const auto tokens = static_cast<size_t>(inputs_.valid);
    for (const float part : runner_->Values(slot_loss_).first(tokens)) loss += part;
  }
  loss *= training.batch;  // the weights are those of one in a batch
  if (!std::isfinite(loss)) FailAtSentence(index, loss);
  state.epoch_loss += loss;
  state.recent_loss += loss;
  ++state.recent_sentences;
  ++state.place;
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
      FileExists(last_path()) ? fmt::format("; {} keeps the state before", last_path()) : "");
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
  log_->Append(line.dump());
  state.metrics_lines = log_->lines();
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
  report.valid = evaluator_->Evaluate(valid_);
  report.figure = FigureOf(report.valid, contents_.config.model);
  if (!std::isfinite(report.valid.loss)) {
    FailAfterUpdate(fmt::format("the loss on valid is {}", report.valid.loss));
  }
  report.best = state.best_epoch == 0 || report.figure > state.best;

  report.epoch = ++state.epoch;
  state.place = 0;
  state.epoch_loss = state.recent_loss = 0;
  state.recent_sentences = 0;
  state.metrics_lines = log_->lines() + 1;
  if (report.best) {
    state.best = report.figure;
    state.best_epoch = state.epoch;
    WriteCheckpoint(best_path(), contents_, runner_->graph(), Values());
  }
  report.seconds = SecondsSince(start);
  const Scores& scores = report.valid.scores;
  const OrderedJson line = {{"kind", "epoch"},
                            {"epoch", report.epoch},
                            {"update", state.updates},
                            {"loss", report.loss},
                            {"valid_loss", report.valid.loss},
                            {"intent_accuracy", Optional(scores.IntentAccuracy())},
                            {"token_accuracy", Optional(scores.TokenAccuracy())},
                            {"span_f1", Optional(scores.SpanF1())},
                            {"sentence_accuracy", Optional(scores.SentenceAccuracy())},
                            {"best", report.best},
                            {"seconds", report.seconds}};
  log_->Append(line.dump());
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
  if (log_) log_->Sync();  // lines that the checkpoint counts
  WriteCheckpoint(last_path(), contents_, runner_->graph(), Values());
}

}  // namespace bittern
