// Shows the progress of a run on standard error: on a terminal a bar that rewrites its line,
// elsewhere a plain line now and then.
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
  // Removes the bar, so that other text can be printed.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string Line(const Progress& progress, Clock::time_point now);

  bool terminal_;
  Clock::time_point shown_;
  // The start of this process's work, from which the speed is computed.
  Clock::time_point start_;
  int64_t start_sentences_ = -1;
};

}  // namespace bittern

#endif  // BITTERN_CLI_PROGRESS_H_
