// SPDX-License-Identifier: Apache-2.0
// Training: epochs over the training split, evaluation on valid, checkpoints, resumption.
//
// The files of a run (run_directory.h) are written at these times:
//   last.safetensors   at the start, every `save_every` sentences (at the end of the batch), at the
//                      end of an epoch, and when stopped
//   best.safetensors   at the end of an epoch whose Evaluation::best on valid is larger than that
//   of
//                      every epoch before
//   metrics.jsonl      a line every `log_every` sentences and a line for each epoch
//
// Determinism: every bit of a checkpoint is a function of configuration, data, the checkpoint that
// the run started from, device and `pad`. The number of threads has no influence, nor do
// interruptions, however many and at any moment. At the end of an epoch the files are written in
// the order best, metrics, last. A run that is killed in between repeats the work since the
// previous `last`, with the same result.
//
// Threads share the parts of a batch (batch_step.h) and the sentences of an evaluation, which runs
// on the same kind of device. A batch of one sentence uses one thread. A step on one thread of this
// machine allocates nothing.
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
#include "train/batch_step.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/lexicon.h"
#include "train/run_data.h"
#include "train/run_directory.h"
#include "train/schedule.h"
#include "train/step_runner.h"

namespace bittern {

struct TrainOptions {
  std::string out = {};   // directory, made if missing
  std::string from = {};  // checkpoint to fine-tune; empty: start anew
  // Continues the run in `out`, whose configuration, data and options must be the same, or starts
  // it if there is none. Without `resume`, the Trainer fails if `out` holds a run.
  bool resume = false;
  // The machine of the steps, see MakeStepRunner. A run may be resumed on another one.
  std::string device = kCpu;
  bool pad = false;  // compute on all of the model's tokens
  // Budget of a step in bytes, see ChooseRecompute. Only for kCpu.
  std::optional<int64_t> memory = {};
  int threads = 1;             // of training and of evaluation
  AnswerOptions answers = {};  // on valid
  int64_t save_every = 1000;   // sentences
  int64_t log_every = 500;     // sentences
};

// Given after every update.
struct Progress {
  int64_t epoch = 0, epochs = 0;              // the running epoch, from 1
  int64_t sentences_done = 0, sentences = 0;  // of the epoch
  int64_t updates = 0;                        // in all epochs
  double loss = 0;                            // mean over the epoch's sentences so far
  double learning_rate = 0;                   // of the latest update
};

// Given after every epoch, when its files are written.
struct EpochReport {
  int64_t epoch = 0, epochs = 0;  // from 1
  double loss = 0;                // mean over the training sentences
  Evaluation valid;
  bool best = false;   // valid.best is the largest so far
  double seconds = 0;  // that this process spent on the epoch
};

// All may be empty. If one throws, the run ends as if killed: nothing more is written.
struct TrainObserver {
  std::function<void(const Progress&)> on_update = {};
  std::function<void(const EpochReport&)> on_epoch = {};
  // Asked after every update. True: the run saves its state and ends.
  std::function<bool()> stop = {};
};

enum class TrainStatus {
  kFinished,  // all epochs are done
  kStopped,   // TrainObserver::stop asked for it; `resume` continues
};

class Trainer {
 public:
  // Reads train and valid, builds the model and starts or resumes the run. Words and labels come
  // from train, with `from` also from that checkpoint. `config`: with `from` that of
  // FineTuningConfig.
  Trainer(Config config, const SplitSource& data, TrainOptions options);

  const Config& config() const { return contents_.config; }
  const TrainingState& state() const { return contents_.state; }
  const DataSummary& data() const { return summary_; }
  const StepRunner& runner() const { return *runner_; }
  // All that the steps of all threads touch.
  int64_t step_bytes() const { return batch_->bytes(); }
  bool resumed() const { return resumed_; }
  std::string last_path() const { return directory_.last_path(); }
  std::string best_path() const { return directory_.best_path(); }

  // Trains to the end of the last epoch, or until stopped. Fails if a loss or a parameter is not
  // finite; the message names the update, and for a loss the sentence. The checkpoints then stay as
  // they were written last.
  TrainStatus Run(const TrainObserver& observer = {});

 private:
  using Clock = std::chrono::steady_clock;

  void Start(const SplitSource& source);
  void Resume(const SplitSource& source);
  void Take(RunData data);
  void BuildRunner();
  TensorValues Values();

  void RunBatch(int64_t end);  // the sentences from state.place on
  EpochReport FinishEpoch(Clock::time_point start);
  void LogProgress(double seconds);
  void Save();

  void CheckFinite();
  // A loss that is not finite belongs to a sentence, a parameter to an update.
  [[noreturn]] void FailAtSentence(uint32_t index, double loss) const;
  [[noreturn]] void FailAfterUpdate(const std::string& what) const;
  [[noreturn]] void FailNotFinite(const std::string& where, const std::string& what) const;

  TrainOptions options_;
  RunDirectory directory_;
  bool resumed_ = false;
  Checkpoint contents_;  // the state of the run, as the next checkpoint will hold it
  DataSummary summary_;
  EncodedSplit train_, valid_;
  std::unique_ptr<StepRunner> runner_;
  std::unique_ptr<BatchStep> batch_;
  std::unique_ptr<Evaluator> evaluator_;
  std::optional<WordDropout> word_dropout_;
  std::vector<uint32_t> order_;  // of the sentences in the running epoch
  std::vector<int> lengths_;     // of the sentences in the batch
  std::vector<double> losses_;   // likewise
  StepInputs inputs_;            // of the updates
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_TRAINER_H_
