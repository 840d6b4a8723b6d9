// SPDX-License-Identifier: Apache-2.0
#include "data/dataset.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace bittern {
namespace {

constexpr size_t kNone = std::string_view::npos;

using Texts = std::span<const std::string_view>;

[[noreturn]] void FailTooLong(std::string_view text, const std::string& what,
                              std::string_view where) {
  Fail("{}: {} is {}, {} bytes long; expected at most {}", where, what, Quoted(text), text.size(),
       kMaxTextBytes);
}

bool HasWhiteSpace(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (WhiteSpaceLength(text, i) > 0) return true;
  }
  return false;
}

void CheckWords(Texts words, std::string_view where) {
  for (size_t i = 0; i < words.size(); ++i) {
    const bool is_word =
        !words[i].empty() && !HasWhiteSpace(words[i]) && FirstControlCharacter(words[i]) == kNone;
    if (!is_word) {
      Fail("{}: word {} is {}; a word has no blanks and no control characters, and isn't empty",
           where, i + 1, Quoted(words[i]));
    }
    if (words[i].size() > kMaxTextBytes) {
      FailTooLong(words[i], fmt::format("word {}", i + 1), where);
    }
  }
}

int16_t AddLabel(StringTable* table, std::string_view label, std::string_view what,
                 std::string_view where) {
  const uint32_t id = table->Add(label);
  if (id >= kMaxLabels) Fail("{}: more than {} distinct {}", where, kMaxLabels, what);
  return static_cast<int16_t>(id);
}

}  // namespace

void CheckTags(Texts tags, std::string_view where) {
  for (size_t i = 0; i < tags.size(); ++i) {
    if (!IsBioTag(tags[i])) {
      Fail("{}: tag {} is {}; expected O, B-type or I-type", where, i + 1, Quoted(tags[i]));
    }
    if (tags[i].size() > kMaxTextBytes) {
      FailTooLong(tags[i], fmt::format("tag {}", i + 1), where);
    }
  }
}

void CheckClass(const FieldLabel& label, std::string_view where) {
  if (FirstControlCharacter(label.label) != kNone) {
    Fail("{}: the {} {} has a control character", where, label.field, Quoted(label.label));
  }
  if (label.label.size() > kMaxTextBytes) {
    FailTooLong(label.label, fmt::format("the {}", label.field), where);
  }
}

uint32_t StringTable::Add(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  const uint32_t id = static_cast<uint32_t>(strings_.size());
  ids_.emplace(strings_.emplace_back(text), id);
  return id;
}

int64_t StringTable::Find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? int64_t{-1} : found->second;
}

Split Split::OfText(std::string text, std::string_view where) {
  if (text.empty()) Fail("{}: the text is empty", where);
  if (const size_t bad = FirstInvalidUtf8(text); bad != kNone) {
    Fail("{}: invalid UTF-8 at byte {}", where, bad + 1);
  }
  Split split;
  split.text_ = std::move(text);
  return split;
}

void Split::Add(std::span<const std::string_view> words, std::span<const std::string_view> tags,
                std::string_view intent, std::string_view where) {
  Add(words, tags, std::array{FieldLabel{kIntentField, intent}}, where);
}

void Split::Add(std::span<const std::string_view> words, std::span<const std::string_view> tags,
                std::span<const FieldLabel> classes, std::string_view where) {
  BITTERN_CHECK(!is_text());
  if (words.empty()) Fail("{}: the sentence has no words", where);
  if (!tags.empty() && tags.size() != words.size()) {
    Fail("{}: {} words but {} tags; each word needs one tag", where, words.size(), tags.size());
  }
  if (words.size() > std::numeric_limits<uint32_t>::max() - word_ids_.size()) {
    Fail("{}: more words than a split can hold", where);
  }
  CheckWords(words, where);
  CheckTags(tags, where);
  for (const FieldLabel& label : classes) CheckClass(label, where);

  for (const auto& [name, label] : classes) {
    if (label.empty()) continue;
    auto field = std::ranges::find(fields_, name, &ClassField::name);
    if (field == fields_.end()) field = fields_.emplace(field, std::string(name));
    field->ids_.resize(sentences_.size(), -1);
    const std::string what = name == kIntentField ? "intents" : fmt::format("labels of {}", name);
    field->ids_.push_back(AddLabel(&field->labels_, label, what, where));
  }
  sentences_.push_back(
      {static_cast<uint32_t>(word_ids_.size()), static_cast<uint32_t>(tag_ids_.size())});
  for (const std::string_view word : words) word_ids_.push_back(words_.Add(word));
  for (const std::string_view tag : tags) tag_ids_.push_back(AddLabel(&tags_, tag, "tags", where));
}

Sentence Split::operator[](size_t index) const {
  const Entry& entry = sentences_[index];
  const bool last = index + 1 == sentences_.size();
  const size_t end_word = last ? word_ids_.size() : sentences_[index + 1].first_word;
  const size_t end_tag = last ? tag_ids_.size() : sentences_[index + 1].first_tag;
  return {std::span(word_ids_).subspan(entry.first_word, end_word - entry.first_word),
          std::span(tag_ids_).subspan(entry.first_tag, end_tag - entry.first_tag),
          static_cast<int16_t>(fields_.front()[index])};
}

const ClassField* Split::FindField(std::string_view name) const {
  const auto field = std::ranges::find(fields_, name, &ClassField::name);
  return field == fields_.end() ? nullptr : &*field;
}

bool IsBioTag(std::string_view tag) {
  if (tag == "O") return true;
  return tag.size() > 2 && (tag.starts_with("B-") || tag.starts_with("I-")) &&
         tag.find(' ') == kNone && FirstControlCharacter(tag) == kNone;
}

}  // namespace bittern
