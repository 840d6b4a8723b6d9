#include "data/corpus_generator.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "data/corpus_grammar.h"

namespace bittern {
namespace {

constexpr size_t kMinWords = 5;
constexpr size_t kMaxWords = 35;

// The probability of a held-out alternative, if there is one.
struct HeldOut {
  double templates;
  double rules;
};
constexpr HeldOut kTrainHeldOut = {0, 0};
constexpr HeldOut kValidHeldOut = {0.04, 0.02};
constexpr HeldOut kTestHeldOut = {0.08, 0.04};

// Expands the grammar's texts into one sentence at a time. corpus_grammar.h defines the notation.
class Writer {
 public:
  Writer(Random random, HeldOut held_out) : random_(random), held_out_(held_out) {
    for (const GrammarRule& rule : GrammarRules()) rules_.emplace(rule.name, rule.text);
    for (const GrammarIntent& intent : GrammarIntents()) weight_of_all_ += intent.weight;
  }

  void AddSentence(Split* split) {
    const GrammarIntent& intent = DrawIntent();
    do {
      words_.clear();
      tags_.clear();
      fillers_.clear();
      repeats_ = false;
      Expand(Choose(intent.text, held_out_.templates), "");
    } while (repeats_ || words_.size() < kMinWords || words_.size() > kMaxWords);
    const std::vector<std::string_view> tags(tags_.begin(), tags_.end());
    split->Add(words_, tags, intent.name, "generated corpus");
  }

 private:
  const GrammarIntent& DrawIntent() {
    int place = static_cast<int>(random_.UniformInt(static_cast<uint32_t>(weight_of_all_)));
    const GrammarIntent* intent = GrammarIntents().data();
    while (place >= intent->weight) place -= (intent++)->weight;
    return *intent;
  }

  struct Alternative {
    std::string_view text;
    int weight = 1;
    bool held_out = false;
  };

  // Cuts `text` at each | outside brackets.
  static std::vector<Alternative> Alternatives(std::string_view text) {
    std::vector<Alternative> alternatives;
    int depth = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
      const char c = i < text.size() ? text[i] : '|';
      depth += (c == '(' || c == '[') - (c == ')' || c == ']');
      if (c != '|' || depth > 0) continue;
      Alternative next{text.substr(begin, i - begin)};
      if (next.text.starts_with('~')) {
        next.held_out = true;
        next.text.remove_prefix(1);
      }
      const size_t star = next.text.find_first_not_of("0123456789");
      if (star != next.text.npos && star > 0 && next.text[star] == '*') {
        next.weight = 0;
        for (const char digit : next.text.substr(0, star)) {
          next.weight = 10 * next.weight + (digit - '0');
        }
        next.text.remove_prefix(star + 1);
      }
      alternatives.push_back(next);
      begin = i + 1;
    }
    return alternatives;
  }

  std::string_view Choose(std::string_view text, double held_out_chance) {
    const std::vector<Alternative> alternatives = Alternatives(text);
    int weights[2] = {0, 0};  // sums: common alternatives, held-out alternatives
    for (const Alternative& one : alternatives) weights[one.held_out] += one.weight;
    const bool held_out = weights[1] > 0 && random_.Uniform() < held_out_chance;
    int place = static_cast<int>(random_.UniformInt(static_cast<uint32_t>(weights[held_out])));
    for (const Alternative& one : alternatives) {
      if (one.held_out != held_out) continue;
      if (place < one.weight) return one.text;
      place -= one.weight;
    }
    BITTERN_CHECK(false);
    return {};
  }

  // Returns the end of the group that opens at `begin`.
  static size_t GroupEnd(std::string_view text, size_t begin) {
    int depth = 0;
    for (size_t i = begin; i < text.size(); ++i) {
      depth += (text[i] == '(' || text[i] == '[') - (text[i] == ')' || text[i] == ']');
      if (depth == 0) return i;
    }
    BITTERN_CHECK(false);
    return text.size();
  }

  void ExpandRule(std::string_view name, std::string_view role) {
    const auto rule = rules_.find(name);
    BITTERN_CHECK(rule != rules_.end());
    Expand(Choose(rule->second, held_out_.rules), role);
  }

  // "a:b" -> {"a", "b"}, "a" -> {"a", ""}.
  static std::pair<std::string_view, std::string_view> Cut(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == text.npos) return {text, {}};
    return {text.substr(0, colon), text.substr(colon + 1)};
  }

  void WriteSlot(std::string_view slot, std::string_view rule, std::string_view role) {
    const size_t first = words_.size();
    slot_ = slot.starts_with('$') ? std::string(role).append(slot.substr(1)) : std::string(slot);
    slot_starts_ = true;
    ExpandRule(rule, "");
    slot_.clear();
    std::string filler(rule);
    for (size_t i = first; i < words_.size(); ++i) filler.append(" ").append(words_[i]);
    repeats_ |= !fillers_.insert(std::move(filler)).second;
  }

  void Expand(std::string_view text, std::string_view role) {
    for (size_t i = 0; i < text.size();) {
      if (text[i] == ' ') {
        ++i;
        continue;
      }
      size_t end;
      if (text[i] == '(' || text[i] == '[') {
        end = GroupEnd(text, i);
        const std::string_view inside = text.substr(i + 1, end - i - 1);
        const bool taken = text[i] == '(' || random_.UniformInt(2) == 0;
        if (taken) Expand(Choose(inside, held_out_.rules), role);
        ++end;
      } else if (text[i] == '<') {
        end = text.find('>', i);
        const auto [rule, rule_role] = Cut(text.substr(i + 1, end - i - 1));
        ExpandRule(rule, rule_role.empty() ? role : rule_role);
        ++end;
      } else if (text[i] == '{') {
        end = text.find('}', i);
        const auto [slot, rule] = Cut(text.substr(i + 1, end - i - 1));
        WriteSlot(slot, rule, role);
        ++end;
      } else {
        end = std::min(text.find(' ', i), text.size());
        words_.push_back(text.substr(i, end - i));
        tags_.push_back(slot_.empty() ? "O" : (slot_starts_ ? "B-" : "I-") + slot_);
        slot_starts_ = false;
      }
      i = end;
    }
  }

  Random random_;
  HeldOut held_out_;
  std::unordered_map<std::string_view, std::string_view> rules_;
  int weight_of_all_ = 0;

  std::vector<std::string_view> words_;
  std::vector<std::string> tags_;
  std::set<std::string> fillers_;  // "rule words" of the slots so far
  bool repeats_ = false;           // whether two of them were equal
  std::string slot_;               // the slot that is being written; empty outside slots
  bool slot_starts_ = false;
};

Split GenerateSplit(uint64_t seed, uint64_t stream, HeldOut held_out, int size) {
  Split split;
  Writer writer(Random(seed, stream), held_out);
  for (int i = 0; i < size; ++i) writer.AddSentence(&split);
  return split;
}

using StringOf = std::function<std::string(size_t index)>;

void WriteLines(const std::string& path, size_t count, const StringOf& line) {
  WriteFileAtomically(path, [&](AtomicFile& file) {
    for (size_t i = 0; i < count; ++i) {
      file.Write(line(i));
      file.Write("\n");
    }
  });
}

template <typename Id>
std::vector<std::string> TextsOf(std::span<const Id> ids, const StringTable& table) {
  std::vector<std::string> texts;
  for (const Id id : ids) texts.emplace_back(table[id]);
  return texts;
}

std::string JsonLine(const Split& split, size_t index) {
  const Sentence sentence = split[index];
  nlohmann::ordered_json line;
  line["tokens"] = TextsOf(sentence.words, split.words());
  if (!sentence.tags.empty()) line["tags"] = TextsOf(sentence.tags, split.tags());
  if (sentence.intent >= 0) line["intent"] = std::string(split.intents()[sentence.intent]);
  return line.dump();
}

// The files of one split. Their paths are checked before any file is written.
struct FileToWrite {
  std::string path;
  const Split* split;
  StringOf line;
};

std::vector<FileToWrite> FilesOf(const Split& split, const std::string& name,
                                 const std::string& directory, Layout layout) {
  if (layout == Layout::kJsonLines) {
    return {{JoinPath(directory, name + ".jsonl"), &split,
             [&split](size_t i) { return JsonLine(split, i); }}};
  }
  for (size_t i = 0; i < split.size(); ++i) {
    if (split[i].tags.empty() || split[i].intent < 0) {
      Fail(
          "{}: sentence {} lacks tags or intent, and the three-file layout needs both; write JSON "
          "lines instead",
          name, i + 1);
    }
  }
  const auto path = [&](const char* file) { return JoinPath(directory, name + "/" + file); };
  return {{path("seq.in"), &split,
           [&split](size_t i) {
             return fmt::format("{}", fmt::join(TextsOf(split[i].words, split.words()), " "));
           }},
          {path("seq.out"), &split,
           [&split](size_t i) {
             return fmt::format("{}", fmt::join(TextsOf(split[i].tags, split.tags()), " "));
           }},
          {path("label"), &split,
           [&split](size_t i) { return std::string(split.intents()[split[i].intent]); }}};
}

}  // namespace

Corpus GenerateCorpus(uint64_t seed, const CorpusSizes& sizes) {
  if (sizes.train < 1 || sizes.valid < 1 || sizes.test < 1) {
    Fail("generated corpus: {} / {} / {} sentences; each split needs at least 1", sizes.train,
         sizes.valid, sizes.test);
  }
  return {GenerateSplit(seed, 0, kTrainHeldOut, sizes.train),
          GenerateSplit(seed, 1, kValidHeldOut, sizes.valid),
          GenerateSplit(seed, 2, kTestHeldOut, sizes.test)};
}

void WriteCorpus(const Corpus& corpus, const std::string& directory, Layout layout,
                 bool overwrite) {
  std::vector<FileToWrite> files;
  const std::pair<const char*, const Split*> splits[] = {
      {"train", &corpus.train}, {"valid", &corpus.valid}, {"test", &corpus.test}};
  for (const auto& [name, split] : splits) {
    for (FileToWrite& file : FilesOf(*split, name, directory, layout)) {
      if (!overwrite && FileExists(file.path)) {
        Fail("{}: exists already; give another directory or ask to overwrite", file.path);
      }
      files.push_back(std::move(file));
    }
  }
  MakeDirectories(directory);
  for (const auto& [name, split] : splits) {
    if (layout == Layout::kSequences) MakeDirectories(JoinPath(directory, name));
  }
  for (const FileToWrite& file : files) WriteLines(file.path, file.split->size(), file.line);
}

}  // namespace bittern
