// SPDX-License-Identifier: Apache-2.0
#include "data/readers.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "base/text.h"

namespace bittern {
namespace {

std::vector<std::string> Words(const Split& split, size_t index) {
  std::vector<std::string> words;
  for (const uint32_t id : split[index].words) words.emplace_back(split.words()[id]);
  return words;
}

std::vector<std::string> Tags(const Split& split, size_t index) {
  std::vector<std::string> tags;
  for (const int16_t id : split[index].tags) tags.emplace_back(split.tags()[id]);
  return tags;
}

using Strings = std::vector<std::string>;

Split Sequences(const std::string& words, const std::string& tags, const std::string& intents) {
  LineReader word_lines = LineReader::FromMemory("seq.in", words);
  LineReader tag_lines = LineReader::FromMemory("seq.out", tags);
  LineReader intent_lines = LineReader::FromMemory("label", intents);
  return ReadSequences(word_lines, tag_lines, intent_lines);
}

Split JsonLines(const std::string& text, const DataFields& fields = {}) {
  LineReader lines = LineReader::FromMemory("x.jsonl", text);
  return ReadJsonLines(lines, fields);
}

std::string LabelOf(const Split& split, const char* field, size_t sentence) {
  const ClassField* found = split.FindField(field);
  if (found == nullptr || (*found)[sentence] < 0) return "none";
  return std::string(found->labels()[static_cast<size_t>((*found)[sentence])]);
}

TEST(Sequences, ReadsWordsTagsAndIntents) {
  const Split split = Sequences("to new york\r\n hi  there\tyou \n", "O B-city I-city\nO O O",
                                "flight#fare\n polite greeting \n");
  ASSERT_EQ(split.size(), 2u);
  EXPECT_EQ(split.word_count(), 6u);
  EXPECT_EQ(Words(split, 0), (Strings{"to", "new", "york"}));
  EXPECT_EQ(Tags(split, 0), (Strings{"O", "B-city", "I-city"}));
  EXPECT_EQ(split.intents()[split[0].intent], "flight#fare");
  EXPECT_EQ(Words(split, 1), (Strings{"hi", "there", "you"}));
  EXPECT_EQ(split.intents()[split[1].intent], "polite greeting");
}

// Files that were joined have marks in the middle.
TEST(Sequences, ByteOrderMarksAndWhiteSpaceAreNoText) {
  const std::string mark(kByteOrderMark);
  const Split split = Sequences(mark + "a b\n" + mark + "a\xC2\xA0 b\xE3\x80\x80\n",
                                mark + "O B-x\n" + mark + "O\xE2\x80\x83" + "B-x\n",
                                mark + "go\n" + mark + "\xC2\xA0go\x0B\n");
  ASSERT_EQ(split.size(), 2u);
  EXPECT_EQ(split.words().size(), 2u);
  EXPECT_EQ(split.tags().size(), 2u);
  EXPECT_EQ(split.intents().size(), 1u);
}

TEST(Sequences, ErrorsNameFileAndLine) {
  const struct {
    const char *words, *tags, *intents;
    std::array<std::string_view, 3> parts;
  } cases[] = {
      {"a\nb\n", "O\n", "x\nx\n", {"seq.in has 2", "seq.out has 1", "label has 2"}},
      {"a\nb\n", "O\nO\n", "x\n", {"seq.in has 2", "seq.out has 2", "label has 1"}},
      {"", "", "", {"seq.in", "empty", ""}},
      {"a\na b\n", "O\nO\n", "x\nx\n", {"seq.out:2: 1 tags", "seq.in:2 has 2 words", ""}},
      {"a\n\n", "O\n\n", "x\nx\n", {"seq.in:2", "no words", ""}},
      {"a\n", "O\n", " \n", {"label:1", "empty", ""}},
      {"ok\na b\xFF\n", "O\nO O\n", "x\nx\n", {"seq.in:2", "UTF-8", "byte 4"}},
      {"a\n", "\xC3\n", "x\n", {"seq.out:1", "UTF-8", "byte 1"}},
      {"a\n", "O\n", "x\xED\xA0\x80\n", {"label:1", "UTF-8", "byte 2"}},
      {"a b\n", "O X-foo\n", "x\n", {"seq.out:1: tag 2", "'X-foo'", "B-type"}},
      {"a\n", "B-\n", "x\n", {"seq.out:1", "'B-'", ""}},
      {"a\n", "b-foo\n", "x\n", {"seq.out:1", "'b-foo'", ""}},
      {"a b\x01\n", "O O\n", "x\n", {"seq.in:1: word 2", "'b\\x01'", "control"}},
      {"a\n", "O\n", "x\x7F\n", {"label:1", "'x\\x7f'", "control"}},
  };
  for (const auto& [words, tags, intents, parts] : cases) {
    EXPECT_TRUE(Mentions(ErrorOf([&, w = words, t = tags, i = intents] { Sequences(w, t, i); }),
                         {parts[0], parts[1], parts[2]}));
  }
  const std::string long_line(LineReader::kMaxLineBytes + 1, 'a');
  EXPECT_TRUE(Mentions(ErrorOf([&] { Sequences("a\n" + long_line, "O\nO", "x\nx"); }),
                       {"seq.in:2", "longer than 1048576 bytes"}));
  const std::string text(kMaxTextBytes - 2, 'a');
  EXPECT_EQ(Sequences(text + "aa", "B-" + text, text + "aa").size(), 1u);
  EXPECT_TRUE(Mentions(ErrorOf([&] { Sequences("a\nb " + text + "aaa", "O\nO O", "x\nx"); }),
                       {"seq.in:2: word 2 is 'aaa", "1001 bytes long; expected at most 1000"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { Sequences("a", "B-a" + text, "x"); }),
                       {"seq.out:1: tag 1 is 'B-aaa", "1001 bytes"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { Sequences("a", "O", text + "aaa"); }),
                       {"label:1: the intent is 'aaa", "1001 bytes"}));
}

TEST(JsonLines, ReadsEitherTaskOrBoth) {
  const Split split =
      JsonLines(R"({"tokens": ["to", "z\u00fcrich"], "tags": ["O", "B-city"], "intent": "flight"})"
                "\n"
                R"({"intent": "greeting", "tokens": ["hi"]})"
                "\r\n"
                R"({"tokens": ["hi"], "tags": ["O"]})");
  ASSERT_EQ(split.size(), 3u);
  EXPECT_EQ(Words(split, 0), (Strings{"to", "z\xC3\xBCrich"}));
  EXPECT_EQ(Tags(split, 0), (Strings{"O", "B-city"}));
  EXPECT_EQ(split.intents()[split[0].intent], "flight");
  EXPECT_TRUE(split[1].tags.empty());
  EXPECT_EQ(split.intents()[split[1].intent], "greeting");
  EXPECT_EQ(Tags(split, 2), Strings{"O"});
  EXPECT_EQ(split[2].intent, -1);
}

TEST(JsonLines, ErrorsNameFileAndLine) {
  const struct {
    const char* line;
    std::array<std::string_view, 2> parts;
  } cases[] = {
      {R"({"tokens": ["a"], "intent": "x")", {"malformed JSON at byte", "unexpected end"}},
      {R"({"tokens": ["a"], "intent": "x"} 1)", {"malformed JSON", "byte 34"}},
      {R"({"tokens": ["\ud800"], "intent": "x"})", {"malformed JSON", "surrogate"}},
      {R"({"tokens": [1e999], "intent": "x"})", {"malformed JSON", "1e999"}},
      {"[1]", {"found array", "\"tokens\""}},
      {"7", {"found number", ""}},
      {"", {"the line is empty", ""}},
      {R"({"tokens": ["a"], "intnet": "x"})", {"unknown key 'intnet'", "did you mean 'intent'?"}},
      {R"({"tokens": ["a"], "tokens": ["b"], "intent": "x"})", {"'tokens' occurs twice", ""}},
      {R"({"tags": ["O"], "intent": "x"})", {"no \"tokens\" and no \"text\"", ""}},
      {R"({"tokens": ["a"], "text": "a", "intent": "x"})",
       {"both \"tokens\" and \"text\"", "--text"}},
      {R"({"text": ["a"], "intent": "x"})", {"\"text\" is of type array", "string"}},
      {R"({"text": " \t", "intent": "x"})", {"the sentence has no words", ""}},
      {R"({"tokens": ["a"], "intent": " "})", {"\"intent\" is empty", ""}},
      {R"({"tokens": ["a"], "intent": 0.5})", {"\"intent\" is of type fraction", "whole number"}},
      {R"({"tokens": ["a"], "intent": "x", "topic": "y"})",
       {"unknown key 'topic'", "--label 'topic'"}},
      {R"({"tokens": ["a"]})", {"neither \"tags\" nor \"intent\"", ""}},
      {R"({"tokens": [], "intent": "x"})", {"\"tokens\" is empty", ""}},
      {R"({"tokens": "a b", "intent": "x"})", {"\"tokens\" is of type string", "array"}},
      {R"({"tokens": ["a", 7], "intent": "x"})", {"element 2 of \"tokens\"", "number"}},
      {R"({"tokens": ["a"], "tags": [null]})", {"element 1 of \"tags\"", "null"}},
      {R"({"tokens": ["a", "b"], "tags": ["O"]})", {"2 tokens but 1 tags", ""}},
      {R"({"tokens": ["a"], "tags": []})", {"1 tokens but 0 tags", ""}},
      {R"({"tokens": ["a"], "tags": ["foo"]})", {"tag 1 is 'foo'", "B-type"}},
      {R"({"tokens": ["a"], "tags": ["B-x y"]})", {"tag 1 is 'B-x y'", ""}},
      {R"({"tokens": ["a"], "intent": ["x"]})", {"\"intent\" is of type array", ""}},
      {R"({"tokens": ["a"], "intent": ""})", {"\"intent\" is empty", ""}},
      {R"({"tokens": ["a b"], "intent": "x"})", {"word 1 is 'a b'", "blanks"}},
      {R"({"tokens": ["a", ""], "intent": "x"})", {"word 2 is ''", ""}},
      {R"({"tokens": ["a\u0000"], "intent": "x"})", {"word 1 is 'a\\x00'", ""}},
      {"{\"tokens\": [\"\xFF\"], \"intent\": \"x\"}", {"invalid UTF-8 at byte 14", ""}},
  };
  for (const auto& [line, parts] : cases) {
    const std::string text =
        std::string(R"({"tokens": ["a"], "intent": "x"})") + "\n" + line + "\n";
    EXPECT_TRUE(Mentions(ErrorOf([&] { JsonLines(text); }), {"x.jsonl:2: ", parts[0], parts[1]}));
  }
  const std::string sound = R"({"tokens": ["a"], "intent": "x"})";
  EXPECT_TRUE(Mentions(ErrorOf([&] { JsonLines(sound + '\0' + sound); }),
                       {"x.jsonl:1: ", "byte 33", "zero byte"}));
  EXPECT_TRUE(Mentions(ErrorOf([] { JsonLines(""); }), {"x.jsonl", "empty"}));
  EXPECT_TRUE(Mentions(ErrorOf([] { JsonLines(std::string(1000000, '[')); }), {"x.jsonl:1"}));
}

TEST(JsonLines, ReadsTextAndDeclaredClasses) {
  const Split split =
      JsonLines(std::string(kByteOrderMark) +
                    R"({"id": 7, "text": " to\n new\tyork ", "topic": " fly ", "sure": true})"
                    "\n"
                    R"({"text": "hi", "topic": null, "sure": 3, "tokens": null})"
                    "\n"
                    R"({"tokens": ["a", " b"], "intent": "x", "tags": ["O", "B-y "]})",
                {.classes = {"topic", "sure"}});
  ASSERT_EQ(split.size(), 3u);
  EXPECT_EQ(Words(split, 0), (Strings{"to", "new", "york"}));
  EXPECT_EQ(Words(split, 2), (Strings{"a", "b"}));
  EXPECT_EQ(Tags(split, 2), (Strings{"O", "B-y"}));
  const Strings topics = {"fly", "none", "none"}, sure = {"true", "3", "none"},
                intents = {"none", "none", "x"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(LabelOf(split, "topic", i), topics[i]);
    EXPECT_EQ(LabelOf(split, "sure", i), sure[i]);
    EXPECT_EQ(LabelOf(split, "intent", i), intents[i]);
  }
}

TEST(JsonLines, ChosenText) {
  const std::string both = R"({"tokens": ["a"], "text": "b", "title": "c d", "intent": "x"})";
  EXPECT_EQ(Words(JsonLines(both, {.text = "text"}), 0), Strings{"b"});
  EXPECT_EQ(Words(JsonLines(both, {.text = "title"}), 0), (Strings{"c", "d"}));
}

TEST(JsonLines, UnlabelledTextWhereTheTaskAllowsIt) {
  EXPECT_EQ(JsonLines(R"({"text": "a b"})", {.unlabelled = true}).size(), 1u);
  EXPECT_TRUE(Mentions(ErrorOf([] { JsonLines(R"({"text": "a b"})"); }), {"neither \"tags\""}));
}

TEST(JsonLines, ErrorsOfDeclaredClasses) {
  const std::string line = R"({"text": "a", "topic": "x", "id": 3})";
  const auto error = [&](const DataFields& fields) {
    return ErrorOf([&] { JsonLines(line, fields); });
  };
  EXPECT_TRUE(Mentions(error({.classes = {"topics"}}), {"x.jsonl:1", "no label", "\"topics\""}));
  EXPECT_TRUE(Mentions(error({.classes = {"topic", "topics"}}),
                       {"x.jsonl: no line has the field 'topics'; did you mean 'topic'?",
                        "the fields are 'id', 'text', 'topic'", "--label"}));
  EXPECT_TRUE(
      Mentions(error({.text = "title", .classes = {"topic"}}), {"x.jsonl:1", "no \"title\""}));
}

TEST(PlainText, IsKeptButForMarkAndLineEnds) {
  const Split split = ReadPlainText("\xEF\xBB\xBF a\tb\r\n\r\nc\rd \n", "x.txt");
  EXPECT_TRUE(split.is_text());
  EXPECT_EQ(split.text(), " a\tb\n\nc\rd \n");
  EXPECT_TRUE(split.empty());  // it has no sentences
}

TEST(PlainText, Errors) {
  const auto error = [](const std::string& bytes) {
    return ErrorOf([&] { ReadPlainText(bytes, "x.txt"); });
  };
  EXPECT_TRUE(Mentions(error(""), {"x.txt", "empty"}));
  EXPECT_TRUE(Mentions(error(std::string(kByteOrderMark)), {"x.txt", "empty"}));
  EXPECT_TRUE(Mentions(error("ab\ncd\xFF\n"), {"x.txt:2: invalid UTF-8 at byte 3", "iconv"}));
  EXPECT_TRUE(Mentions(error(std::string("ab\nc\0\n", 6)), {"x.txt:2: a zero byte at byte 2"}));
  EXPECT_TRUE(Mentions(error("\xFF\xFE"
                             "a"),
                       {"x.txt", "UTF-16", "iconv"}));
}

TEST(JsonLines, TooManyLabels) {
  std::string text;
  for (size_t i = 0; i <= kMaxLabels; ++i) {
    text += fmt::format("{{\"tokens\": [\"a\"], \"intent\": \"{}\"}}\n", i);
  }
  EXPECT_TRUE(Mentions(ErrorOf([&] { JsonLines(text); }), {"x.jsonl:32768: ", "32767", "intents"}));
}

}  // namespace
}  // namespace bittern
