// How a run is doing, on standard error: a bar that rewrites its line on a terminal, else a plain
// line now and then.
#ifndef BITTERN_CLI_PROGRESS_H_
#define BITTERN_CLI_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "train/trainer.h"

namespace bittern {

class ProgressBar {
 public:
  ProgressBar();

  void Update(const Progress& progress);
  // Takes the bar away, so that something else may be printed.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string Line(const Progress& progress, Clock::time_point now);

  bool terminal_;
  Clock::time_point shown_;
  // Where this process began, for the speed.
  Clock::time_point start_;
  int64_t start_sentences_ = -1;
};

}  // namespace bittern

#endif  // BITTERN_CLI_PROGRESS_H_
