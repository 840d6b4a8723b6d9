// SPDX-License-Identifier: Apache-2.0
// ReadSequences and ReadPlainText of readers.h.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/content.h"
#include "base/error.h"
#include "base/text.h"
#include "data/readers.h"

namespace bittern {
namespace {

size_t CountLines(LineReader& reader) {
  std::string_view line;
  while (reader.Next(&line)) continue;
  const size_t lines = reader.line_number();
  reader.Rewind();
  return lines;
}

}  // namespace

Split ReadSequences(LineReader& words, LineReader& tags, LineReader& intents) {
  // Checked first, because a missing line would otherwise show as odd errors further down.
  const size_t word_lines = CountLines(words);
  const size_t tag_lines = CountLines(tags);
  const size_t intent_lines = CountLines(intents);
  if (word_lines != tag_lines || word_lines != intent_lines) {
    Fail("{} has {} lines, {} has {}, {} has {}; each sentence needs one line in each file",
         words.path(), word_lines, tags.path(), tag_lines, intents.path(), intent_lines);
  }
  if (word_lines == 0) Fail("{}: the file is empty; expected one sentence a line", words.path());

  Split split;
  std::string_view word_line, tag_line, intent_line;
  while (words.Next(&word_line) && tags.Next(&tag_line) && intents.Next(&intent_line)) {
    CheckUtf8(word_line, words.Where());
    CheckUtf8(tag_line, tags.Where());
    CheckUtf8(intent_line, intents.Where());
    const std::vector<std::string_view> sentence_words = SplitWords(word_line);
    const std::vector<std::string_view> sentence_tags = SplitWords(tag_line);
    const std::string_view intent = Trimmed(intent_line);
    if (sentence_words.size() != sentence_tags.size()) {
      Fail("{}: {} tags, but {} has {} words; each word needs one tag", tags.Where(),
           sentence_tags.size(), words.Where(), sentence_words.size());
    }
    if (intent.empty()) Fail("{}: the line is empty; expected an intent", intents.Where());
    // Split::Add checks this too, but here the message can name the file that is wrong.
    CheckTags(sentence_tags, tags.Where());
    CheckClass({kIntentField, intent}, intents.Where());
    split.Add(sentence_words, sentence_tags, intent, words.Where());
  }
  return split;
}

Split ReadPlainText(std::string bytes, const std::string& path) {
  CheckTextContent(bytes, path);
  if (bytes.starts_with(kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  size_t line = 1;
  for (size_t begin = 0; begin < bytes.size(); ++line) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string_view text = std::string_view(bytes).substr(begin, end - begin);
    const std::string where = fmt::format("{}:{}", path, line);
    CheckUtf8(text, where);
    if (const size_t zero = text.find('\0'); zero != text.npos) {
      Fail("{}: a zero byte at byte {} of the line; expected text", where, zero + 1);
    }
    begin = end + 1;
  }
  size_t kept = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const bool before_end = bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n';
    if (!before_end) bytes[kept++] = bytes[i];
  }
  bytes.resize(kept);
  if (bytes.empty()) Fail("{}: the file is empty; expected text", path);
  return Split::OfText(std::move(bytes), path);
}

}  // namespace bittern
