// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels/contract.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cpu/kernels/testing/targets.h"

namespace bittern {
namespace {

using Extents = std::map<char, int64_t>;

// Row-major strides of an operand given by its index letters; an upper-case letter is no loop, it
// only spaces the others out.
int64_t Stride(const std::string& indices, char index, const Extents& extents) {
  const size_t at = indices.find(index);
  if (at == std::string::npos) return 0;
  int64_t stride = 1;
  for (size_t i = at + 1; i < indices.size(); ++i) stride *= extents.at(indices[i]);
  return stride;
}

struct Case {
  std::string a, b, c, start;
  Extents extents;
};

std::vector<ContractLoop> Loops(const Case& item) {
  std::vector<ContractLoop> loops;
  for (const auto& [index, extent] : item.extents) {
    if (index < 'a') continue;
    loops.push_back({extent, Stride(item.a, index, item.extents),
                     Stride(item.b, index, item.extents), Stride(item.c, index, item.extents),
                     Stride(item.start, index, item.extents)});
  }
  return loops;
}

// Calls body(offset a, b, c, start) for every iteration of `loops`.
template <typename Body>
void ForEach(const std::vector<ContractLoop>& loops, const Body& body) {
  for (const ContractLoop& loop : loops) {
    if (loop.extent == 0) return;
  }
  std::vector<int64_t> index(loops.size());
  for (bool more = true; more;) {
    int64_t a = 0, b = 0, c = 0, start = 0;
    for (size_t i = 0; i < loops.size(); ++i) {
      a += index[i] * loops[i].a;
      b += index[i] * loops[i].b;
      c += index[i] * loops[i].c;
      start += index[i] * loops[i].start;
    }
    body(a, b, c, start);
    more = false;
    for (size_t i = loops.size(); i-- > 0 && !more;) {
      more = ++index[i] < loops[i].extent;
      if (!more) index[i] = 0;
    }
  }
}

// Runs one contraction against a scalar oracle in double. Elements of c that no loop names, the
// surroundings of c and those of the scratch must keep their bits. With `listed`, the first loop is
// summed and becomes a list of terms, the last one first.
ContractForm Check(const std::vector<ContractLoop>& loops, ContractStart start, float scale,
                   uint32_t seed, int64_t offset = 0, bool listed = false) {
  int64_t a_size = 1, b_size = 1, c_size = 1, start_size = 1, terms = 1;
  std::vector<ContractLoop> outputs;
  for (const ContractLoop& loop : loops) {
    const int64_t last = std::max<int64_t>(loop.extent - 1, 0);
    a_size += last * loop.a;
    b_size += last * loop.b;
    c_size += last * loop.c;
    start_size += last * loop.start;
    if (loop.c == 0) {
      terms *= loop.extent;
    } else {
      outputs.push_back(loop);
    }
  }
  TestNumbers numbers(seed);
  const auto fill = [&](GuardedFloats& to, int64_t size) {
    for (int64_t i = 0; i < size; ++i) to[i] = numbers.Next(-1, 1);
  };
  GuardedFloats a(a_size, offset), b(b_size, offset), c(c_size, offset), s(start_size, offset);
  fill(a, a_size);
  fill(b, b_size);
  fill(c, c_size);
  fill(s, start_size);

  std::vector<double> expected(static_cast<size_t>(c_size)), size(expected);
  std::vector<bool> named(expected.size());
  ForEach(outputs, [&](int64_t, int64_t, int64_t to, int64_t from) {
    const double first = start == ContractStart::kZero         ? 0.0
                         : start == ContractStart::kAccumulate ? c[to]
                                                               : s[from];
    const auto at = static_cast<size_t>(to);
    named[at] = true;
    expected[at] = first;
    size[at] = std::abs(first);
  });
  ForEach(loops, [&](int64_t ia, int64_t ib, int64_t ic, int64_t) {
    const double product = static_cast<double>(scale) * a[ia] * b[ib];
    expected[static_cast<size_t>(ic)] += product;
    size[static_cast<size_t>(ic)] += std::abs(product);
  });

  std::vector<int64_t> a_terms, b_terms;
  for (int64_t i = listed ? loops[0].extent : 0; i-- > 0;) {
    a_terms.push_back(i * loops[0].a);
    b_terms.push_back(i * loops[0].b);
  }
  const ContractPlan plan = PlanContract(std::span(loops).subspan(listed ? 1 : 0), {start, scale});
  const int64_t scratch_floats = plan.scratch_floats * (listed ? loops[0].extent : 1);
  GuardedFloats scratch(scratch_floats, 0);
  float* const scratch_or_null = scratch_floats != 0 ? scratch.data() : nullptr;
  std::vector<float> before(c.data(), c.data() + c_size);
  if (listed) {
    RunContractTerms(plan, a.data(), b.data(), a_terms, b_terms, c.data(), scratch_or_null);
  } else {
    RunContract(plan, a.data(), b.data(), start == ContractStart::kOperand ? s.data() : nullptr,
                c.data(), scratch_or_null);
  }
  EXPECT_TRUE(c.Intact() && scratch.Intact());
  // A sum of n terms in any order: error <= (n + 2) u sum |terms|.
  const double unit = static_cast<double>(terms + 3) * 0x1p-24;
  int64_t wrong = 0;
  for (int64_t i = 0; i < c_size; ++i) {
    const auto at = static_cast<size_t>(i);
    if (!named[at]) {
      wrong += c[i] != before[at];
    } else if (!(std::abs(c[i] - expected[at]) <= unit * size[at])) {
      if (++wrong <= 3) ADD_FAILURE() << "c[" << i << "] = " << c[i] << ", not " << expected[at];
    }
  }
  EXPECT_EQ(wrong, 0);
  return plan.form;
}

void CheckAllStarts(const Case& item, uint32_t seed = 1) {
  SCOPED_TRACE(item.a + "," + item.b + "->" + item.c + " seed " + std::to_string(seed));
  const auto loops = Loops(item);
  Check(loops, ContractStart::kZero, 1.0f, seed);
  Check(loops, ContractStart::kAccumulate, 1.0f, seed, 1);
  Check(loops, ContractStart::kAccumulate, 0.125f, seed, 2);
  Case with_start = item;
  with_start.start = item.c;  // a residual
  Check(Loops(with_start), ContractStart::kOperand, 1.0f, seed, 3);
  for (const char index : item.c) {  // a bias: constant along one index
    if (index < 'a') continue;
    with_start.start = item.c;
    std::erase(with_start.start, index);
    Check(Loops(with_start), ContractStart::kOperand, index % 2 == 0 ? 1.0f : -2.0f, seed, 4);
  }
  with_start.start = "";  // one number
  Check(Loops(with_start), ContractStart::kOperand, 1.0f, seed);
}

class ContractTest : public KernelTest {};

// The products of a training step, as small versions of their real shapes.
TEST_P(ContractTest, StepShapes) {
  for (const int64_t t : {1, 3, 4, 8, 12, 16, 20, 24, 28, 32, 36}) {
    SCOPED_TRACE(t);
    for (const int64_t r : {5, 12}) {
      const Extents e = {{'x', 18}, {'y', 14}, {'l', 4}, {'k', 5}, {'r', r}, {'t', t}};
      const auto with = [&](std::string letters) {
        Extents out;
        for (const char c : letters) out[c] = e.at(c);
        return out;
      };
      CheckAllStarts({"ry", "lyt", "lrt", "", with("rylt")});  // U
      CheckAllStarts({"rx", "xt", "rt", "", with("rxt")});     // Z
      CheckAllStarts({"xr", "rt", "xt", "", with("xrt")});     // V
      CheckAllStarts({"xr", "rkt", "xkt", "", with("xrkt")});  // Y
      CheckAllStarts({"xkt", "rkt", "xr", "", with("xrkt")});  // dP
      CheckAllStarts({"xr", "xkt", "rkt", "", with("xrkt")});  // dV
      CheckAllStarts({"xt", "rt", "xr", "", with("xrt")});     // dG3
      CheckAllStarts({"rt", "xt", "rx", "", with("xrt")});     // dG4
      CheckAllStarts({"ry", "lrt", "lyt", "", with("rylt")});  // dX
      CheckAllStarts({"lrt", "lyt", "ry", "", with("rylt")});  // dQ
    }
    for (const int64_t keys : {t, t + 1}) {
      const Extents e = {{'h', 3}, {'d', 18}, {'k', keys}, {'q', t}};
      CheckAllStarts({"hdk", "hdq", "hkq", "", e});
      CheckAllStarts({"hdk", "hkq", "hdq", "", e});
      CheckAllStarts({"hdq", "hkq", "hdk", "", e});
    }
    const Extents head = {{'s', 31}, {'f', 70}, {'t', t}};
    CheckAllStarts({"sf", "ft", "st", "", head});
    CheckAllStarts({"sf", "st", "ft", "", head});
    CheckAllStarts({"st", "ft", "sf", "", head});
  }
  // The embedding's slices.
  const Extents first = {{'d', 12}, {'r', 30}, {'x', 24}, {'V', 3}};
  const Extents second = {{'d', 13}, {'r', 30}, {'x', 8}, {'V', 3}};
  for (const Extents& e : {first, second}) {
    CheckAllStarts({"dr", "rVx", "dx", "", e});
    CheckAllStarts({"dx", "rVx", "dr", "", e});
    CheckAllStarts({"dr", "dx", "rVx", "", e});
  }
}

// Every residue of rows and lanes: all register tiles.
TEST_P(ContractTest, RowsAndLanes) {
  for (int64_t rows = 1; rows <= 26; ++rows) {
    for (int64_t lanes = 1; lanes <= 2 * KernelLanes() + 3; ++lanes) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(lanes));
      const Case item = {"mk", "kn", "mn", "m", {{'m', rows}, {'k', 3}, {'n', lanes}}};
      Check(Loops(item), ContractStart::kZero, 1.0f, 7);
      Check(Loops(item), ContractStart::kOperand, 0.5f, 7);
      Check(Loops(item), ContractStart::kAccumulate, 1.0f, 7);
    }
  }
}

TEST_P(ContractTest, DotLengths) {
  for (int64_t terms = 1; terms <= 70; ++terms) {
    const Case item = {"mk", "nk", "mn", "n", {{'m', 9}, {'k', terms}, {'n', 7}}};
    Check(Loops(item), ContractStart::kZero, 1.0f, 3);
    Check(Loops(item), ContractStart::kOperand, -0.5f, 3);
    CheckAllStarts({"jmk", "jnk", "mn", "", {{'j', 3}, {'m', 5}, {'k', terms}, {'n', 6}}});
  }
}

// Random nests of up to 8 loops over random subsets of the operands, in any order of strides.
TEST_P(ContractTest, RandomNests) {
  TestNumbers numbers(11);
  std::set<ContractForm> seen;
  for (int round = 0; round < 3000; ++round) {
    const int count = 1 + static_cast<int>(numbers.Next(0, 8));
    std::vector<ContractLoop> loops(static_cast<size_t>(count));
    for (ContractLoop& loop : loops) loop.extent = 1 + static_cast<int64_t>(numbers.Next(0, 4.5f));
    loops[0].extent = 1 + static_cast<int64_t>(numbers.Next(0, 40));
    // Strides of an operand: over the loops it has, in random order, with a random gap.
    const auto strides = [&](int64_t ContractLoop::*field, float share, bool all) {
      std::vector<size_t> order(loops.size());
      for (size_t i = 0; i < order.size(); ++i) order[i] = i;
      for (size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[static_cast<size_t>(numbers.Next(0, static_cast<float>(i)))]);
      }
      int64_t stride = numbers.Next(0, 1) < 0.8f ? 1 : 2;
      for (const size_t i : order) {
        if (!all &&
            (numbers.Next(0, 1) > share || (field == &ContractLoop::start && loops[i].c == 0)))
          continue;
        loops[i].*field = stride;
        stride = stride * loops[i].extent + (numbers.Next(0, 1) < 0.2f ? 3 : 0);
      }
    };
    strides(&ContractLoop::a, 0.6f, false);
    strides(&ContractLoop::b, 0.6f, false);
    strides(&ContractLoop::c, 0.6f, false);
    strides(&ContractLoop::start, 0.7f, false);
    SCOPED_TRACE(round);
    const auto start = static_cast<ContractStart>(round % 3);
    seen.insert(Check(loops, start, round % 2 == 0 ? 1.0f : 1.5f, static_cast<uint32_t>(round)));
    if (HasFailure()) return;
  }
  EXPECT_EQ(seen.size(), 4u) << "a form was never chosen";
}

// Lists of terms in every form, summed by the tiles and one by one.
TEST_P(ContractTest, ListedTerms) {
  std::set<std::pair<ContractForm, bool>> seen;
  const Extents e = {{'w', 1}, {'d', 12}, {'r', 30}, {'x', 8}, {'y', 8},
                     {'V', 3}, {'z', 64}, {'p', 4},  {'q', 4}};
  const std::vector<Case> cases = {{"wdr", "wdz", "rz", "", {}},      // lanes
                                   {"wdz", "wrz", "dr", "", {}},      // dots or packed
                                   {"wpz", "wqz", "pq", "", {}},      // dots
                                   {"wrxy", "wdy", "rxd", "", {}},    // packed
                                   {"wrx", "wrxy", "xy", "", {}},     // a sum among the outer loops
                                   {"wrVxd", "wrxy", "dy", "", {}}};  // two sums
  for (const int64_t terms : {1, 2, 3, 7}) {
    for (Case item : cases) {
      SCOPED_TRACE(item.a + "," + item.b + "->" + item.c + " " + std::to_string(terms));
      for (const char letter : "w" + item.a.substr(1) + item.b.substr(1)) {
        item.extents[letter] = letter == 'w' ? terms : e.at(letter);
      }
      std::vector<ContractLoop> loops = Loops(item);
      const auto list = std::find_if(loops.begin(), loops.end(), [&](const ContractLoop& loop) {
        return loop.c == 0 && loop.a == Stride(item.a, 'w', item.extents);
      });
      std::rotate(loops.begin(), list, list + 1);
      Check(loops, ContractStart::kZero, 1.0f, 5, 0, true);
      Check(loops, ContractStart::kAccumulate, 1.0f, 5, 1, true);
      Check(loops, ContractStart::kAccumulate, 0.75f, 5, 2, true);
      const ContractPlan plan = PlanContract(std::span(loops).subspan(1));
      seen.insert({plan.form, plan.TakesTerms()});
    }
  }
  for (const ContractForm form :
       {ContractForm::kLanes, ContractForm::kPackedLanes, ContractForm::kDot}) {
    EXPECT_EQ(seen.count({form, true}), 1u) << static_cast<int>(form);
  }
  EXPECT_EQ(seen.count({ContractForm::kLanes, false}), 1u);
}

TEST_P(ContractTest, EmptyAndSingle) {
  Check({}, ContractStart::kAccumulate, 2.0f, 1);
  Check({{1, 5, 6, 7, 0}}, ContractStart::kZero, 1.0f, 1);
  // No terms: c = start.
  Check({{3, 1, 0, 1, 1}, {0, 3, 1, 0, 0}}, ContractStart::kOperand, 1.0f, 1);
  Check({{3, 1, 0, 1, 1}, {0, 3, 1, 0, 0}}, ContractStart::kZero, 1.0f, 1);
  // No outputs: nothing is touched.
  Check({{0, 1, 0, 1, 1}, {4, 3, 1, 0, 0}}, ContractStart::kZero, 1.0f, 1);
}

// The large shapes must not fall back to a slow form.
TEST_P(ContractTest, LargeShapesAreVectorised) {
  for (const int64_t t : {12, 32}) {
    const auto form = [](const Case& item) { return PlanContract(Loops(item)).form; };
    EXPECT_EQ(form({"uy", "lyt", "lut", "", {{'u', 12}, {'y', 96}, {'l', 8}, {'t', t}}}),
              ContractForm::kLanes);
    EXPECT_EQ(form({"xr", "xkt", "rkt", "", {{'x', 96}, {'r', 12}, {'k', 8}, {'t', t}}}),
              ContractForm::kLanes);
    EXPECT_EQ(form({"st", "ft", "sf", "", {{'s', 127}, {'f', 768}, {'t', t}}}),
              ContractForm::kPackedLanes);
    EXPECT_NE(form({"xkt", "rkt", "xr", "", {{'x', 96}, {'r', 12}, {'k', 8}, {'t', t}}}),
              ContractForm::kGeneric);
  }
}

// Padded rows of operands may hold anything, also NaN, where no loop reads.
TEST_P(ContractTest, ReadsOnlyWhatLoopsName) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const int64_t t : {1, 3, 12, 20, 29}) {
    for (const bool dot : {false, true}) {
      // Both operands are slices whose gaps hold NaN.
      const int64_t wide = t + 5;
      std::vector<float> a(static_cast<size_t>(6 * wide), nan), b(a), c(36, nan);
      for (int64_t i = 0; i < 6; ++i) {
        for (int64_t k = 0; k < t; ++k) {
          a[static_cast<size_t>(i * wide + k)] = 1;
          b[static_cast<size_t>(i * wide + k)] = 2;
        }
      }
      std::vector<ContractLoop> loops;
      if (dot) {
        loops = {{6, wide, 0, 6}, {6, 0, wide, 1}, {t, 1, 1, 0}};
      } else {
        c.assign(static_cast<size_t>(6 * t), nan);
        loops = {{6, 1, 0, t}, {t, 0, 1, 1}, {1, 0, 0, 0}};
      }
      const ContractPlan plan = PlanContract(loops);
      std::vector<float> scratch(static_cast<size_t>(plan.scratch_floats) + 1, nan);
      RunContract(plan, dot ? a.data() : std::vector<float>(6, 1).data(), b.data(), nullptr,
                  c.data(), scratch.data());
      for (const float x : c) ASSERT_EQ(x, dot ? 2.0f * static_cast<float>(t) : 2.0f);
    }
  }
}

BITTERN_FOR_KERNEL_TARGETS(ContractTest);

}  // namespace
}  // namespace bittern
