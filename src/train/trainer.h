// Training: epochs over the training split, evaluation on valid, checkpoints, resumption.
//
// A run lives in one directory:
//   last.safetensors   the latest state: written at the start, every `save_every` sentences (at
//                      the end of the batch), at the end of an epoch, and when stopped
//   best.safetensors   the state at the end of the epoch with the best figure on valid: the mean
//                      of intent accuracy and span F1, or the one that there is, or minus the loss
//                      where valid has no label that counts; of equal ones the earlier epoch
//   metrics.jsonl      a line every `log_every` sentences and one an epoch (see trainer.cc)
//
// Determinism: every bit of a checkpoint is a function of configuration, data, checkpoint started
// from, device and `pad`, whatever the number of threads, and whether or how often the run was
// interrupted, at any moment. The files of an epoch's end are written in the order best, metrics,
// last; a run killed in between does the work since the previous `last` again, with the same
// result.
//
// A step (one sentence, and its batch's update) uses one thread and, on the engine, allocates
// nothing. Threads serve evaluation, which runs on the same kind of device.
#ifndef BITTERN_TRAIN_TRAINER_H_
#define BITTERN_TRAIN_TRAINER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/inputs.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/lexicon.h"
#include "train/metrics_log.h"
#include "train/schedule.h"
#include "train/step_runner.h"

namespace bittern {

struct TrainOptions {
  std::string out = {};   // directory, made if missing
  std::string from = {};  // checkpoint to fine-tune; empty: start anew
  // Continue the run in `out`, whose configuration, data and options must be the same; where there
  // is none yet, start it. Without `resume`, a run in `out` is an Error.
  bool resume = false;
  // What steps run on: MakeStepRunner. A run may be resumed on another one.
  std::string device = kCpu;
  bool pad = false;  // compute on all of the model's tokens
  // Budget of a step on the engine in bytes: see ChooseRecompute.
  std::optional<int64_t> memory = {};
  int threads = 1;                     // of evaluation
  Decoding decoding = Decoding::kBio;  // on valid
  int64_t save_every = 1000;           // sentences
  int64_t log_every = 500;             // sentences
};

// Given after every update.
struct Progress {
  int64_t epoch = 0, epochs = 0;              // the running one, from 1
  int64_t sentences_done = 0, sentences = 0;  // of the epoch
  int64_t updates = 0;                        // in all
  double loss = 0;                            // mean over the epoch's sentences so far
  double learning_rate = 0;                   // of the latest update
};

// Given after every epoch, when its files are written.
struct EpochReport {
  int64_t epoch = 0, epochs = 0;  // from 1
  double loss = 0;                // mean over the training sentences
  Evaluation valid;
  double figure = 0;  // what best is chosen by
  bool best = false;
  double seconds = 0;  // of the epoch, by this process alone
};

// All may be empty. What they throw ends the run as a kill would: nothing more is written.
struct TrainObserver {
  std::function<void(const Progress&)> on_update = {};
  std::function<void(const EpochReport&)> on_epoch = {};
  // Asked after every update; true: save and leave.
  std::function<bool()> stop = {};
};

enum class TrainStatus {
  kFinished,  // all epochs are done
  kStopped,   // as TrainObserver::stop asked; `resume` continues
};

// About the data of a run, for people.
struct DataSummary {
  size_t train_sentences = 0, valid_sentences = 0;
  int words = 0, intents = 0, tags = 0;  // the model's
  int words_without_row = 0;             // distinct words of train that are read as [UNK]
  int new_words = 0, new_intents = 0, new_tags = 0;     // when fine-tuning
  size_t truncated_sentences = 0, truncated_words = 0;  // in train and valid
};

class Trainer {
 public:
  // Reads train and valid, builds the model (words and labels come from train, or are those of the
  // checkpoint and train's), and starts or resumes the run. `config` says the training; with
  // `from` it is that of FineTuningConfig.
  Trainer(Config config, const SplitSource& data, TrainOptions options);

  const Config& config() const { return contents_.config; }
  const TrainingState& state() const { return contents_.state; }
  const DataSummary& data() const { return summary_; }
  const StepRunner& runner() const { return *runner_; }
  bool resumed() const { return resumed_; }
  std::string last_path() const;
  std::string best_path() const;

  // Trains to the end of the last epoch, or until stopped. A loss or a parameter that is not finite
  // is an Error that names the update, and a loss's sentence; the checkpoints stay as they were
  // last written.
  TrainStatus Run(const TrainObserver& observer = {});

 private:
  // Sets contents_.lexicon, which the training split may extend.
  using MakeLexicon = std::function<void(const Split& train)>;

  void Start(const SplitSource& data);
  void Resume(const SplitSource& data, CheckpointReader& last);
  void ReadData(const SplitSource& data, const MakeLexicon& make_lexicon);
  void BuildRunner();
  TensorValues Values();

  void Step();  // the sentence at state.place
  EpochReport FinishEpoch(std::chrono::steady_clock::time_point start);
  void LogProgress(double seconds);
  void Save();
  void CheckFinite();
  [[noreturn]] void FailRunIsThere() const;
  // A loss is that of a sentence, a parameter what an update made of it.
  [[noreturn]] void FailAtSentence(uint32_t index, double loss) const;
  [[noreturn]] void FailAfterUpdate(const std::string& what) const;
  [[noreturn]] void FailNotFinite(const std::string& where, const std::string& what) const;

  TrainOptions options_;
  Checkpoint contents_;  // the state of the run, as the next checkpoint has it
  DataSummary summary_;
  EncodedSplit train_, valid_;
  std::unique_ptr<StepRunner> runner_;
  std::unique_ptr<InputWriter> writer_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<MetricsLog> log_;
  std::optional<WordDropout> word_dropout_;
  TensorId intent_loss_ = kNoTensor, slot_loss_ = kNoTensor;
  bool resumed_ = false;
  std::vector<uint32_t> order_;    // of the running epoch
  std::vector<uint16_t> dropped_;  // ids of one sentence after word dropout
  StepInputs inputs_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_TRAINER_H_
