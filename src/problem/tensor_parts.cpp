// Copies of the hole mask with permuted indices, laid over what is observed.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_parts.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

// Holes count as clustered from this intraclass correlation on: between cell by cell (0) and whole blocks (1), gaps of
// half a fibre's length are at about 3/8.
constexpr double kClustered = .25;
// ... and as gaps along an ordered mode from this correlation of neighbours on: gaps of three cells or more.
constexpr double kGaps = .5;
constexpr double kGapErrors = 3;   // standard errors that the correlation lies above
constexpr double kMostWork = 4e9;  // cells times modes times sets of modes that are looked at
constexpr Index kFewBlocks = 100;
constexpr int kFewParts = 3;
constexpr int kMostCopies = 100;
constexpr std::uint64_t kPermutation = 0x70617274, kOrder = 0x626c6f63;  // streams of random numbers

using Modes = std::vector<Index>;

// Runs over all cells with their indices: an odometer.
class Walk {
 public:
  explicit Walk(const std::vector<Index>& shape) : shape_(shape), index_(shape.size(), 0) {}
  const std::vector<Index>& index() const { return index_; }
  void next() {
    for (std::size_t n = index_.size(); n-- > 0;) {
      if (++index_[n] < shape_[n]) return;
      index_[n] = 0;
    }
  }

 private:
  const std::vector<Index>& shape_;
  std::vector<Index> index_;
};

// Number of a block, given which modes it extends along.
class Blocks {
 public:
  Blocks(const std::vector<Index>& shape, const Modes& along) : stride_(shape.size(), 0) {
    for (std::size_t n = shape.size(); n-- > 0;) {
      if (std::find(along.begin(), along.end(), static_cast<Index>(n)) != along.end()) continue;
      stride_[n] = count_;
      count_ *= shape[n];
    }
  }
  Index count() const { return count_; }
  Index of(const std::vector<Index>& index) const {
    return std::inner_product(stride_.begin(), stride_.end(), index.begin(), Index{0});
  }

 private:
  std::vector<Index> stride_;
  Index count_ = 1;
};

// How many cells of a mask each index of each mode has.
std::vector<std::vector<Index>> slice_counts(const std::vector<Index>& shape, const CellMask& mask) {
  std::vector<std::vector<Index>> count;
  for (const Index size : shape) count.emplace_back(static_cast<std::size_t>(size), 0);
  Walk at(shape);
  for (std::size_t cell = 0; cell < mask.size(); ++cell, at.next())
    if (mask[cell])
      for (std::size_t n = 0; n < shape.size(); ++n) ++count[n][at.index()[n]];
  return count;
}

// 1 where a cell is missing although each of its indices has observations.
CellMask holes_that_count(const DenseArray& array, Index* counted = nullptr) {
  const std::vector<std::vector<Index>> seen = slice_counts(array.shape, array.observed);
  CellMask holes(array.observed.size(), 0);
  Index cells = 0;
  Walk at(array.shape);
  for (std::size_t cell = 0; cell < holes.size(); ++cell, at.next()) {
    bool alive = true;
    for (std::size_t n = 0; n < array.shape.size(); ++n) alive = alive && seen[n][at.index()[n]] > 0;
    holes[cell] = alive && !array.observed[cell];
    cells += alive;
  }
  if (counted) *counted = cells;
  return holes;
}

// Intraclass correlation of holes within blocks: the variance between the blocks' shares of holes beyond what
// independent cells would give, over the variance of a cell. Cells of dead slices are holes that do not count here, so
// blocks are taken at their full size less those.
double clustering(const DenseArray& array, const CellMask& holes, const Modes& along, double density) {
  const Blocks blocks(array.shape, along);
  std::vector<double> missing(static_cast<std::size_t>(blocks.count()), 0), size = missing;
  Walk at(array.shape);
  for (std::size_t cell = 0; cell < holes.size(); ++cell, at.next()) {
    const Index block = blocks.of(at.index());
    missing[block] += holes[cell];
    size[block] += holes[cell] || array.observed[cell];
  }
  double pairs = 0, together = 0;  // ordered pairs of different cells of one block, and sum of (x - q) (x' - q)
  for (std::size_t b = 0; b < missing.size(); ++b) {
    const double k = missing[b], n = size[b], sum = k - n * density;
    pairs += n * (n - 1);
    together += sum * sum - (k * (1 - density) * (1 - density) + (n - k) * density * density);
  }
  return pairs > 0 ? together / pairs / (density * (1 - density)) : 0;
}

// Sets of 1 to order - 2 modes, single ones first (a block along order - 1 modes is a slice), while there is time to
// look at them. Modes with a single index tell nothing.
std::vector<Modes> possible_blocks(const std::vector<Index>& shape, Index cells) {
  Modes several;
  for (std::size_t n = 0; n < shape.size(); ++n)
    if (shape[n] > 1) several.push_back(static_cast<Index>(n));
  const double work = static_cast<double>(cells) * static_cast<double>(shape.size());
  const auto most = std::max<std::size_t>(several.size(), static_cast<std::size_t>(kMostWork / work));
  std::vector<Modes> sets, last = {Modes{}};
  for (std::size_t size = 1; size + 2 <= several.size() && sets.size() < most; ++size) {
    std::vector<Modes> next;
    for (const Modes& smaller : last)
      for (const Index n : several)
        if ((smaller.empty() || n > smaller.back()) && sets.size() + next.size() < most) {
          next.push_back(smaller);
          next.back().push_back(n);
        }
    sets.insert(sets.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return sets;
}

// Correlation of neighbouring cells along a mode, of being holes; less its standard error times kGapErrors. Both count:
// they are no cells of a dead slice.
double gaps(const DenseArray& array, const CellMask& holes, Index mode, double density) {
  const Index stride = strides(array.shape)[mode], size = array.shape[mode];
  double pairs = 0, together = 0;
  for (Index cell = 0; cell < array.cells(); ++cell) {
    if (cell / stride % size + 1 == size) continue;
    const Index next = cell + stride;
    if (!(holes[cell] || array.observed[cell]) || !(holes[next] || array.observed[next])) continue;
    ++pairs;
    together += (holes[cell] - density) * (holes[next] - density);
  }
  return pairs > 0 ? together / pairs / (density * (1 - density)) - kGapErrors / std::sqrt(pairs) : 0;
}

template <class Item>
void shuffle(std::vector<Item>& items, Rng rng) {
  for (std::size_t k = items.size(); k > 1; --k) std::swap(items[k - 1], items[rng.below(k)]);
}

std::vector<Index> permutation(Index size, Rng rng) {
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, rng);
  return order;
}

// Takes blocks of cells one by one; refuses those that would leave an index of some mode without cells.
class Taker {
 public:
  Taker(const DenseArray& array, const CellMask& available)
      : array_(array), left_(available), stride_(strides(array.shape)), count_(slice_counts(array.shape, available)) {}

  bool available(Index cell) const { return left_[cell] != 0; }

  bool take(std::span<const Index> cells) {
    std::size_t done = 0;
    bool allowed = true;
    for (; done < cells.size() && allowed; ++done) allowed = move(cells[done], -1);
    if (!allowed)
      for (std::size_t k = 0; k < done; ++k) move(cells[k], +1);
    if (!allowed) return false;
    for (const Index cell : cells) left_[cell] = 0;
    taken_.insert(taken_.end(), cells.begin(), cells.end());
    return true;
  }

  Index count() const { return static_cast<Index>(taken_.size()); }
  std::vector<Index> sorted() && {
    std::sort(taken_.begin(), taken_.end());
    return std::move(taken_);
  }

 private:
  bool move(Index cell, Index by) {
    bool some_left = true;
    for (std::size_t n = 0; n < stride_.size(); ++n) {
      Index& count = count_[n][cell / stride_[n] % array_.shape[n]];
      count += by;
      some_left = some_left && count > 0;
    }
    return some_left;
  }

  const DenseArray& array_;
  CellMask left_;
  std::vector<Index> stride_;
  std::vector<std::vector<Index>> count_;
  std::vector<Index> taken_;
};

struct Part {
  std::vector<Index> cells;
  Index blocks = 0;
};

// Cells grouped by block: block b has cell[begin[b]] .. cell[begin[b + 1] - 1].
struct BlockList {
  std::vector<Index> begin = {0}, cell;
  Index count() const { return static_cast<Index>(begin.size()) - 1; }
  std::span<const Index> block(Index b) const {
    return {cell.data() + begin[b], static_cast<std::size_t>(begin[b + 1] - begin[b])};
  }
};

BlockList group(const std::vector<Index>& cells, const std::vector<Index>& block_of, Index num_blocks) {
  BlockList list;
  std::vector<Index> at(static_cast<std::size_t>(num_blocks) + 1, 0);
  for (const Index block : block_of) ++at[block + 1];
  for (Index b = 0; b < num_blocks; ++b) {
    at[b + 1] += at[b];
    if (at[b + 1] > at[b]) list.begin.push_back(at[b + 1]);
  }
  list.cell.resize(cells.size());
  for (std::size_t k = 0; k < cells.size(); ++k) list.cell[at[block_of[k]]++] = cells[k];
  return list;
}

// Available cells under one permuted copy of the holes (all cells, if there are none).
BlockList under_copy(const DenseArray& array, const CellMask& holes, const Taker& taker, const HolePattern& pattern,
                     const PartOptions& options, int copy) {
  const Index order = array.order();
  const std::vector<Index> stride = strides(array.shape);
  std::vector<std::vector<Index>> to;  // index of the copy -> index of the holes
  for (Index n = 0; n < order; ++n) {
    const bool fixed = std::find(pattern.along.begin(), pattern.along.end(), n) != pattern.along.end();
    to.push_back(permutation(array.shape[n], Rng(options.seed, kPermutation, options.stream,
                                                 static_cast<std::uint64_t>(copy) << 8 | static_cast<unsigned>(n))));
    if (fixed) std::iota(to.back().begin(), to.back().end(), Index{0});
  }
  const Blocks blocks(array.shape, pattern.along);
  std::vector<Index> cells, block_of;
  Walk at(array.shape);
  for (Index cell = 0; cell < array.cells(); ++cell, at.next()) {
    if (!taker.available(cell)) continue;
    Index source = 0;
    for (Index n = 0; n < order; ++n) source += stride[n] * to[n][at.index()[n]];
    if (pattern.density > 0 && !holes[source]) continue;
    cells.push_back(cell);
    block_of.push_back(blocks.of(at.index()));
  }
  return group(cells, block_of, blocks.count());
}

Part draw(const DenseArray& array, const CellMask& available, const HolePattern& pattern, const PartOptions& options) {
  RANKFLOW_ASSERT(available.size() == array.observed.size(), "the available cells are of another array");
  const CellMask holes = holes_that_count(array);
  Taker taker(array, available);
  const auto total = std::count_if(available.begin(), available.end(), [](std::uint8_t a) { return a != 0; });
  const auto wanted = static_cast<Index>(options.share * static_cast<double>(total));
  Part part;
  for (int copy = 0; copy < kMostCopies && taker.count() < wanted; ++copy) {
    const BlockList list = under_copy(array, holes, taker, pattern, options, copy);
    for (const Index b :
         permutation(list.count(), Rng(options.seed, kOrder, options.stream, static_cast<std::uint64_t>(copy)))) {
      if (taker.count() >= wanted) break;
      part.blocks += taker.take(list.block(b));
    }
  }
  part.cells = std::move(taker).sorted();
  return part;
}

// Modes along which holes come in gaps keep their order, too, the clearest first; one mode at least is permuted. Blocks
// that explain the holes less well than a gap does are given up.
void add_gaps(const DenseArray& array, const CellMask& holes, HolePattern& pattern) {
  std::vector<std::pair<double, Index>> found;
  Index several = 0;
  for (Index n = 0; n < array.order(); ++n) {
    several += array.shape[n] > 1 ? 1 : 0;
    if (array.shape[n] < 3 || std::count(pattern.along.begin(), pattern.along.end(), n) > 0) continue;
    if (const double correlation = gaps(array, holes, n, pattern.density); correlation >= kGaps)
      found.emplace_back(correlation, n);
  }
  if (found.empty()) return;
  std::sort(found.rbegin(), found.rend());
  if (found.front().first > pattern.clustering) pattern.along.clear();
  for (const auto& [correlation, mode] : found) {
    if (static_cast<Index>(pattern.along.size()) + 1 >= several) break;
    pattern.along.push_back(mode);
    pattern.in_gaps = true;
  }
  std::sort(pattern.along.begin(), pattern.along.end());
}

}  // namespace

std::string HolePattern::text() const {
  if (along.empty()) return "single cells";
  std::string list;
  for (const Index n : along) list += (list.empty() ? "" : ", ") + std::to_string(n + 1);
  return std::string(in_gaps ? "gaps along " : "blocks along ") + (along.size() == 1 ? "mode " : "modes ") + list;
}

HolePattern find_pattern(const DenseArray& array) {
  Index counted = 0;
  const CellMask holes = holes_that_count(array, &counted);
  HolePattern pattern;
  const auto missing = std::count(holes.begin(), holes.end(), std::uint8_t{1});
  if (missing == 0) return pattern;
  pattern.density = static_cast<double>(missing) / static_cast<double>(counted);
  for (const Modes& along : possible_blocks(array.shape, array.cells())) {
    const double found = clustering(array, holes, along, pattern.density);
    if (found < kClustered) continue;
    const bool larger = along.size() > pattern.along.size();
    if (larger || (along.size() == pattern.along.size() && found > pattern.clustering)) {
      pattern.along = along;
      pattern.clustering = found;
    }
  }
  add_gaps(array, holes, pattern);
  return pattern;
}

std::vector<Index> choose_part(const DenseArray& array, const CellMask& available, const HolePattern& pattern,
                               const PartOptions& options) {
  return draw(array, available, pattern, options).cells;
}

std::vector<std::vector<Index>> choose_validation(const DenseArray& array, const CellMask& available,
                                                  const HolePattern& pattern, const PartOptions& options) {
  Part first = draw(array, available, pattern, options);
  const bool few = !pattern.along.empty() && first.blocks < kFewBlocks;
  std::vector<std::vector<Index>> parts;
  parts.push_back(std::move(first.cells));
  for (int k = 1; few && k < kFewParts; ++k) {
    PartOptions other = options;
    other.stream = options.stream + (static_cast<std::uint64_t>(k) << 32);
    parts.push_back(draw(array, available, pattern, other).cells);
  }
  return parts;
}

}  // namespace rankflow
