// SPDX-License-Identifier: Apache-2.0
#include "train/safetensors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace bittern {
namespace {

using Json = nlohmann::json;

// Elements and length fields are copied as they stand in memory.
static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr Dtype kDtypes[] = {Dtype::kF32, Dtype::kF64, Dtype::kI32, Dtype::kI64, Dtype::kU8};

Json ParseHeader(const std::string& header, const std::string& path) {
  constexpr int kDeepest = 3;  // header, tensor, shape
  // The format allows no blanks before the object, although JSON does.
  if (!header.starts_with('{')) {
    Fail("{}: the header is not a JSON object; the file is damaged or not safetensors", path);
  }
  return ParseStrictJson(header, kDeepest, path + ": the header",
                         "; the file is damaged or not safetensors");
}

Metadata ParseMetadata(const Json& json, const std::string& path) {
  Metadata metadata;
  if (!json.is_object()) Fail("{}: {} is not an object of strings", path, kMetadataKey);
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      Fail("{}: {} {} is {}; expected a string", path, kMetadataKey, Quoted(key),
           value.type_name());
    }
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

Dtype ParseDtype(const Json& json, const std::string& place) {
  if (!json.is_string()) Fail("{}: dtype is {}; expected a string", place, json.type_name());
  const std::string& name = json.get_ref<const std::string&>();
  for (const Dtype dtype : kDtypes) {
    if (Name(dtype) == name) return dtype;
  }
  Fail("{}: dtype {} is not supported; expected F32, F64, I32, I64 or U8", place, Quoted(name));
}

std::uint64_t ParseNumber(const Json& json, const std::string& place, std::string_view what) {
  if (!json.is_number_unsigned()) {
    Fail("{}: {} holds {}; expected whole numbers from 0", place, what, Quoted(json.dump()));
  }
  return json.get<std::uint64_t>();
}

TensorEntry ParseEntry(const std::string& name, const Json& json, const std::string& path,
                       std::uint64_t data_bytes) {
  const std::string place = fmt::format("{}: tensor {}", path, Quoted(name));
  if (!json.is_object()) Fail("{} is {}; expected an object", place, json.type_name());
  // With three known fields and a size of 3, all three are present.
  for (const auto& [key, value] : json.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      Fail("{}: unknown field {}; expected dtype, shape and data_offsets", place, Quoted(key));
    }
  }
  if (json.size() != 3) Fail("{}: expected dtype, shape and data_offsets", place);

  TensorEntry entry;
  entry.name = name;
  entry.dtype = ParseDtype(json["dtype"], place);

  const Json& shape = json["shape"];
  if (!shape.is_array()) Fail("{}: shape is {}; expected an array", place, shape.type_name());
  // The product is checked for overflow, because a damaged file can have any extents.
  std::uint64_t bytes = Bytes(entry.dtype);
  for (const Json& extent_json : shape) {
    const std::uint64_t extent = ParseNumber(extent_json, place, "shape");
    if (extent > INT64_MAX || __builtin_mul_overflow(bytes, extent, &bytes)) {
      Fail("{}: shape {} is too large to be true; the file is damaged", place,
           Quoted(shape.dump()));
    }
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }

  const Json& offsets = json["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2) {
    Fail("{}: data_offsets is {}; expected [begin, end]", place, Quoted(offsets.dump()));
  }
  entry.begin = ParseNumber(offsets[0], place, "data_offsets");
  entry.end = ParseNumber(offsets[1], place, "data_offsets");
  // Offsets count from the first byte of data, which follows the header.
  if (entry.begin > entry.end || entry.end > data_bytes) {
    Fail(
        "{}: data_offsets [{}, {}] are outside of the file's {} bytes of data; it is damaged or "
        "cut short",
        place, entry.begin, entry.end, data_bytes);
  }
  if (entry.end - entry.begin != bytes) {
    Fail("{}: data_offsets [{}, {}] hold {} bytes, but {} of shape {} needs {}", place, entry.begin,
         entry.end, entry.end - entry.begin, Name(entry.dtype), Quoted(shape.dump()), bytes);
  }
  return entry;
}

// The entries, in order of their data, must fill it from end to end.
void CheckCoverage(const std::vector<TensorEntry>& entries, const std::string& path,
                   std::uint64_t data_bytes) {
  std::uint64_t covered = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != covered) {
      Fail(
          "{}: tensor {} begins at byte {} of the data, but the tensors before it end at {}; "
          "the file is damaged",
          path, Quoted(entry.name), entry.begin, covered);
    }
    covered = entry.end;
  }
  if (covered != data_bytes) {
    Fail("{}: {} bytes of data, but the tensors fill {}; the file is damaged", path, data_bytes,
         covered);
  }
}

void ReadExactly(std::FILE* file, void* memory, std::size_t bytes, const std::string& path) {
  if (std::fread(memory, 1, bytes, file) != bytes) {
    Fail("{}: cannot read {} bytes ({})", path, bytes,
         std::ferror(file) ? std::strerror(errno) : "the file ends before them");
  }
}

}  // namespace

std::string_view Name(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF32:
      return "F32";
    case Dtype::kF64:
      return "F64";
    case Dtype::kI32:
      return "I32";
    case Dtype::kI64:
      return "I64";
    case Dtype::kU8:
      return "U8";
  }
  BITTERN_CHECK(false);
}

std::size_t Bytes(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF32:
    case Dtype::kI32:
      return 4;
    case Dtype::kF64:
    case Dtype::kI64:
      return 8;
    case Dtype::kU8:
      return 1;
  }
  BITTERN_CHECK(false);
}

SafetensorsReader::SafetensorsReader(std::string path) : path_(std::move(path)) {
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  // A directory opens without an error, and a pipe has no size. So the kind of the file is tested
  // first.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    Fail("{}: not a regular file; expected a safetensors file", path_);
  }
  file_.reset(std::fopen(path_.c_str(), "rb"));
  if (!file_) Fail("{}: cannot open: {}", path_, std::strerror(errno));
  // Every size in the header is compared with this one before memory is allocated.
  const std::uint64_t file_bytes = std::filesystem::file_size(path_, error);
  if (error) Fail("{}: cannot tell its size: {}", path_, error.message());
  if (file_bytes < kLengthBytes) {
    Fail("{}: {} bytes; a safetensors file has at least {}", path_, file_bytes, kLengthBytes);
  }

  std::uint64_t header_bytes = 0;
  ReadExactly(file_.get(), &header_bytes, kLengthBytes, path_);
  if (header_bytes > file_bytes - kLengthBytes) {
    Fail(
        "{}: the header's length is {}, but only {} bytes follow; the file is cut short or not "
        "safetensors",
        path_, header_bytes, file_bytes - kLengthBytes);
  }
  if (header_bytes > kMaxHeaderBytes) {
    Fail("{}: the header's length is {}; at most {} are read", path_, header_bytes,
         kMaxHeaderBytes);
  }
  std::string header(header_bytes, '\0');
  ReadExactly(file_.get(), header.data(), header.size(), path_);
  data_start_ = kLengthBytes + header_bytes;

  const std::uint64_t data_bytes = file_bytes - data_start_;
  const Json json = ParseHeader(header, path_);
  // Entries may be in any order in the header.
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadataKey) {
      metadata_ = ParseMetadata(value, path_);
    } else {
      entries_.push_back(ParseEntry(name, value, path_, data_bytes));
    }
  }
  // Empty tensors stand before the one that begins where they do.
  std::sort(entries_.begin(), entries_.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  CheckCoverage(entries_, path_, data_bytes);
  // The parser refuses an object with a repeated key, so names are unique.
  for (std::size_t i = 0; i < entries_.size(); ++i) by_name_.emplace(entries_[i].name, i);
}

const TensorEntry* SafetensorsReader::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

const TensorEntry& SafetensorsReader::Entry(std::string_view name) const {
  const TensorEntry* entry = Find(name);
  if (entry == nullptr) Fail("{}: no tensor {} in this file", path_, Quoted(name));
  return *entry;
}

const std::string& SafetensorsReader::MetadataValue(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) Fail("{}: no metadata {} in this file", path_, Quoted(key));
  return found->second;
}

void SafetensorsReader::ReadBytes(std::string_view name, Dtype dtype,
                                  std::span<const std::int64_t> shape, std::span<std::byte> bytes) {
  const TensorEntry& entry = Entry(name);
  if (entry.dtype != dtype ||
      !std::equal(entry.shape.begin(), entry.shape.end(), shape.begin(), shape.end())) {
    Fail("{}: tensor {} is {} [{}]; expected {} [{}]", path_, Quoted(name), Name(entry.dtype),
         fmt::join(entry.shape, ", "), Name(dtype), fmt::join(shape, ", "));
  }
  // Shape and type are equal here, so a difference in bytes is a fault of the caller.
  BITTERN_CHECK(bytes.size() == entry.end - entry.begin);
  if (std::fseek(file_.get(), static_cast<long>(data_start_ + entry.begin), SEEK_SET) != 0) {
    Fail("{}: cannot seek to tensor {}: {}", path_, Quoted(name), std::strerror(errno));
  }
  ReadExactly(file_.get(), bytes.data(), bytes.size(), path_);
}

void SafetensorsWriter::SetMetadata(std::string key, std::string value) {
  metadata_.insert_or_assign(std::move(key), std::move(value));
}

void SafetensorsWriter::AddBytes(std::string name, Dtype dtype, std::vector<std::int64_t> shape,
                                 std::span<const std::byte> bytes) {
  std::uint64_t expected = Bytes(dtype);
  for (const std::int64_t extent : shape) expected *= static_cast<std::uint64_t>(extent);
  BITTERN_CHECK(bytes.size() == expected);
  BITTERN_CHECK(name != kMetadataKey);
  BITTERN_CHECK(tensors_.emplace(std::move(name), Tensor{dtype, std::move(shape), bytes}).second);
}

std::string SafetensorsWriter::Header(const Order& order, const std::string& path,
                                      std::uint64_t spare) const {
  // Written by hand: the field order is fixed and the numbers are plain. Strings go through the
  // library for their escapes.
  const auto quote = [&](const std::string& text) {
    try {
      return Json(text).dump();
    } catch (const Json::exception&) {
      Fail("{}: cannot write a name or a text that is not UTF-8", path);
    }
  };
  std::string header = "{";
  if (!metadata_.empty()) {
    std::vector<std::string> fields;
    for (const auto& [key, value] : metadata_) fields.push_back(quote(key) + ":" + quote(value));
    header += fmt::format("\"{}\":{{{}}},", kMetadataKey, fmt::join(fields, ","));
  }
  std::uint64_t offset = 0;
  for (const auto* tensor : order) {
    const auto& [dtype, shape, bytes] = tensor->second;
    header += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}},",
                          quote(tensor->first), Name(dtype), fmt::join(shape, ","), offset,
                          offset + bytes.size());
    offset += bytes.size();
  }
  // An empty header has no comma to remove.
  if (header.back() == ',') header.pop_back();
  header += '}';
  // Blanks fill the header to a multiple of 8 bytes, so that the data is aligned.
  header.resize((header.size() + 7) / 8 * 8, ' ');
  // A file that this reader would refuse must not be written.
  if (header.size() + spare > SafetensorsReader::kMaxHeaderBytes) {
    Fail(
        "{}: not written: names and texts take {} bytes, and a reader takes {}; use fewer or "
        "shorter words and labels",
        path, header.size() + spare, SafetensorsReader::kMaxHeaderBytes);
  }
  return header;
}

SafetensorsWriter::Order SafetensorsWriter::InOrder() const {
  Order order;
  for (const auto& tensor : tensors_) order.push_back(&tensor);
  // The map is sorted by name, and a stable sort keeps this order among equal sizes. Falling sizes
  // align each tensor.
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return Bytes(a->second.dtype) > Bytes(b->second.dtype);
  });
  return order;
}

void SafetensorsWriter::Check(const std::string& path, std::uint64_t spare) const {
  Header(InOrder(), path, spare);
}

void SafetensorsWriter::Write(const std::string& path) const {
  const Order order = InOrder();
  // The header may fail, so it is made before the file is opened.
  const std::string header = Header(order, path, 0);
  WriteFileAtomically(path, [&](AtomicFile& file) {
    const std::uint64_t header_bytes = header.size();
    file.Write(&header_bytes, kLengthBytes);
    file.Write(header);
    for (const auto* tensor : order)
      file.Write(tensor->second.bytes.data(), tensor->second.bytes.size());
  });
}

}  // namespace bittern
