// Reading untrusted files within limits, and writing files that are either whole or absent.
//
// Every failure is an Error that names the path, what the system said, and the limit or the line
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

bool FileExists(const std::string& path);  // anything but a directory
bool DirectoryExists(const std::string& path);

// Makes `path` and its missing parents; no error if it is there.
void MakeDirectories(const std::string& path);

// `name` inside `directory`, with one slash between.
std::string JoinPath(std::string_view directory, std::string_view name);

// The whole of a file of at most `max_bytes`; a larger one is an Error before it is read.
std::string ReadFile(const std::string& path, size_t max_bytes);

// Reads a file line by line in constant memory. Lines end in \n or \r\n, which are not part of
// them; the last line may lack its end. A line longer than the limit is an Error.
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

  // The next line, valid until the next call; false at the end of the file.
  bool Next(std::string_view* line);

  // Back to the first line.
  void Rewind();

  const std::string& path() const { return path_; }
  size_t line_number() const { return line_number_; }  // of the line last read, from 1
  std::string Where() const;                           // "path:line"

 private:
  LineReader(std::string name, int descriptor, size_t max_line_bytes);
  bool Fill();  // reads another chunk behind the unread bytes; false at the end

  std::string path_;
  int descriptor_;      // -1 over memory
  std::string buffer_;  // [begin_, size) is unread
  size_t begin_ = 0;
  size_t max_line_bytes_;
  size_t line_number_ = 0;
};

// A file that appears under its name only when Commit() succeeds: written as `path`.tmp in the
// same directory, synced, renamed, and the directory synced. Until then, and on any failure, an
// older file of that name stays as it was and the temporary one is removed. A temporary file left
// by a killed process is overwritten by the next writer; two writers of one path at a time are
// refused. An existing path that is not a regular file (a directory, a device) is an Error.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void Write(const void* bytes, size_t size);
  void Write(std::string_view text) { Write(text.data(), text.size()); }

  // Nothing may be written afterwards.
  void Commit();

  const std::string& path() const { return path_; }

 private:
  void Flush();
  void Close() noexcept;  // and removes the temporary file if it is still there
  [[noreturn]] void FailToWrite(const char* doing, int error_number);

  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
  std::vector<char> buffer_;
};

// Opens `path`, lets `write` fill it, commits. An exception from `write` leaves nothing behind.
void WriteFileAtomically(const std::string& path, const std::function<void(AtomicFile&)>& write);

}  // namespace bittern

#endif  // BITTERN_BASE_FILE_H_
