// SPDX-License-Identifier: Apache-2.0
// Sentences with slot tags and classes, or a running text: what the readers of data (data/source.h)
// and the generated corpus give.
//
// A sentence has words. It may have a tag for each word, and a class under any number of named
// fields; the intent is the class of the field "intent". A sentence without labels of a task adds
// no loss to it and is not counted in its metrics. A split may mix such sentences freely.
//
// Text is UTF-8. A word has no white space and no control characters. A tag is O, B-type or I-type.
// A class is a line of text; a joint intent a#b is one label.
#ifndef BITTERN_DATA_DATASET_H_
#define BITTERN_DATA_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bittern {

// The largest number of distinct tags, and of distinct labels of a field. Their ids fit int16_t; -1
// means that there is no label.
inline constexpr size_t kMaxLabels = 32767;

// The largest length of a word, a tag or a label, because every model keeps a copy of them.
inline constexpr size_t kMaxTextBytes = 1000;

// Distinct strings, numbered from 0 in the order in which they were added.
class StringTable {
 public:
  StringTable() = default;
  StringTable(StringTable&&) = default;
  StringTable& operator=(StringTable&&) = default;

  uint32_t Add(std::string_view text);        // returns its number, old or new
  int64_t Find(std::string_view text) const;  // returns its number or -1
  std::string_view operator[](size_t id) const { return strings_[id]; }
  size_t size() const { return strings_.size(); }

 private:
  std::deque<std::string> strings_;  // a deque, so that the views in ids_ stay valid
  std::unordered_map<std::string_view, uint32_t> ids_;
};

// The field of the data that holds the intent.
inline constexpr char kIntentField[] = "intent";

// The class of a sentence under a field of the data: {"topic", "weather"}. An empty label: none.
struct FieldLabel {
  std::string_view field;
  std::string_view label;
};

// The classes of a split's sentences under one field, for example its column "topic".
class ClassField {
 public:
  explicit ClassField(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  const StringTable& labels() const { return labels_; }
  int operator[](size_t sentence) const {  // into labels(); -1: the sentence has none
    return sentence < ids_.size() ? ids_[sentence] : -1;
  }

 private:
  friend class Split;
  std::string name_;
  StringTable labels_;
  std::vector<int16_t> ids_;  // of the sentences up to the last one with a label
};

// A view of one sentence of a Split. Numbers refer to the tables of that split.
struct Sentence {
  std::span<const uint32_t> words;  // [words], into Split::words()
  std::span<const int16_t> tags;    // [words], into Split::tags(); empty without tags
  int16_t intent;                   // into Split::intents(); -1 without an intent
};

// Sentences in flat arrays. Each distinct string is stored once; a word takes 4 bytes, a tag or a
// class 2. Or one running text, for the next-token task: then there are no sentences. Can be moved
// but not copied.
class Split {
 public:
  Split() { fields_.emplace_back(kIntentField); }

  // A running text without sentences, whose tokens the configuration chooses. Fails if it is empty
  // or not valid UTF-8; the message begins with `where`.
  static Split OfText(std::string text, std::string_view where);

  // Appends a sentence. `tags` is empty or as long as `words`. Fails on an empty sentence, a bad
  // tag, a control character, a text that is too long and too many labels; the message begins with
  // `where`.
  void Add(std::span<const std::string_view> words, std::span<const std::string_view> tags,
           std::span<const FieldLabel> classes, std::string_view where);
  // The same with the intent as the only class. An empty `intent` means that there is none.
  void Add(std::span<const std::string_view> words, std::span<const std::string_view> tags,
           std::string_view intent, std::string_view where);

  size_t size() const { return sentences_.size(); }
  bool empty() const { return sentences_.empty(); }
  Sentence operator[](size_t index) const;

  size_t word_count() const { return word_ids_.size(); }
  const StringTable& words() const { return words_; }
  const StringTable& tags() const { return tags_; }
  const StringTable& intents() const { return fields_.front().labels(); }
  // The fields with classes, in order of first appearance. The first is the intent's, which always
  // exists. null: no sentence has a class of that field.
  std::span<const ClassField> fields() const { return fields_; }
  const ClassField* FindField(std::string_view name) const;

  bool is_text() const { return !text_.empty(); }
  const std::string& text() const { return text_; }

 private:
  struct Entry {
    uint32_t first_word;  // into word_ids_
    uint32_t first_tag;   // into tag_ids_; equal to the next entry's without tags
  };

  StringTable words_, tags_;
  std::vector<ClassField> fields_;
  std::vector<uint32_t> word_ids_;
  std::vector<int16_t> tag_ids_;
  std::vector<Entry> sentences_;
  std::string text_;
};

struct Corpus {
  Split train, valid, test;
};

// True if `tag` is O, B-type or I-type.
bool IsBioTag(std::string_view tag);

// The rules of Split::Add. A reader of several files checks them itself, so that the message can
// name the file.
void CheckTags(std::span<const std::string_view> tags, std::string_view where);
void CheckClass(const FieldLabel& label, std::string_view where);

}  // namespace bittern

#endif  // BITTERN_DATA_DATASET_H_
