#include "train/metrics_log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace bittern {

MetricsLog::MetricsLog(std::string path)
    : path_(std::move(path)), descriptor_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) Fail("{}: cannot open for writing: {}", path_, std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(descriptor_);
    if (error == EWOULDBLOCK) Fail("{}: another process is training in this directory", path_);
    Fail("{}: cannot lock: {}", path_, std::strerror(error));
  }
  struct stat status {};
  if (fstat(descriptor_, &status) == 0 &&
      status.st_nlink == 0) {  // by RemoveIfEmpty of another process
    close(descriptor_);
    Fail("{}: the file was removed while it was opened; try again", path_);
  }
}

MetricsLog::~MetricsLog() { close(descriptor_); }

void MetricsLog::KeepLines(int64_t lines) {
  std::array<char, 4096> chunk;
  off_t keep = 0, offset = 0;
  int64_t found = 0;
  while (found < lines) {
    const ssize_t got = pread(descriptor_, chunk.data(), chunk.size(), offset);
    if (got < 0) Fail("{}: cannot read: {}", path_, std::strerror(errno));
    if (got == 0) {
      Fail(
          "{}: {} lines; the checkpoint beside it was written after line {}. Put the file back, "
          "or train into another directory",
          path_, found, lines);
    }
    for (ssize_t i = 0; i < got && found < lines; ++i) {
      if (chunk[static_cast<size_t>(i)] != '\n') continue;
      ++found;
      keep = offset + i + 1;
    }
    offset += got;
  }
  if (ftruncate(descriptor_, keep) != 0 || lseek(descriptor_, keep, SEEK_SET) < 0) {
    Fail("{}: cannot cut: {}", path_, std::strerror(errno));
  }
  lines_ = lines;
}

void MetricsLog::RemoveIfEmpty() noexcept {
  struct stat status {};
  if (fstat(descriptor_, &status) == 0 && status.st_size == 0) unlink(path_.c_str());
}

void MetricsLog::Append(std::string line) {
  line += '\n';
  for (size_t done = 0; done < line.size();) {
    const ssize_t wrote = write(descriptor_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) Fail("{}: cannot write: {}", path_, std::strerror(wrote < 0 ? errno : ENOSPC));
    done += static_cast<size_t>(wrote);
  }
  ++lines_;
}

void MetricsLog::Sync() {
  if (fsync(descriptor_) != 0) Fail("{}: cannot write to disk: {}", path_, std::strerror(errno));
}

}  // namespace bittern
