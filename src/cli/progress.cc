// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/output.h"

namespace bittern {
namespace {

constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(10);
constexpr int kBarWidth = 10;

size_t TerminalColumns() {
  struct winsize size {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// 4:07, 1:02:33.
std::string Duration(double seconds) {
  const int64_t whole = std::llround(std::max(0.0, seconds));
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) == 1), shown_(Clock::now()) {}

std::string ProgressBar::Line(const Progress& progress, Clock::time_point now) {
  const int64_t done = (progress.epoch - 1) * progress.sentences + progress.sentences_done;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double speed = seconds > 0 ? static_cast<double>(done - start_sentences_) / seconds : 0;
  const auto left = static_cast<double>(progress.epochs * progress.sentences - done);
  const double share =
      static_cast<double>(progress.sentences_done) / static_cast<double>(progress.sentences);
  std::string done_text = fmt::format("{:3.0f} %", 100 * share);
  if (terminal_) {
    const auto full = static_cast<size_t>(share * kBarWidth);
    done_text = fmt::format("[{:-<{}}]", std::string(full, '#'), kBarWidth);
  }
  // Fits 80 columns.
  return fmt::format("epoch {}/{} {} step {} loss {:.4f} {} sentences/s{}", progress.epoch,
                     progress.epochs, done_text, Grouped(progress.updates), progress.loss,
                     Grouped(std::llround(speed)),
                     speed > 0 ? fmt::format(" eta {}", Duration(left / speed)) : "");
}

void ProgressBar::Update(const Progress& progress) {
  const Clock::time_point now = Clock::now();
  if (start_sentences_ < 0) {
    start_ = now;
    start_sentences_ = (progress.epoch - 1) * progress.sentences + progress.sentences_done;
  }
  if (now - shown_ < (terminal_ ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval))) {
    return;
  }
  shown_ = now;
  std::string line = Line(progress, now);
  if (terminal_) {
    line.resize(std::min(line.size(), TerminalColumns() - 1));
    fmt::print(stderr, "\r\x1b[K{}", line);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

void ProgressBar::Clear() {
  if (!terminal_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace bittern
