// SPDX-License-Identifier: Apache-2.0
// The words that a model knows, with their numbers.
//
// A word's id is its row of the word table: [PAD] 0, [UNK] 1, [CLS] 2. The words of the training
// split follow by falling frequency (a tie is broken by bytes) until the table is full. Every other
// word is read as [UNK].
//
// If the training split has no capitals, words are looked up in lower case, in training, evaluation
// and prediction alike. Capitals are Unicode's (base/case.h). Otherwise case is kept. The rule
// stays with the vocabulary, also in fine-tuning.
//
// A checkpoint stores words and labels as lists of strings, where the position is the id.
#ifndef BITTERN_DATA_VOCABULARY_H_
#define BITTERN_DATA_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/dataset.h"

namespace bittern {

inline constexpr int kPadId = 0;
inline constexpr int kUnknownId = 1;
inline constexpr int kClassId = 2;
inline constexpr int kFirstWordId = 3;
inline constexpr int kMaxTableSize = 65536;  // ids fit uint16_t
inline constexpr int kNoLabel = -1;
inline constexpr int kOutsideTag = 0;  // the tag O, which comes first

// A list of distinct strings. A string's id is its position.
class NameList {
 public:
  NameList() = default;
  // Fails if a name repeats; the message says `what` the names are.
  NameList(std::vector<std::string> names, std::string_view what);

  int size() const { return static_cast<int>(names_.size()); }
  const std::string& operator[](int id) const { return names_[id]; }
  int Find(std::string_view name) const;  // its id, or -1
  void Append(std::string name);          // must be new
  const std::vector<std::string>& names() const { return names_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<std::string> names_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> ids_;
};

class Vocabulary {
 public:
  // Has only the three reserved rows.
  explicit Vocabulary(bool lower_case = false);

  // Takes words(), counts() and lower_case() of a vocabulary from a checkpoint. Checkpoints of
  // earlier versions lack lower_case(), which is then true if no word has a capital. Fails unless
  // the reserved rows are in place, no word repeats, there is a count for each word, and they fit
  // kMaxTableSize. Fails if words have capitals although they are looked up in lower case.
  Vocabulary(std::vector<std::string> words, std::vector<uint32_t> counts,
             std::optional<bool> lower_case = {});

  int size() const { return words_.size(); }  // includes the reserved rows
  const std::string& word(int id) const { return words_[id]; }
  const std::vector<std::string>& words() const { return words_.names(); }

  // True if words are looked up in lower case.
  bool lower_case() const { return lower_case_; }

  // The word's id, or kUnknownId. The text of a reserved row, such as "[PAD]", is an unknown word.
  int Find(std::string_view word) const;

  // How often each id occurs in the training data. [UNK] counts the words that found no row.
  uint32_t count(int id) const { return counts_[id]; }
  const std::vector<uint32_t>& counts() const { return counts_; }

 private:
  friend struct VocabularyExtension ExtendVocabulary(const Vocabulary&, const Split&, int);
  NameList words_;
  std::vector<uint32_t> counts_;  // [size()]
  bool lower_case_;
};

// Makes a vocabulary of at most `table_size` ids, reserved ones included, from the training split.
// Fails unless kFirstWordId <= table_size <= kMaxTableSize.
Vocabulary BuildVocabulary(const Split& train, int table_size);

// For fine-tuning. The ids of `existing` stay. New words of `train` take the free rows by falling
// frequency (a tie is broken by bytes). Counts are added.
struct VocabularyExtension {
  Vocabulary vocabulary;
  int added = 0;        // number of new words that took a row
  int not_fitting = 0;  // number of distinct new words without a row: they stay [UNK]
};
VocabularyExtension ExtendVocabulary(const Vocabulary& existing, const Split& train,
                                     int table_size);

// Appends to `list` the texts of `table` that it lacks: O first, then sorted by bytes. Fails if
// there are more than kMaxLabels then; the message says `what` they are.
void AppendNew(const StringTable& table, const char* what, NameList* list);

}  // namespace bittern

#endif  // BITTERN_DATA_VOCABULARY_H_
