// SPDX-License-Identifier: Apache-2.0
// A tensor layout says how a tensor is placed in words: which of its axes is across the lanes.
//
// A tensor is row-major in the graph. One axis (element stride `lane_stride`, extent `lanes`) lies
// across lanes; a word holds `width` of them, so an axis longer than a word takes blocks. All other
// axes keep their order as word addresses:
//   word(e) = block * words_per_block + e / (lane_stride * lanes) * lane_stride + e % lane_stride
//   lane(e) = e / lane_stride % lanes % width,  block(e) = e / lane_stride % lanes / width
// Lanes beyond the axis hold 0 in tensors that the host writes.
//
// A tensor with a plane partition has two halves: the elements with e / split even and odd. The
// words of the second half are `plane_step` after those of the first, in other banks.
#ifndef BITTERN_ACCELERATOR_COMPILER_LAYOUT_TENSOR_LAYOUT_H_
#define BITTERN_ACCELERATOR_COMPILER_LAYOUT_TENSOR_LAYOUT_H_

#include <cstdint>

namespace bittern {

enum class WordKind { kToken, kRank, kScalar };  // also the region: address bits 19..18

struct TensorLayout {
  WordKind kind = WordKind::kToken;
  int64_t elements = 0;
  int64_t lane_stride = 1;
  int64_t lanes = 1;
  int64_t width = 1;
  int64_t split = 0;  // elements; 0: whole, in one place
  int64_t plane_step = 0;

  bool operator==(const TensorLayout&) const = default;

  int64_t blocks() const { return (lanes + width - 1) / width; }
  int64_t words_per_block() const { return elements / lanes; }
  int64_t words() const { return blocks() * words_per_block(); }
  // The words of one plane, from the first to the last one.
  int64_t span() const { return split != 0 ? words() / 2 : words(); }

  // The step in words of an axis with this step in elements, which must not be the lane axis or a
  // part of it, nor run over a border of the split.
  int64_t WordStride(int64_t element_stride) const {
    return OfPlane(element_stride < lane_stride ? element_stride : element_stride / lanes);
  }
  int64_t BlockStride() const { return OfPlane(words_per_block()); }
  int64_t WordOf(int64_t element) const {
    return PlaceOf(BlockOf(element) * words_per_block() +
                   element / (lane_stride * lanes) * lane_stride + element % lane_stride);
  }
  int64_t BlockOf(int64_t element) const { return element / lane_stride % lanes / width; }
  int64_t LaneOf(int64_t element) const { return element / lane_stride % lanes % width; }
  // Words, counted as if there were no split, that run before the other half takes its turn.
  int64_t HalfWords() const { return split < lane_stride ? split : split / lanes; }
  // Where a word, counted so, lies.
  int64_t PlaceOf(int64_t word) const {
    if (split == 0) return word;
    const int64_t half = HalfWords();
    return word / half % 2 * plane_step + word / (2 * half) * half + word % half;
  }
  // A step over words, counted so.
  int64_t OfPlane(int64_t words) const {
    if (split == 0 || words < HalfWords()) return words;
    return words == HalfWords() ? plane_step : words / 2;
  }
};

// The order in which the words of a tensor are written or read: `outer` times `inner` of them. A
// reader can follow the writer closely if both have the same order.
struct TraversalOrder {
  int64_t outer = 1, inner = 1;
  int64_t outer_step = 1, inner_step = 1;

  static TraversalOrder OfAddresses(int64_t words) { return {1, words, words, 1}; }
};

}  // namespace bittern

#endif  // BITTERN_ACCELERATOR_COMPILER_LAYOUT_TENSOR_LAYOUT_H_
