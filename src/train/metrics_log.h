// metrics.jsonl: one JSON object a line, appended as a run goes on.
//
// A checkpoint counts the lines that belong to it. A resumed run drops the lines after those. So
// its file equals that of an uninterrupted run, except for the fields of time.
#ifndef BITTERN_TRAIN_METRICS_LOG_H_
#define BITTERN_TRAIN_METRICS_LOG_H_

#include <cstdint>
#include <string>

namespace bittern {

class MetricsLog {
 public:
  // Opens or makes the file, which stays locked while the object lives. Fails if another process
  // trains in the same directory.
  explicit MetricsLog(std::string path);
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;
  ~MetricsLog();

  // Cuts the file after its first `lines` lines; fails if it has fewer. Call it before Append.
  void KeepLines(int64_t lines);

  // Removes the file if nothing was ever written to it.
  void RemoveIfEmpty() noexcept;

  void Append(std::string line);  // without the end of the line
  void Sync();                    // writes to the disk
  int64_t lines() const { return lines_; }

 private:
  std::string path_;
  int descriptor_;
  int64_t lines_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_METRICS_LOG_H_
