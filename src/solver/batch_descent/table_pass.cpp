// Tables of products, one for each group of modes: built, looked up, and summed into.
// SPDX-License-Identifier: Apache-2.0
#include "solver/batch_descent/table_pass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/threads.h"

namespace rankflow::batch_descent {
namespace {

constexpr Index kCellsAtOnce = 256;      // a thread's share of an evaluation
constexpr Index kNearCache = 256 << 10;  // bytes of tables that are summed into at once
constexpr Index kCacheLine = 64;
constexpr double kRowNs = .7;  // a guess at the time of a product of rows

template <class T>
Index padded_width(Index components) {
  constexpr auto size = static_cast<Index>(sizeof(T));
  if (components * size <= 16) return 16 / size;
  if (components * size <= 32) return 32 / size;
  return (components * size + 63) / 64 * 64 / size;
}

// Far below what any sum of products notices, and far above where numbers end.
template <class T>
constexpr T kTiny = sizeof(T) == 4 ? T(0x1p-80) : T(0x1p-500);

template <class T>
T not_zero(T weight) {
  return std::abs(weight) < kTiny<T> ? std::copysign(kTiny<T>, weight) : weight;
}

// A call for each of so many short copies would take longer than the copies.
template <class Code>
void copy_few(const Code* from, Index count, Code* to) {
  const auto bytes = static_cast<std::size_t>(count) * sizeof(Code);
  if (bytes == 8)
    std::memcpy(to, from, 8);
  else if (bytes == 4)
    std::memcpy(to, from, 4);
  else if (bytes == 16)
    std::memcpy(to, from, 16);
  else
    std::copy(from, from + count, to);
}

}  // namespace

template <class T>
TablePass<T>::TablePass(const PackedCells& cells, Index components)
    : shape_(cells.shape()),
      groups_(cells.groups()),
      components_(components),
      width_(padded_width<T>(components)),
      bytes_(table_kernels<T, std::uint8_t>(width_)),
      words_(table_kernels<T, std::int32_t>(width_)) {
  mode_begin_.push_back(0);
  for (const Index size : shape_) mode_begin_.push_back(mode_begin_.back() + size);
  const auto row_bytes = width_ * static_cast<Index>(sizeof(T));
  // Cells tend to share codes (most pixels are black): rows of equal codes must not all fall into one set of the cache.
  const Index apart = std::max<Index>(1, kCacheLine / row_bytes);
  table_begin_.push_back(0);
  for (const PackedCells::Group& group : groups_) {
    table_begin_.push_back(table_begin_.back() + group.codes + apart);
    largest_ = std::max(largest_, group.codes);
  }
  at_once_ = std::clamp<Index>(kNearCache / (largest_ * row_bytes), 1, static_cast<Index>(groups_.size()));
  weights_.assign(static_cast<std::size_t>(size()), T(0));
  tables_.assign(static_cast<std::size_t>(table_begin_.back() * width_), T(0));
  sums_.assign(tables_.size(), T(0));
}

template <class T>
void TablePass<T>::pack(const CpFactorization<T>& model, T* weights) const {
  for (std::size_t n = 0; n < shape_.size(); ++n)
    for (Index i = 0; i < shape_[n]; ++i) {
      T* row = weights + (mode_begin_[n] + i) * width_;
      for (Index r = 0; r < width_; ++r) row[r] = r < components_ ? model.factors[n](i, r) : T(0);
    }
}

template <class T>
void TablePass<T>::unpack(const T* weights, CpFactorization<T>& model) const {
  for (std::size_t n = 0; n < shape_.size(); ++n)
    for (Index i = 0; i < shape_[n]; ++i)
      for (Index r = 0; r < components_; ++r) model.factors[n](i, r) = weights[(mode_begin_[n] + i) * width_ + r];
}

template <class T>
Index TablePass<T>::codes(Index first, Index modes) const {
  Index product = 1;
  for (Index n = first; n < first + modes; ++n) product *= shape_[n];
  return product;
}

// The rows of the products of the modes [first, first + modes), the last mode fastest.
template <class T>
void TablePass<T>::multiply(Index first, Index modes, T* out, T* scratch) const {
  if (modes == 1) {
    const T* rows = weights_.data() + mode_begin_[first] * width_;
    std::copy(rows, rows + shape_[first] * width_, out);
    return;
  }
  const Index half = modes / 2, left = codes(first, half), right = codes(first + half, modes - half);
  T* left_rows = scratch;
  T* right_rows = left_rows + left * width_;
  T* rest = right_rows + right * width_;
  multiply(first, half, left_rows, rest);
  multiply(first + half, modes - half, right_rows, rest);
  bytes_.outer(left_rows, left, right_rows, right, out, width_);
}

// From the sums over cells, by code, to the gradient of those modes.
template <class T>
void TablePass<T>::divide(Index first, Index modes, const T* rows, T* scratch, T* gradient) const {
  if (modes == 1) {
    const Index begin = mode_begin_[first] * width_;
    for (Index i = 0; i < shape_[first]; ++i)
      for (Index r = 0; r < components_; ++r)
        gradient[begin + i * width_ + r] = rows[i * width_ + r] / weights_[begin + i * width_ + r];
    return;
  }
  const Index half = modes / 2, left = codes(first, half), right = codes(first + half, modes - half);
  T* left_rows = scratch;
  T* right_rows = left_rows + left * width_;
  T* rest = right_rows + right * width_;
  bytes_.margins(rows, left, right, left_rows, right_rows, width_);
  divide(first, half, left_rows, rest, gradient);
  divide(first + half, modes - half, right_rows, rest, gradient);
}

// work(first, last, scratch) for some groups at a time, rows: that it goes through for each of them. Scratch holds what
// a table is made of, and of what those are.
template <class T>
template <class Work>
void TablePass<T>::over_groups(Index rows, Work&& work) {
  parallel_blocks(
      static_cast<Index>(groups_.size()), at_once_,
      [&](Index first, Index last, Index) {
        AlignedVector<T> scratch(static_cast<std::size_t>((2 * largest_ + 2) * width_));
        work(first, last, scratch.data());
      },
      static_cast<double>(rows) * kRowNs);
}

template <class T>
void TablePass<T>::set_weights(const T* weights) {
  for (Index row = 0; row < mode_begin_.back(); ++row)
    for (Index r = 0; r < components_; ++r) weights_[row * width_ + r] = not_zero(weights[row * width_ + r]);
  over_groups(largest_, [&](Index first, Index last, T* scratch) {
    for (Index g = first; g < last; ++g)
      multiply(groups_[g].first_mode, groups_[g].modes, tables_.data() + table_begin_[g] * width_, scratch);
  });
}

template <class T>
template <class Code>
void TablePass<T>::evaluate(const TableKernels<T, Code>& kernels, const std::vector<Code>& codes,
                            std::span<const std::int32_t> listed, T* x) {
  const TableLookup<T, Code> lookup{.begin = table_begin_.data(),
                                    .groups = static_cast<Index>(groups_.size()),
                                    .codes = codes.data(),
                                    .sample = listed.data(),
                                    .width = width_};
  parallel_blocks(
      static_cast<Index>(listed.size()), kCellsAtOnce,
      [&](Index first, Index last, Index) {
        kernels.products(lookup, tables_.data(), products_.data(), first, last);
        for (Index k = first; k < last; ++k) {
          T sum = 0;
          for (Index r = 0; r < width_; ++r) sum += products_[k * width_ + r];
          x[k] = sum;
        }
      },
      static_cast<double>(groups_.size()) * kRowNs);
}

template <class T>
void TablePass<T>::evaluate(const PackedCells& cells, std::span<const std::int32_t> listed, T* x) {
  products_.resize(listed.size() * static_cast<std::size_t>(width_));
  if (cells.in_bytes())
    evaluate(bytes_, cells.bytes(), listed, x);
  else
    evaluate(words_, cells.words(), listed, x);
}

// Each range of groups goes through all cells, which lie anywhere: it finds their codes side by side.
template <class T>
template <class Code>
void TablePass<T>::copy_codes(const std::vector<Code>& codes, std::span<const std::int32_t> listed,
                              std::vector<Code>& own) const {
  const auto groups = static_cast<Index>(groups_.size()), count = static_cast<Index>(listed.size());
  own.resize(static_cast<std::size_t>(groups * count));
  parallel_blocks(
      count, kCellsAtOnce,
      [&](Index begin, Index end, Index) {
        for (Index k = begin; k < end; ++k) {
          const Code* cell = codes.data() + listed[k] * groups;
          for (Index first = 0; first < groups; first += at_once_) {
            const Index width = std::min(at_once_, groups - first);
            copy_few(cell + first, width, own.data() + first * count + k * width);
          }
        }
      },
      static_cast<double>(groups) * .1 * kRowNs);
}

template <class T>
template <class Code>
void TablePass<T>::collect(const TableKernels<T, Code>& kernels, const std::vector<Code>& codes, std::vector<Code>& own,
                           std::span<const std::int32_t> listed, T* gradient) {
  const auto count = static_cast<Index>(listed.size());
  copy_codes(codes, listed, own);
  over_groups(count + largest_, [&](Index first, Index last, T* scratch) {
    std::fill(sums_.begin() + table_begin_[first] * width_, sums_.begin() + table_begin_[last] * width_, T(0));
    const TableLookup<T, Code> lookup{.begin = table_begin_.data() + first,
                                      .groups = last - first,
                                      .codes = own.data() + first * count,
                                      .width = width_};
    kernels.add(lookup, products_.data(), sums_.data(), count);
    for (Index g = first; g < last; ++g)
      divide(groups_[g].first_mode, groups_[g].modes, sums_.data() + table_begin_[g] * width_, scratch, gradient);
  });
}

template <class T>
void TablePass<T>::collect(const PackedCells& cells, std::span<const std::int32_t> listed, const T* slope,
                           T* gradient) {
  for (Index k = 0; k < static_cast<Index>(listed.size()); ++k)
    for (Index r = 0; r < width_; ++r) products_[k * width_ + r] *= slope[k];
  if (cells.in_bytes())
    collect(bytes_, cells.bytes(), own_bytes_, listed, gradient);
  else
    collect(words_, cells.words(), own_words_, listed, gradient);
}

template class TablePass<double>;
template class TablePass<float>;

}  // namespace rankflow::batch_descent
