// SPDX-License-Identifier: Apache-2.0
#include "data/vocabulary.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/case.h"
#include "base/error.h"
#include "base/text.h"

namespace bittern {
namespace {

const std::vector<std::string> kReserved = {"[PAD]", "[UNK]", "[CLS]"};

uint32_t SaturatingAdd(uint32_t a, uint64_t b) {
  return static_cast<uint32_t>(std::min<uint64_t>(a + b, std::numeric_limits<uint32_t>::max()));
}

// The texts of the table: O first, then sorted by bytes.
std::vector<std::string> InOrder(const StringTable& table) {
  std::vector<std::string> names;
  for (size_t i = 0; i < table.size(); ++i) names.emplace_back(table[i]);
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a != "O", std::string_view(a)) < std::pair(b != "O", std::string_view(b));
  });
  return names;
}

}  // namespace

NameList::NameList(std::vector<std::string> names, std::string_view what)
    : names_(std::move(names)) {
  ids_.reserve(names_.size());
  for (size_t i = 0; i < names_.size(); ++i) {
    const auto [place, is_new] = ids_.emplace(names_[i], static_cast<int>(i));
    if (!is_new) {
      Fail("{}: {} occurs twice, at {} and {}", what, Quoted(names_[i]), place->second, i);
    }
  }
}

int NameList::Find(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? -1 : found->second;
}

void NameList::Append(std::string name) {
  BITTERN_CHECK(ids_.emplace(name, size()).second);
  names_.push_back(std::move(name));
}

Vocabulary::Vocabulary(bool lower_case)
    : words_(kReserved, "vocabulary"), counts_(kReserved.size()), lower_case_(lower_case) {}

Vocabulary::Vocabulary(std::vector<std::string> words, std::vector<uint32_t> counts,
                       std::optional<bool> lower_case)
    : words_(std::move(words), "vocabulary"), counts_(std::move(counts)) {
  if (words_.size() > kMaxTableSize) {
    Fail("vocabulary: {} words; at most {}", words_.size(), kMaxTableSize);
  }
  if (counts_.size() != words_.names().size()) {
    Fail("vocabulary: {} words but {} counts", words_.size(), counts_.size());
  }
  for (int id = 0; id < kFirstWordId; ++id) {
    if (id >= words_.size() || words_[id] != kReserved[id]) {
      Fail("vocabulary: word {} is {}; expected '{}'", id,
           id < words_.size() ? Quoted(words_[id]) : "missing", kReserved[id]);
    }
  }
  const auto capital = std::find_if(words_.names().begin() + kFirstWordId, words_.names().end(),
                                    [](const std::string& word) { return HasCapital(word); });
  const bool has_capital = capital != words_.names().end();
  lower_case_ = lower_case.value_or(!has_capital);
  if (lower_case_ && has_capital) {
    Fail("vocabulary: {} has a capital, but words are looked up in lower case", Quoted(*capital));
  }
}

int Vocabulary::Find(std::string_view word) const {
  const bool lower = lower_case_ && HasCapital(word);
  const int id = lower ? words_.Find(LowerCase(word)) : words_.Find(word);
  return id < kFirstWordId ? kUnknownId : id;
}

Vocabulary BuildVocabulary(const Split& train, int table_size) {
  bool has_capital = false;
  for (size_t i = 0; i < train.words().size(); ++i) has_capital |= HasCapital(train.words()[i]);
  return ExtendVocabulary(Vocabulary(!has_capital), train, table_size).vocabulary;
}

VocabularyExtension ExtendVocabulary(const Vocabulary& existing, const Split& train,
                                     int table_size) {
  if (table_size < existing.size() || table_size > kMaxTableSize) {
    Fail("vocabulary: a table of {} rows; expected {} to {}", table_size, existing.size(),
         kMaxTableSize);
  }
  // Words that differ in case alone count as one where words are looked up in lower case.
  StringTable texts;
  std::vector<uint32_t> place(train.words().size());  // of the split's word in `texts`
  for (size_t i = 0; i < place.size(); ++i) {
    const std::string_view word = train.words()[i];
    place[i] = texts.Add(existing.lower_case() ? LowerCase(word) : word);
  }
  std::vector<uint64_t> frequency(texts.size());
  for (size_t i = 0; i < train.size(); ++i) {
    for (const uint32_t word : train[i].words) ++frequency[place[word]];
  }
  std::vector<uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return frequency[a] != frequency[b] ? frequency[a] > frequency[b] : texts[a] < texts[b];
  });

  VocabularyExtension result{existing};
  Vocabulary& vocabulary = result.vocabulary;
  for (const uint32_t word : order) {
    int id = vocabulary.Find(texts[word]);
    const bool is_reserved =
        std::find(kReserved.begin(), kReserved.end(), texts[word]) != kReserved.end();
    if (id == kUnknownId && !is_reserved) {
      if (vocabulary.size() < table_size) {
        id = vocabulary.size();
        vocabulary.words_.Append(std::string(texts[word]));
        vocabulary.counts_.push_back(0);
        ++result.added;
      } else {
        ++result.not_fitting;
      }
    }
    vocabulary.counts_[id] = SaturatingAdd(vocabulary.counts_[id], frequency[word]);
  }
  return result;
}

void AppendNew(const StringTable& table, const char* what, NameList* list) {
  for (std::string& name : InOrder(table)) {
    if (list->Find(name) < 0) list->Append(std::move(name));
  }
  if (static_cast<size_t>(list->size()) > kMaxLabels) {
    Fail("{} distinct {}; at most {}", list->size(), what, kMaxLabels);
  }
}

}  // namespace bittern
