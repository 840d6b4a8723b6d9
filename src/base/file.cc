// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/content.h"
#include "base/error.h"
#include "base/text.h"

namespace bittern {
namespace {

constexpr size_t kChunkBytes = 16384;

std::string SystemMessage(int error_number) { return std::system_category().message(error_number); }

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  int get() const { return value_; }
  int Release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

int OpenToRead(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) Fail("{}: cannot open: {}", path, SystemMessage(errno));
  return descriptor;
}

size_t ReadSome(int descriptor, char* bytes, size_t size, const std::string& path) {
  while (true) {
    const ssize_t got = read(descriptor, bytes, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) Fail("{}: cannot read: {}", path, SystemMessage(errno));
  }
}

std::string DirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

bool FileExists(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

bool DirectoryExists(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) Fail("{}: cannot make the directory: {}", path, error.message());
  if (!DirectoryExists(path)) Fail("{}: exists and is not a directory", path);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  return (std::filesystem::path(directory) / name).string();
}

std::string ReadFile(const std::string& path, size_t max_bytes) {
  const Descriptor file(OpenToRead(path));
  struct stat status;
  if (fstat(file.get(), &status) != 0) Fail("{}: cannot stat: {}", path, SystemMessage(errno));
  if (S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) > max_bytes) {
    Fail("{}: {} bytes; at most {} are read", path, status.st_size, max_bytes);
  }
  // A file that is not regular reports 0 bytes, and a regular one may grow. So the loop checks the
  // limit again.
  std::string bytes;
  if (S_ISREG(status.st_mode)) bytes.reserve(static_cast<size_t>(status.st_size));
  char chunk[kChunkBytes];
  while (const size_t got = ReadSome(file.get(), chunk, sizeof chunk, path)) {
    if (got > max_bytes - bytes.size())
      Fail("{}: more than the {} bytes that are read", path, max_bytes);
    bytes.append(chunk, got);
  }
  return bytes;
}

LineReader::LineReader(std::string name, int descriptor, size_t max_line_bytes)
    : path_(std::move(name)), descriptor_(descriptor), max_line_bytes_(max_line_bytes) {}

LineReader::LineReader(std::string path, size_t max_line_bytes)
    : LineReader(path, OpenToRead(path), max_line_bytes) {}

LineReader LineReader::FromMemory(std::string name, std::string bytes, size_t max_line_bytes) {
  LineReader reader(std::move(name), -1, max_line_bytes);
  reader.buffer_ = std::move(bytes);
  return reader;
}

LineReader::LineReader(LineReader&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      max_line_bytes_(other.max_line_bytes_),
      line_number_(other.line_number_) {}

LineReader::~LineReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool LineReader::Fill() {
  if (descriptor_ < 0) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t unread = buffer_.size();
  buffer_.resize(unread + kChunkBytes);
  const size_t got = ReadSome(descriptor_, buffer_.data() + unread, kChunkBytes, path_);
  buffer_.resize(unread + got);
  return got > 0;
}

bool LineReader::Next(std::string_view* line) {
  size_t searched = 0;  // number of unread bytes that contain no line end
  size_t length;
  while (true) {
    const size_t end = buffer_.find('\n', begin_ + searched);
    length = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (line_number_ == 0) CheckTextContent(std::string_view(buffer_).substr(begin_), path_);
    // A \r before the \n belongs to the line end, but the limit need not be exact to one byte.
    if (length > max_line_bytes_) {
      Fail("{}:{}: the line is longer than {} bytes", path_, line_number_ + 1, max_line_bytes_);
    }
    if (end != std::string::npos) break;
    searched = length;
    if (!Fill()) {
      const bool only_mark =
          line_number_ == 0 && std::string_view(buffer_).substr(begin_) == kByteOrderMark;
      if (length == 0 || only_mark) return false;
      break;
    }
  }
  *line = std::string_view(buffer_).substr(begin_, length);
  begin_ = std::min(begin_ + length + 1, buffer_.size());
  if (line->ends_with('\r')) line->remove_suffix(1);
  if (line_number_ == 0 && line->starts_with(kByteOrderMark)) {
    line->remove_prefix(kByteOrderMark.size());
  }
  ++line_number_;
  return true;
}

void LineReader::Rewind() {
  begin_ = 0;
  line_number_ = 0;
  if (descriptor_ < 0) return;
  buffer_.clear();
  if (lseek(descriptor_, 0, SEEK_SET) != 0) {
    Fail("{}: cannot read twice: {}", path_, SystemMessage(errno));
  }
}

std::string LineReader::Where() const { return fmt::format("{}:{}", path_, line_number_); }

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_path_(path_ + ".tmp") {
  struct stat status;
  if (stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    Fail("{}: cannot write: it exists and is not a regular file", path_);
  }
  // The lock distinguishes a file that a killed process left from one that is being written.
  // Another writer may rename or remove the file between our open and our lock. Then our descriptor
  // refers to a file without a name, and we start again.
  while (true) {
    Descriptor file(
        open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (file.get() < 0) {
      Fail("{}: cannot create {}: {}", path_, temporary_path_, SystemMessage(errno));
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      Fail("{}: another process is writing it (it holds {})", path_, temporary_path_);
    }
    struct stat held, named;
    if (fstat(file.get(), &held) == 0 && stat(temporary_path_.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
      descriptor_ = file.Release();
      break;
    }
  }
  if (ftruncate(descriptor_, 0) != 0) FailToWrite("write", errno);
  buffer_.reserve(kChunkBytes);
}

AtomicFile::~AtomicFile() { Close(); }

void AtomicFile::Close() noexcept {
  if (descriptor_ < 0) return;
  unlink(temporary_path_.c_str());  // before close, while the lock is held
  close(std::exchange(descriptor_, -1));
}

void AtomicFile::FailToWrite(const char* doing, int error_number) {
  Close();
  Fail("{}: cannot {}: {}", path_, doing, SystemMessage(error_number));
}

void AtomicFile::Write(const void* bytes, size_t size) {
  BITTERN_CHECK(descriptor_ >= 0);
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const size_t part = std::min(size, kChunkBytes - buffer_.size());
    buffer_.insert(buffer_.end(), from, from + part);
    from += part;
    size -= part;
    if (buffer_.size() == kChunkBytes) Flush();
  }
}

void AtomicFile::Flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t wrote = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) FailToWrite("write", wrote < 0 ? errno : ENOSPC);
    done += static_cast<size_t>(wrote);
  }
  buffer_.clear();
}

void AtomicFile::Commit() {
  BITTERN_CHECK(descriptor_ >= 0);
  Flush();
  if (fsync(descriptor_) != 0) FailToWrite("write to disk", errno);
  if (rename(temporary_path_.c_str(), path_.c_str()) != 0) FailToWrite("rename into place", errno);
  // The new file now has its final name. Only the sync that makes the name durable can still fail.
  if (close(std::exchange(descriptor_, -1)) != 0) FailToWrite("close", errno);
  const Descriptor directory(open(DirectoryOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a directory and return EINVAL.
  if (directory.get() < 0 || (fsync(directory.get()) != 0 && errno != EINVAL)) {
    FailToWrite("write its directory to disk", errno);
  }
}

void WriteFileAtomically(const std::string& path, const std::function<void(AtomicFile&)>& write) {
  AtomicFile file(path);
  write(file);
  file.Commit();
}

}  // namespace bittern
