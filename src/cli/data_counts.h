// SPDX-License-Identifier: Apache-2.0
// Counts sentences, words and labels of data, or the characters of running text, split by split.
#ifndef BITTERN_CLI_DATA_COUNTS_H_
#define BITTERN_CLI_DATA_COUNTS_H_

#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "data/dataset.h"

namespace bittern {

// The counts of a split: one column of the table.
struct SplitCounts {
  using Strings = std::unordered_set<std::string>;
  struct ClassCounts {
    size_t sentences = 0, unknown = 0;  // with a label; with one that is not in train
    std::unordered_map<std::string, size_t> labels = {};

    // {"", 0} without labels. A tie goes to the first by bytes.
    std::pair<std::string, size_t> Commonest() const;
  };

  std::string name;
  bool is_text = false;
  size_t sentences = 0, words = 0, longest = 0, long_sentences = 0;
  size_t tagged_words = 0, outside = 0;
  size_t unknown_words = 0, unknown_tags = 0;
  Strings vocabulary = {}, tags = {};
  std::map<std::string, ClassCounts> classes = {};  // by field
  // Of running text:
  size_t bytes = 0, characters = 0, lines = 0, unknown_characters = 0;
  Strings alphabet = {};  // its distinct characters

  size_t SlotTypes() const;
};

// Counts every split that it is given. The first one is train: "not in train" refers to it.
class DataCounts {
 public:
  void Add(const std::string& name, const Split& split);
  // Adds the last column, the sum of the others.
  void AddSum();

  const std::vector<SplitCounts>& columns() const { return columns_; }
  Json ToJson() const;  // {split: counts}
  void Print(std::FILE* file) const;

 private:
  std::vector<SplitCounts> columns_;
};

}  // namespace bittern

#endif  // BITTERN_CLI_DATA_COUNTS_H_
