// The tables of GenerateCorpus, from which it composes air-travel requests.
//
// A text is a list of alternatives, separated by |, each with an optional mark in front:
//   3*...   drawn with weight 3 instead of 1
//   ~...    held out: it is never drawn in train
// An alternative consists of words separated by blanks. It may also contain
//   (a|b)       one of the alternatives
//   [a|b]       the same or nothing, with equal chance
//   <rule:role> a rule's text, in which $ is replaced by `role`
//   <rule>      a rule's text in the current role
//   {slot:rule} a rule's text whose words are tagged B-slot, I-slot, ...; a sentence is discarded
//               if two slots draw the same words from the same rule
#ifndef BITTERN_DATA_CORPUS_GRAMMAR_H_
#define BITTERN_DATA_CORPUS_GRAMMAR_H_

#include <span>
#include <string_view>

namespace bittern {

struct GrammarIntent {
  std::string_view name;
  int weight;  // share of the sentences, relative to the sum of all weights
  std::string_view text;
};

struct GrammarRule {
  std::string_view name;
  std::string_view text;
};

std::span<const GrammarIntent> GrammarIntents();
std::span<const GrammarRule> GrammarRules();

}  // namespace bittern

#endif  // BITTERN_DATA_CORPUS_GRAMMAR_H_
