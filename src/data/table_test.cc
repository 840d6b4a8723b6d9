// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/errors.h"
#include "data/readers.h"

namespace bittern {
namespace {

using Strings = std::vector<std::string>;

Split Table(const std::string& text, const DataFields& fields = {.classes = {"topic"}},
            char separator = ',') {
  LineReader lines = LineReader::FromMemory("x.csv", text);
  return ReadTable(lines, separator, fields);
}

Strings Words(const Split& split, size_t index) {
  Strings words;
  for (const uint32_t id : split[index].words) words.emplace_back(split.words()[id]);
  return words;
}

// "none" if the sentence has no label.
std::string LabelOf(const Split& split, const char* field, size_t sentence) {
  const ClassField* found = split.FindField(field);
  if (found == nullptr || (*found)[sentence] < 0) return "none";
  return std::string(found->labels()[static_cast<size_t>((*found)[sentence])]);
}

TEST(Table, QuotesByRfc4180) {
  const Split split = Table(
      "id,\"text\",topic\r\n"
      "1,\"say \"\"hi\"\", please\",\"a \"\"b\"\"\"\r\n"
      "2,\"two\r\nlines\",c d\r\n"
      "\"3\", plain , c d ");
  ASSERT_EQ(split.size(), 3u);
  EXPECT_EQ(Words(split, 0), (Strings{"say", "\"hi\",", "please"}));
  EXPECT_EQ(LabelOf(split, "topic", 0), "a \"b\"");
  EXPECT_EQ(Words(split, 1), (Strings{"two", "lines"}));
  EXPECT_EQ(Words(split, 2), Strings{"plain"});
  EXPECT_EQ(LabelOf(split, "topic", 1), "c d");
  EXPECT_EQ(split.FindField("topic")->labels().size(), 2u);  // trimmed: "c d" is one label
}

TEST(Table, TabsSeparateAndQuotesWithinAFieldAreText) {
  const Split split =
      Table("text\ttopic\n12\" pizza, \"big\"\tfood\n\"a\tb\"\tc\n", {.classes = {"topic"}}, '\t');
  ASSERT_EQ(split.size(), 2u);
  EXPECT_EQ(Words(split, 0), (Strings{"12\"", "pizza,", "\"big\""}));
  EXPECT_EQ(Words(split, 1), (Strings{"a", "b"}));
}

TEST(Table, SeveralClassesAndAnotherTextColumn) {
  const Split split =
      Table("\xEF\xBB\xBFplace , message,topic,kind\nx,hello there,a,\ny,bye,,q\n,,,\n\n",
            {.text = "message", .classes = {"kind", "topic"}});
  ASSERT_EQ(split.size(), 2u);
  EXPECT_EQ(LabelOf(split, "topic", 0), "a");
  EXPECT_EQ(LabelOf(split, "kind", 0), "none");
  EXPECT_EQ(LabelOf(split, "topic", 1), "none");
  EXPECT_EQ(LabelOf(split, "kind", 1), "q");
}

TEST(Table, ColumnIntentNeedsNoDeclaration) {
  EXPECT_EQ(LabelOf(Table("intent,text\ngo,a b\n", {}), "intent", 0), "go");
}

TEST(Table, UnlabelledTextWhereTheTaskAllowsIt) {
  const Split split = Table("text\na b\n\nc\n", {.unlabelled = true});
  EXPECT_EQ(split.size(), 2u);
}

TEST(Table, ErrorsNameFileAndLine) {
  const struct {
    const char* text;
    std::vector<std::string> parts;
  } cases[] = {
      {"", {"x.csv", "empty", "names of the columns"}},
      {"text,topic\n", {"x.csv", "no records"}},
      {"text,topics\na,b\n",
       {"x.csv:1: no column 'topic'; did you mean 'topics'?", "the columns are 'text', 'topics'",
        "--label"}},
      {"message,topic\na,b\n", {"x.csv:1: no column 'text'", "'message', 'topic'", "--text"}},
      {"text;topic\na;b\n", {"x.csv:1", "'text;topic'", "separator", "comma in .csv"}},
      {"text,topic,topic\na,b,c\n", {"x.csv:1", "two columns", "'topic'"}},
      {"text,topic\na,b\nc,d,e\n", {"x.csv:3: 3 fields, but the header has 2", "quotes"}},
      {"text,topic\na\n", {"x.csv:2: 1 fields"}},
      {"text,topic\n\"a\nb\",c\nd\n", {"x.csv:4: 1 fields"}},
      {"text,topic\na,b\n\"c,d\n", {"x.csv:3", "within a field in quotes", "missing"}},
      {"text,topic\n\"a\" b,c\n", {"x.csv:2: column 1", "after the quote", "doubled"}},
      {"text,topic\na \"b\",c\n", {"x.csv:2: column 1", "a quote within", "'a \"b\"'"}},
      {"text,topic\na,b\n ,c\n", {"x.csv:3: the sentence has no words"}},
      {"text,topic\na,b\nc, \n", {"x.csv:3: column 'topic' is empty; expected a label"}},
      {"text,topic\na,b\xFF\n", {"x.csv:2: invalid UTF-8 at byte 4", "iconv"}},
      {"text,topic\n\"a\nb\xFF\",c\n", {"x.csv:3: invalid UTF-8 at byte 2"}},
      {"text,topic\na\x01,b\n", {"x.csv:2: word 1 is 'a\\x01'", "control"}},
      {"text,topic\na,\"b\nc\"\n", {"x.csv:2: the topic 'b\\x0ac' has a control character"}},
  };
  for (const auto& [text, parts] : cases) {
    const std::string error = ErrorOf([t = text] { Table(t); });
    for (const std::string& part : parts) EXPECT_TRUE(Mentions(error, {part}));
  }
  EXPECT_TRUE(Mentions(
      ErrorOf([] { Table("text,label\na,b\n", {}); }),
      {"x.csv:1: no column is declared as a class", "--label", "the columns are 'text', 'label'"}));
  EXPECT_TRUE(Mentions(ErrorOf([] {
                         Table("text,a,b\nx,1,\ny,2,\n", {.classes = {"a", "b"}});
                       }),
                       {"x.csv: column 'b' is empty in every record"}));
}

// A quote that is never closed must not read the whole file into memory.
TEST(Table, LongFields) {
  std::string text = "text,topic\n\"";
  for (size_t i = 0; i < 2 * LineReader::kMaxLineBytes / 100; ++i)
    text += std::string(99, 'a') + "\n";
  EXPECT_TRUE(Mentions(ErrorOf([&] { Table(text); }),
                       {"x.csv:2: a field is longer than 1048576 bytes", "missing"}));
  EXPECT_TRUE(Mentions(ErrorOf([&] { Table("text,topic\na," + std::string(1001, 'b')); }),
                       {"x.csv:2: the topic is 'bbb", "1001 bytes"}));
}

}  // namespace
}  // namespace bittern
