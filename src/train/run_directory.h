// The directory of a run and the files in it.
//
//   last.safetensors   the latest state of the run
//   best.safetensors   the state at the end of the epoch with the best figure on valid
//   metrics.jsonl      figures as the run goes on
//
// A run is resumed from `last`, which counts the lines of metrics that belong to it. So metrics are
// on the disk before the checkpoint that counts them. The log is locked while this object lives:
// another process that trains in the same directory fails.
#ifndef BITTERN_TRAIN_RUN_DIRECTORY_H_
#define BITTERN_TRAIN_RUN_DIRECTORY_H_

#include <memory>
#include <string>

#include "train/checkpoint.h"
#include "train/metrics_log.h"

namespace bittern {

class RunDirectory {
 public:
  explicit RunDirectory(std::string path);

  const std::string& path() const { return path_; }
  std::string last_path() const;
  std::string best_path() const;
  std::string metrics_path() const;

  // Whether one of the files exists; whether `last` does.
  bool HoldsRun() const;
  bool CanResume() const;

  // Opens the log of a run that is to be resumed. The lines beyond those that the checkpoint counts
  // stay until log().KeepLines.
  void Open();
  // Starts a run: makes the directory and writes `last`. Fails if another process has started a run
  // there meanwhile. If it fails, no file stays that the next attempt would take for a run.
  void Start(const Checkpoint& contents, const Graph& graph, const TensorValues& values);

  MetricsLog& log() { return *log_; }
  void SaveLast(const Checkpoint& contents, const Graph& graph, const TensorValues& values);
  void SaveBest(const Checkpoint& contents, const Graph& graph, const TensorValues& values);

  [[noreturn]] void FailHoldsRun() const;

 private:
  std::string path_;
  std::unique_ptr<MetricsLog> log_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_RUN_DIRECTORY_H_
