// Sentences with slot tags and an intent, as they stand in a data directory.
//
// Two layouts are read; ReadSplit finds which one is there:
//
//   DIR/{train,valid,test}/{seq.in,seq.out,label}   one sentence a line in each of the three files:
//                                                   words, BIO tags, intent (ATIS, SNIPS)
//   DIR/{train,valid,test}.jsonl                    one object a line: "tokens", an array of words;
//                                                   "tags", an array as long; "intent", a string
//
// In JSON lines a sentence may lack tags or intent, but not both. It then carries no loss for that
// task and isn't counted in that task's metrics; a split may mix such sentences freely. The
// three-file layout always has both.
//
// Words are separated by blanks or tabs and hold no control characters; text is UTF-8. A tag is O,
// B-type or I-type. An intent is a line of text; a joint one, a#b, is one label.
//
// Errors are `file:line: what`, with a byte column where a byte is at fault.
#ifndef BITTERN_DATA_DATASET_H_
#define BITTERN_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"

namespace bittern {

// Most distinct tags, and most distinct intents: their ids fit int16_t, with -1 for none.
inline constexpr size_t kMaxLabels = 32767;

// Most bytes of a word, a tag or an intent. Every model keeps a copy of each of its own.
inline constexpr size_t kMaxTextBytes = 1000;

// Distinct strings, numbered from 0 in the order they came.
class StringTable {
 public:
  StringTable() = default;
  StringTable(StringTable&&) = default;
  StringTable& operator=(StringTable&&) = default;

  uint32_t Add(std::string_view text);        // its number, old or new
  int64_t Find(std::string_view text) const;  // its number or -1
  std::string_view operator[](size_t id) const { return strings_[id]; }
  size_t size() const { return strings_.size(); }

 private:
  std::deque<std::string> strings_;  // a deque, so that the views in ids_ stay valid
  std::unordered_map<std::string_view, uint32_t> ids_;
};

// A view of one sentence of a Split, in that split's numbering.
struct Sentence {
  std::span<const uint32_t> words;  // [words], of Split::words()
  std::span<const int16_t> tags;    // [words], of Split::tags(); empty if it has none
  int16_t intent;                   // of Split::intents(), or -1 if it has none
};

// Sentences in flat arrays: each distinct string once, 4 bytes a word, 2 a tag. Move-only.
class Split {
 public:
  // Appends a sentence. `tags` is empty or as long as `words`; an empty `intent` is none.
  // `where` opens the message of an Error (empty sentence, bad tag, control character, a text that
  // is too long, too many labels).
  void Add(std::span<const std::string_view> words, std::span<const std::string_view> tags,
           std::string_view intent, std::string_view where);

  size_t size() const { return sentences_.size(); }
  bool empty() const { return sentences_.empty(); }
  Sentence operator[](size_t index) const;

  size_t word_count() const { return word_ids_.size(); }
  const StringTable& words() const { return words_; }
  const StringTable& tags() const { return tags_; }
  const StringTable& intents() const { return intents_; }

 private:
  struct Entry {
    uint32_t first_word;  // into word_ids_
    uint32_t first_tag;   // into tag_ids_; equal to the next entry's if there are none
    int16_t intent;
  };

  StringTable words_, tags_, intents_;
  std::vector<uint32_t> word_ids_;
  std::vector<int16_t> tag_ids_;
  std::vector<Entry> sentences_;
};

struct Corpus {
  Split train, valid, test;
};

enum class Layout { kSequences, kJsonLines };

// Reads split `name` ("train", "valid", "test") of a data directory in whichever layout is there.
// Neither, or both, is an Error naming the paths; so is a split without sentences.
Split ReadSplit(const std::string& directory, const std::string& name);
Corpus ReadCorpus(const std::string& directory);

// The two readers on open files, from their first lines.
Split ReadSequences(LineReader& words, LineReader& tags, LineReader& intents);
Split ReadJsonLines(LineReader& lines);

// The words of a line, cut at blanks and tabs; views into `line`.
std::vector<std::string_view> SplitWords(std::string_view line);

// Whether `tag` is O, B-type or I-type.
bool IsBioTag(std::string_view tag);

}  // namespace bittern

#endif  // BITTERN_DATA_DATASET_H_
