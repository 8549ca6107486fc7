// What a CP factorization says about packed cells, and what slopes there mean for its weights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linalg/aligned.h"
#include "linalg/table_products.h"
#include "rankflow/batch_problem.h"
#include "rankflow/cp_factorization.h"

namespace rankflow::batch_descent {

/// x_k = sum_r prod_n w_r^n(i_n), all r at once. The rows of the modes that share a code are multiplied once for each
/// code, so that a cell of 784 bits takes 98 products of rows. The same bits for any number of threads.
///
/// The gradient: with s_k = slope_k prod_n w^n(i_n), a vector over r, dL/dw^n(i) is the sum of s_k over the cells with
/// i_n = i, divided by w^n(i). So the same s_k is added to one row of each group's table, and the tables' margins are
/// divided at the end. A weight that is 0 counts as one so small that neither x nor the gradient notices.
template <class T>
class TablePass {
 public:
  /// Cells of the tensor that `cells` are of can be asked for.
  TablePass(const PackedCells& cells, Index components);

  Index components() const { return components_; }
  Index width() const { return width_; }
  /// Weights as this class takes them: the rows of all modes one after another, padded with 0 to width() numbers.
  Index size() const { return mode_begin_.back() * width_; }
  void pack(const CpFactorization<T>& model, T* weights) const;
  void unpack(const T* weights, CpFactorization<T>& model) const;

  void set_weights(const T* weights);
  /// One number for each listed cell. Keeps the products for collect().
  void evaluate(const PackedCells& cells, std::span<const std::int32_t> listed, T* x);
  /// Of the same cells: the gradient at the weights, as they are packed.
  void collect(const PackedCells& cells, std::span<const std::int32_t> listed, const T* slope, T* gradient);

 private:
  template <class Code>
  void evaluate(const TableKernels<T, Code>& kernels, const std::vector<Code>& codes,
                std::span<const std::int32_t> listed, T* x);
  template <class Code>
  void collect(const TableKernels<T, Code>& kernels, const std::vector<Code>& codes, std::vector<Code>& own,
               std::span<const std::int32_t> listed, T* gradient);
  template <class Code>
  void copy_codes(const std::vector<Code>& codes, std::span<const std::int32_t> listed, std::vector<Code>& own) const;
  void multiply(Index first, Index modes, T* out, T* scratch) const;
  void divide(Index first, Index modes, const T* rows, T* scratch, T* gradient) const;
  Index codes(Index first, Index modes) const;
  template <class Work>
  void over_groups(Index rows, Work&& work);

  std::vector<Index> shape_;
  std::vector<PackedCells::Group> groups_;
  Index components_, width_;
  Index at_once_ = 1;               // groups whose tables stay in a near cache
  std::vector<Index> mode_begin_;   // first row of a mode, and the end
  std::vector<Index> table_begin_;  // first row of a group's table, and the end
  Index largest_ = 1;               // table, in rows
  TableKernels<T, std::uint8_t> bytes_;
  TableKernels<T, std::int32_t> words_;
  AlignedVector<T> weights_;  // none of them 0
  AlignedVector<T> tables_, sums_, products_;
  std::vector<std::uint8_t> own_bytes_;  // the listed cells' codes, group range by group range
  std::vector<std::int32_t> own_words_;
};

}  // namespace rankflow::batch_descent
