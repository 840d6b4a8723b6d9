#include "train/run_directory.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace bittern {

RunDirectory::RunDirectory(std::string path) : path_(std::move(path)) {}

std::string RunDirectory::last_path() const { return JoinPath(path_, "last.safetensors"); }
std::string RunDirectory::best_path() const { return JoinPath(path_, "best.safetensors"); }
std::string RunDirectory::metrics_path() const { return JoinPath(path_, "metrics.jsonl"); }

bool RunDirectory::HoldsRun() const {
  return CanResume() || FileExists(best_path()) || FileExists(metrics_path());
}

bool RunDirectory::CanResume() const { return FileExists(last_path()); }

void RunDirectory::FailHoldsRun() const {
  Fail("{}: this directory already holds a run; resume it, or train into another directory", path_);
}

void RunDirectory::Open() { log_ = std::make_unique<MetricsLog>(metrics_path()); }

void RunDirectory::Start(const Checkpoint& contents, const Graph& graph,
                         const TensorValues& values) {
  CheckCheckpoint(last_path(), contents, graph, values);  // while there is no file yet
  MakeDirectories(path_);
  Open();
  // The log is locked now. Another process may have started a run since HoldsRun was asked.
  if (CanResume()) FailHoldsRun();
  try {
    SaveLast(contents, graph, values);
  } catch (...) {
    log_->RemoveIfEmpty();
    throw;
  }
  log_->KeepLines(0);
}

void RunDirectory::SaveLast(const Checkpoint& contents, const Graph& graph,
                            const TensorValues& values) {
  log_->Sync();
  WriteCheckpoint(last_path(), contents, graph, values);
}

void RunDirectory::SaveBest(const Checkpoint& contents, const Graph& graph,
                            const TensorValues& values) {
  WriteCheckpoint(best_path(), contents, graph, values);
}

}  // namespace bittern
