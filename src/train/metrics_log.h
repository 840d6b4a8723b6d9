// metrics.jsonl: one JSON object a line, appended as a run goes on.
//
// A checkpoint says how many lines belong to it; resuming drops the lines behind those, so that the
// file of a resumed run equals that of an uninterrupted one but for its fields of time.
#ifndef BITTERN_TRAIN_METRICS_LOG_H_
#define BITTERN_TRAIN_METRICS_LOG_H_

#include <cstdint>
#include <string>

namespace bittern {

class MetricsLog {
 public:
  // Opens or makes the file. It stays locked while the object lives: a second process that trains
  // in the same directory is refused here.
  explicit MetricsLog(std::string path);
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;
  ~MetricsLog();

  // Cuts the file after its first `lines` lines; fewer are an Error. Before the first Append.
  void KeepLines(int64_t lines);

  // Takes the file away again if nothing was ever written to it.
  void RemoveIfEmpty() noexcept;

  void Append(std::string line);  // without its end
  void Sync();                    // to the disk
  int64_t lines() const { return lines_; }

 private:
  std::string path_;
  int descriptor_;
  int64_t lines_ = 0;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_METRICS_LOG_H_
