// SPDX-License-Identifier: Apache-2.0
// Reader and writer of safetensors files: named tensors and a map of strings.
//
// Format: header length (8 bytes, little-endian), header (JSON: name -> {dtype, shape,
// data_offsets}, and `__metadata__`: string -> string), data. Source: the format's description at
// https://github.com/huggingface/safetensors. Data is little-endian, row-major.
//
// Neither side holds data: tensors are read one by one into, and written from, memory of the
// caller. Every error names the file and, where there is one, the tensor.
#ifndef BITTERN_TRAIN_SAFETENSORS_H_
#define BITTERN_TRAIN_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace bittern {

enum class Dtype { kF32, kF64, kI32, kI64, kU8 };
std::string_view Name(Dtype dtype);
std::size_t Bytes(Dtype dtype);

// The dtype of a C++ element type; other types do not compile.
template <typename T>
struct DtypeOf;
template <>
struct DtypeOf<float> : std::integral_constant<Dtype, Dtype::kF32> {};
template <>
struct DtypeOf<double> : std::integral_constant<Dtype, Dtype::kF64> {};
template <>
struct DtypeOf<std::int32_t> : std::integral_constant<Dtype, Dtype::kI32> {};
template <>
struct DtypeOf<std::int64_t> : std::integral_constant<Dtype, Dtype::kI64> {};
template <>
struct DtypeOf<std::uint8_t> : std::integral_constant<Dtype, Dtype::kU8> {};

using Metadata = std::map<std::string, std::string>;

struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  std::uint64_t begin = 0;          // bytes from the start of the data
  std::uint64_t end = 0;

  std::uint64_t elements() const { return (end - begin) / Bytes(dtype); }
};

// Opens a file and checks all of its header before anything else is done with it: length against
// the file and against kMaxHeaderBytes, JSON, no name twice, known dtypes, shapes that multiply to
// their ranges, ranges that fill the data without overlap, hole or rest. Fails on anything else.
class SafetensorsReader {
 public:
  static constexpr std::uint64_t kMaxHeaderBytes = 4 << 20;  // bounds what a bad file can use

  explicit SafetensorsReader(std::string path);

  const std::string& path() const { return path_; }
  // In the order of the data.
  const std::vector<TensorEntry>& entries() const { return entries_; }
  const Metadata& metadata() const { return metadata_; }

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  // nullptr where the file has no such tensor.
  const TensorEntry* Find(std::string_view name) const;
  // Fails where the file has no such tensor, or no such key.
  const TensorEntry& Entry(std::string_view name) const;
  const std::string& MetadataValue(const std::string& key) const;

  // Overwrites `values` with the tensor. Fails unless name, element type and shape fit.
  template <typename T>
  void Read(std::string_view name, std::span<const std::int64_t> shape, std::span<T> values) {
    ReadBytes(name, DtypeOf<T>::value, shape, std::as_writable_bytes(values));
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void ReadBytes(std::string_view name, Dtype dtype, std::span<const std::int64_t> shape,
                 std::span<std::byte> bytes);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t data_start_ = 0;
  std::vector<TensorEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  Metadata metadata_;
};

// Collects tensors, then writes them all in one go, atomically: the file is either the old or the
// new one, whatever happens. The bytes are a function of the content alone: tensors by falling
// element size, then by name (so each is aligned), metadata by key.
class SafetensorsWriter {
 public:
  void SetMetadata(std::string key, std::string value);

  // Keeps a view of `values`, which must live until Write. A name may be given once.
  template <typename T>
  void Add(std::string name, std::vector<std::int64_t> shape, std::span<const T> values) {
    AddBytes(std::move(name), DtypeOf<T>::value, std::move(shape), std::as_bytes(values));
  }

  // Fails if Write would for what it was given, or for `spare` more bytes of names and texts.
  void Check(const std::string& path, std::uint64_t spare) const;
  void Write(const std::string& path) const;

 private:
  struct Tensor {
    Dtype dtype;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
  };

  using Order = std::vector<const std::pair<const std::string, Tensor>*>;

  void AddBytes(std::string name, Dtype dtype, std::vector<std::int64_t> shape,
                std::span<const std::byte> bytes);
  Order InOrder() const;
  std::string Header(const Order& order, const std::string& path, std::uint64_t spare) const;

  std::map<std::string, Tensor> tensors_;
  Metadata metadata_;
};

}  // namespace bittern

#endif  // BITTERN_TRAIN_SAFETENSORS_H_
