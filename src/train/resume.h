// Checks that a run may be resumed: only the same work gives the same bits.
#ifndef BITTERN_TRAIN_RESUME_H_
#define BITTERN_TRAIN_RESUME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "train/checkpoint.h"

namespace bittern {

// What the run is to be resumed with.
struct ResumeRequest {
  const Config& config;  // with the numbers of labels
  uint64_t data_hash = 0;
  int64_t sentences = 0;  // of train
  bool pad = false;
  std::optional<int64_t> memory = {};  // budget in bytes, see ChooseRecompute
};

// Fails, with the reason and the checkpoint's `path`, unless `run` can be continued by `request`.
void CheckResume(const std::string& path, const Checkpoint& run, const ResumeRequest& request);

}  // namespace bittern

#endif  // BITTERN_TRAIN_RESUME_H_
