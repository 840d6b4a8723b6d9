// SPDX-License-Identifier: Apache-2.0
// Reads untrusted files within limits, and writes files that are either whole or absent.
//
// Every failure is an Error that names the path, the system's message, and the limit or the line
// concerned.
#ifndef BITTERN_BASE_FILE_H_
#define BITTERN_BASE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bittern {

bool FileExists(const std::string& path);  // false for a directory
bool DirectoryExists(const std::string& path);

// Creates `path` and its missing parents. An existing directory is no error.
void MakeDirectories(const std::string& path);

// Joins both with one slash.
std::string JoinPath(std::string_view directory, std::string_view name);

// Returns a whole file of at most `max_bytes`. A larger one is an Error before it is read.
std::string ReadFile(const std::string& path, size_t max_bytes);

// Reads a text file line by line in constant memory. Lines end in \n or \r\n, which are not
// returned. The last line may lack its end. A byte order mark at the start is skipped. A line
// longer than the limit is an Error, and so is a file that CheckTextContent (base/content.h)
// refuses.
class LineReader {
 public:
  static constexpr size_t kMaxLineBytes = size_t{1} << 20;

  explicit LineReader(std::string path, size_t max_line_bytes = kMaxLineBytes);

  // Reads `bytes` as if they were the content of a file called `name`.
  static LineReader FromMemory(std::string name, std::string bytes,
                               size_t max_line_bytes = kMaxLineBytes);

  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  // Sets the next line, valid until the next call. Returns false at the end of the file.
  bool Next(std::string_view* line);

  // Returns to the first line.
  void Rewind();

  const std::string& path() const { return path_; }
  size_t line_number() const { return line_number_; }  // of the line last read, from 1
  std::string Where() const;                           // "path:line"

 private:
  LineReader(std::string name, int descriptor, size_t max_line_bytes);
  bool Fill();  // appends another chunk to the unread bytes; false at the end

  std::string path_;
  int descriptor_;      // -1 when reading from memory
  std::string buffer_;  // [begin_, size) is unread
  size_t begin_ = 0;
  size_t max_line_bytes_;
  size_t line_number_ = 0;
};

// A file that appears under its name only when Commit() succeeds. It is written as `path`.tmp in
// the same directory, synced and renamed, and then the directory is synced. Until then, and after
// any failure, an older file of that name is unchanged and the temporary one is removed. The next
// writer overwrites a temporary file that a killed process left. A second writer at the same time
// is refused. An existing path that is not a regular file (a directory, a device) is an Error.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void Write(const void* bytes, size_t size);
  void Write(std::string_view text) { Write(text.data(), text.size()); }

  // Write must not be called afterwards.
  void Commit();

  const std::string& path() const { return path_; }

 private:
  void Flush();
  void Close() noexcept;  // also removes the temporary file if it still exists
  [[noreturn]] void FailToWrite(const char* doing, int error_number);

  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
  std::vector<char> buffer_;
};

// Opens `path`, calls `write` to fill it, and commits. After an exception from `write` no new file
// exists.
void WriteFileAtomically(const std::string& path, const std::function<void(AtomicFile&)>& write);

}  // namespace bittern

#endif  // BITTERN_BASE_FILE_H_
