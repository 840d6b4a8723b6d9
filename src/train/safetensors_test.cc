// SPDX-License-Identifier: Apache-2.0
#include "train/safetensors.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/testing/errors.h"
#include "base/testing/temporary_directory.h"

namespace bittern {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  std::string Bytes() const { return ReadFile(path_, 1 << 24); }

  void WriteBytes(std::string_view bytes) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    EXPECT_EQ(std::fclose(file), 0);
  }

  static std::string Length(std::uint64_t bytes) {
    std::string length(8, '\0');
    std::memcpy(length.data(), &bytes, 8);
    return length;
  }

  // The message that opening a file of these parts fails with, without the path.
  std::string ErrorOf(const std::string& header, std::size_t data_bytes) {
    return ErrorOfBytes(Length(header.size()) + header + std::string(data_bytes, '\0'));
  }

  std::string ErrorOfBytes(const std::string& bytes) {
    WriteBytes(bytes);
    return Error([&] { SafetensorsReader reader(path_); });
  }

  template <typename Action>
  std::string Error(const Action& action) {
    try {
      action();
    } catch (const bittern::Error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(path_ + ": ")) << message;
      return message.substr(path_.size() + 2);
    }
    return "no error";
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("file.safetensors");
};

TEST_F(SafetensorsTest, ReadsBackWhatWasWritten) {
  std::vector<float> weights(6);
  std::iota(weights.begin(), weights.end(), 0.5f);
  weights[3] = -std::numeric_limits<float>::infinity();
  const std::vector<double> moments = {1e-300, -2.5};
  const std::vector<std::int32_t> counts = {-1, 1 << 30};
  const std::vector<std::int64_t> step = {std::int64_t{1} << 60};
  const std::vector<std::uint8_t> flags = {0, 255, 7};
  const std::vector<float> none;
  {
    SafetensorsWriter writer;
    writer.SetMetadata("words", "[\"b\u00e9\",\"\\\"quoted\\\"\\n\"]");
    writer.SetMetadata("words twice", "old");
    writer.SetMetadata("words twice", "new");
    writer.Add<std::uint8_t>("flags", {3}, flags);
    writer.Add<float>("weights", {2, 3}, weights);
    writer.Add<double>("moments", {2}, moments);
    writer.Add<std::int32_t>("counts", {2, 1}, counts);
    writer.Add<std::int64_t>("step", {}, step);
    writer.Add<float>("none", {0, 4}, none);
    writer.Write(path_);
  }
  SafetensorsReader reader(path_);
  EXPECT_EQ(reader.metadata(),
            (Metadata{{"words", "[\"b\u00e9\",\"\\\"quoted\\\"\\n\"]"}, {"words twice", "new"}}));
  ASSERT_EQ(reader.entries().size(), 6u);
  EXPECT_EQ(reader.Entry("weights").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(reader.Entry("weights").elements(), 6u);
  EXPECT_FALSE(reader.Has("weight"));

  // In another order than they stand in the file.
  std::vector<std::uint8_t> flags_read(3);
  reader.Read<std::uint8_t>("flags", std::array<std::int64_t, 1>{3}, flags_read);
  EXPECT_EQ(flags_read, flags);
  std::vector<float> weights_read(6);
  reader.Read<float>("weights", std::array<std::int64_t, 2>{2, 3}, weights_read);
  EXPECT_EQ(weights_read, weights);
  std::vector<double> moments_read(2);
  reader.Read<double>("moments", std::array<std::int64_t, 1>{2}, moments_read);
  EXPECT_EQ(moments_read, moments);
  std::vector<std::int32_t> counts_read(2);
  reader.Read<std::int32_t>("counts", std::array<std::int64_t, 2>{2, 1}, counts_read);
  EXPECT_EQ(counts_read, counts);
  std::vector<std::int64_t> step_read(1);
  reader.Read<std::int64_t>("step", {}, step_read);
  EXPECT_EQ(step_read, step);
  reader.Read<float>("none", std::array<std::int64_t, 2>{0, 4}, {});
}

TEST_F(SafetensorsTest, BytesAreAFunctionOfTheContent) {
  const std::vector<float> one = {1}, two = {2};
  const std::vector<double> wide = {3};
  SafetensorsWriter writer;
  writer.Add<float>("b", {1}, two);
  writer.Add<float>("a", {}, one);
  writer.Add<double>("c", {1}, wide);
  writer.SetMetadata("z", "1");
  writer.SetMetadata("k", "2");
  writer.Write(path_);
  const std::string header = R"({"__metadata__":{"k":"2","z":"1"},)"
                             R"("c":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)"
                             R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                             R"("b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})";
  const std::string bytes = Bytes();
  std::string padded = header;
  while (padded.size() % 8 != 0) padded += ' ';
  EXPECT_EQ(bytes.substr(0, 8), Length(padded.size()));
  EXPECT_EQ(bytes.substr(8, padded.size()), padded);
  EXPECT_EQ(bytes.size(), 8 + padded.size() + 16);

  SafetensorsWriter again;
  again.SetMetadata("k", "2");
  again.SetMetadata("z", "1");
  again.Add<double>("c", {1}, wide);
  again.Add<float>("a", {}, one);
  again.Add<float>("b", {1}, two);
  again.Write(path_);
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(SafetensorsTest, EmptyFileOfNoTensors) {
  SafetensorsWriter().Write(path_);
  EXPECT_EQ(Bytes(), Length(8) + "{}      ");
  SafetensorsReader reader(path_);
  EXPECT_TRUE(reader.entries().empty());
  EXPECT_TRUE(reader.metadata().empty());
}

TEST_F(SafetensorsTest, FailedWriteLeavesTheOldFile) {
  const std::vector<float> one = {1};
  SafetensorsWriter writer;
  writer.Add<float>("a", {1}, one);
  writer.Write(path_);
  const std::string bytes = Bytes();
  writer.SetMetadata("text", "\xff");
  EXPECT_EQ(Error([&] { writer.Write(path_); }), "cannot write a name or a text that is not UTF-8");
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(SafetensorsTest, WritesNoHeaderThatNoneReads) {
  SafetensorsWriter writer;
  writer.SetMetadata("text", std::string(SafetensorsReader::kMaxHeaderBytes - 100, 'a'));
  writer.Check(path_, 32);
  EXPECT_TRUE(Mentions(bittern::ErrorOf([&] { writer.Check(path_, 100); }), {path_, "4194304"}));
  writer.Write(path_);
  EXPECT_EQ(SafetensorsReader(path_).metadata().size(), 1u);
  writer.SetMetadata("more", std::string(100, 'a'));
  EXPECT_TRUE(Mentions(bittern::ErrorOf([&] { writer.Write(path_); }), {path_, "not written"}));
  EXPECT_EQ(SafetensorsReader(path_).metadata().size(), 1u);
}

TEST_F(SafetensorsTest, ReadingTheWrongThing) {
  const std::vector<float> values = {1, 2, 3, 4};
  SafetensorsWriter writer;
  writer.Add<float>("a.core.0", {2, 2}, values);
  writer.Write(path_);
  SafetensorsReader reader(path_);
  std::vector<float> floats(4);
  std::vector<double> doubles(4);
  const auto read = [&](std::string_view name, std::vector<std::int64_t> shape) {
    return Error([&] { reader.Read<float>(name, shape, floats); });
  };
  EXPECT_EQ(read("b", {2, 2}), "no tensor 'b' in this file");
  EXPECT_EQ(read("a.core.0", {4}), "tensor 'a.core.0' is F32 [2, 2]; expected F32 [4]");
  EXPECT_EQ(read("a.core.0", {2, 2, 1}), "tensor 'a.core.0' is F32 [2, 2]; expected F32 [2, 2, 1]");
  EXPECT_EQ(Error([&] {
              reader.Read<double>("a.core.0", std::array<std::int64_t, 2>{2, 2}, doubles);
            }),
            "tensor 'a.core.0' is F32 [2, 2]; expected F64 [2, 2]");
  EXPECT_EQ(Error([&] { reader.MetadataValue("words"); }), "no metadata 'words' in this file");

  // Cut short while open.
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  SafetensorsReader* cut = &reader;
  EXPECT_EQ(Error([&] {
              cut->Read<float>("a.core.0", std::array<std::int64_t, 2>{2, 2}, floats);
            }),
            "cannot read 16 bytes (the file ends before them)");
}

TEST_F(SafetensorsTest, FilesThatCannotBeOpened) {
  EXPECT_EQ(Error([&] { SafetensorsReader reader(path_); }),
            "cannot open: No such file or directory");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(Error([&] { SafetensorsReader reader(path_); }),
            "not a regular file; expected a safetensors file");
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);  // would block
  EXPECT_EQ(Error([&] { SafetensorsReader reader(path_); }),
            "not a regular file; expected a safetensors file");
}

TEST_F(SafetensorsTest, HeaderLengths) {
  EXPECT_EQ(ErrorOfBytes(""), "0 bytes; a safetensors file has at least 8");
  EXPECT_EQ(ErrorOfBytes("1234567"), "7 bytes; a safetensors file has at least 8");
  EXPECT_EQ(ErrorOfBytes(Length(3) + "{}"),
            "the header's length is 3, but only 2 bytes follow; the file is cut short or not "
            "safetensors");
  EXPECT_EQ(ErrorOfBytes(Length(~std::uint64_t{0}) + "{}"),
            "the header's length is 18446744073709551615, but only 2 bytes follow; the file is cut "
            "short or not safetensors");
  WriteBytes(Length(std::uint64_t{1} << 32));
  std::filesystem::resize_file(path_, (std::uint64_t{1} << 32) + 8);  // takes no disk
  EXPECT_EQ(Error([&] { SafetensorsReader reader(path_); }),
            "the header's length is 4294967296; at most 4194304 are read");
}

TEST_F(SafetensorsTest, HeadersThatAreNotOurs) {
  const std::string not_object =
      "the header is not a JSON object; the file is damaged or not safetensors";
  EXPECT_EQ(ErrorOf("", 0), not_object);
  EXPECT_EQ(ErrorOf("[]", 0), not_object);
  EXPECT_EQ(ErrorOf(" {}", 0), not_object);
  EXPECT_TRUE(ErrorOf("{", 0).starts_with("the header: malformed JSON at byte "));
  EXPECT_TRUE(ErrorOf(std::string("{}\0 junk", 8), 0)
                  .ends_with("at byte 3: a zero byte; the file is damaged or not safetensors"));
  EXPECT_TRUE(ErrorOf("{} {}", 0).starts_with("the header: malformed JSON at byte "));
  EXPECT_TRUE(ErrorOf("{\"\xff\":1}", 0).starts_with("the header: malformed JSON at byte "));
  EXPECT_EQ(
      ErrorOf(R"({"a":)" + std::string(100'000, '['), 0),
      "the header: JSON nested deeper than 3 levels; expected less; the file is damaged or not "
      "safetensors");
  EXPECT_EQ(ErrorOf(R"({"__metadata__":[]})", 0), "__metadata__ is not an object of strings");
  EXPECT_EQ(ErrorOf(R"({"__metadata__":{"a":1}})", 0),
            "__metadata__ 'a' is number; expected a string");
  EXPECT_EQ(ErrorOf(R"({"__metadata__":{"a":"","a":""}})", 0),
            "the header: the key 'a' occurs twice; the file is damaged or not safetensors");
}

TEST_F(SafetensorsTest, EntriesThatAreNotTrue) {
  const auto error_of = [&](const std::string& entry, std::size_t data_bytes) {
    return ErrorOf("{\"a\":" + entry + "}", data_bytes);
  };
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8), "no error");
  EXPECT_EQ(error_of("7", 8), "tensor 'a' is number; expected an object");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2]})", 8),
            "tensor 'a': expected dtype, shape and data_offsets");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})", 8),
            "tensor 'a': unknown field 'x'; expected dtype, shape and data_offsets");
  EXPECT_EQ(error_of(R"({"dtype":"BF16","shape":[4],"data_offsets":[0,8]})", 8),
            "tensor 'a': dtype 'BF16' is not supported; expected F32, F64, I32, I64 or U8");
  EXPECT_EQ(error_of(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})", 8),
            "tensor 'a': dtype is number; expected a string");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", 8),
            "tensor 'a': shape is number; expected an array");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8),
            "tensor 'a': shape holds '-2'; expected whole numbers from 0");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", 8),
            "tensor 'a': shape holds '2.0'; expected whole numbers from 0");
  // 2^62 * 4 wraps to 0 in 64 bits, as does 2^32 * 2^32.
  for (const std::string shape :
       {"[4611686018427387904]", "[4294967296,4294967296]", "[18446744073709551615]"}) {
    EXPECT_EQ(error_of(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0]})", 0),
              "tensor 'a': shape '" + shape + "' is too large to be true; the file is damaged");
  }
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", 8),
            "tensor 'a': data_offsets is '[0]'; expected [begin, end]");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8.0]})", 8),
            "tensor 'a': data_offsets holds '8.0'; expected whole numbers from 0");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8),
            "tensor 'a': data_offsets [8, 0] are outside of the file's 8 bytes of data; it is "
            "damaged or cut short");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 7),
            "tensor 'a': data_offsets [0, 8] are outside of the file's 7 bytes of data; it is "
            "damaged or cut short");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8),
            "tensor 'a': data_offsets [0, 8] hold 8 bytes, but F32 of shape '[3]' needs 12");
  EXPECT_EQ(error_of(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9),
            "9 bytes of data, but the tensors fill 8; the file is damaged");
}

TEST_F(SafetensorsTest, RangesThatOverlapOrLeaveHoles) {
  const auto error_of = [&](const std::string& a, const std::string& b, std::size_t data_bytes) {
    return ErrorOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + a +
                       R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                   data_bytes);
  };
  EXPECT_EQ(error_of("[4,8]", "[0,4]", 8), "no error");
  EXPECT_EQ(error_of("[0,4]", "[3,7]", 8),
            "tensor 'b' begins at byte 3 of the data, but the tensors before it end at 4; the file "
            "is damaged");
  EXPECT_EQ(error_of("[0,4]", "[0,4]", 4),
            "tensor 'b' begins at byte 0 of the data, but the tensors before it end at 4; the file "
            "is damaged");
  EXPECT_EQ(error_of("[0,4]", "[5,9]", 9),
            "tensor 'b' begins at byte 5 of the data, but the tensors before it end at 4; the file "
            "is damaged");
  EXPECT_EQ(error_of("[1,5]", "[5,9]", 9),
            "tensor 'a' begins at byte 1 of the data, but the tensors before it end at 0; the file "
            "is damaged");
  EXPECT_EQ(ErrorOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                    R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
                    0),
            "the header: the key 'a' occurs twice; the file is damaged or not safetensors");
}

// The header is complete or the data does not fill it.
TEST_F(SafetensorsTest, EveryCutIsAnError) {
  const std::vector<float> values = {1, 2, 3};
  SafetensorsWriter writer;
  writer.SetMetadata("step", "12");
  writer.Add<float>("a", {3}, values);
  writer.Add<float>("b", {3, 1}, values);
  writer.Write(path_);
  const std::string bytes = Bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(ErrorOfBytes(bytes.substr(0, size)), "no error") << size;
  }
  EXPECT_NE(ErrorOfBytes(bytes + '\0'), "no error");
}

}  // namespace
}  // namespace bittern
