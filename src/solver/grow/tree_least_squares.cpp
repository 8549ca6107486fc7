// Stretches of cells through the tree; sums by block of cells, in the order of blocks, whatever the threads.
// SPDX-License-Identifier: Apache-2.0
#include "solver/grow/tree_least_squares.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "linalg/decompositions.h"

namespace rankflow::grow {
namespace {

class TreeLeastSquares final : public LeastSquares {
 public:
  TreeLeastSquares(const Cells& cells, const ModeTree& tree, const std::vector<Index>& widths)
      : cells_(cells), layout_(tree, cells.shape, widths) {
    block_ = std::max<Index>(4 * kTreeStretch, (cells.count() + 15) / 16);
    num_blocks_ = (cells.count() + block_ - 1) / block_;
  }

  Index unknowns() const override { return layout_.size(); }

  double loss(const Vector& weights) override {
    return .5 * parallel_sum(
                    cells_.count(), block_, 0.0,
                    [&](Index begin, Index end) {
                      TreePass pass;
                      double sum = 0;
                      for (Index first = begin; first < end; first += kTreeStretch) {
                        pass.forward(layout_, cells_, weights.data(), first, std::min(end, first + kTreeStretch));
                        const Matrix& x = pass.below[layout_.tree().root()];
                        for (Index k = 0; k < x.rows(); ++k) {
                          const double error = x(k, 0) - cells_.value[first + k];
                          sum += cells_.weight_of(first + k) * error * error;
                        }
                      }
                      return sum;
                    },
                    item_ns());
  }

  double linearize(const Vector& weights, Vector& gradient) override {
    at_ = weights;
    return .5 * scatter(gradient, [&](TreePass& pass, Vector& out) {
             const Matrix& x = pass.below[layout_.tree().root()];
             Vector slope(x.rows());
             double sum = 0;
             for (Index k = 0; k < x.rows(); ++k) {
               const double error = x(k, 0) - cells_.value[pass.begin + k];
               slope[k] = cells_.weight_of(pass.begin + k) * error;
               sum += slope[k] * error;
             }
             add_transposed(pass, slope, out);
             return sum;
           });
  }

  void normal_product(const Vector& direction, Vector& product) override {
    scatter(product, [&](TreePass& pass, Vector& out) {
      Vector along = derivative(pass, direction);
      if (!cells_.weight.empty())
        along.array() *= Eigen::Map<const Vector>(cells_.weight.data() + pass.begin, along.size()).array();
      add_transposed(pass, along, out);
      return 0.0;
    });
  }

  void normal_matrix(Matrix& matrix) override {
    const Index n = unknowns();
    std::vector<Matrix> parts(static_cast<std::size_t>(num_blocks_));
    over_blocks([&](TreePass& pass, Index block) {
      if (parts[block].size() == 0) parts[block] = Matrix::Zero(n, n);
      const Matrix rows = jacobian(pass);
      parts[block].selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    });
    matrix.swap(parts[0]);
    for (Index block = 1; block < num_blocks_; ++block) matrix.triangularView<Eigen::Lower>() += parts[block];
  }

  // Blocks of J^T W J: those of one row of one node's weights.
  void diagonal(Vector& diagonal) override {
    const ModeTree& tree = layout_.tree();
    block_offset_ = {0};
    for (Index v = 0; v < tree.num_nodes(); ++v)
      block_offset_.push_back(block_offset_.back() + layout_.rows(v) * layout_.columns(v) * layout_.columns(v));
    std::vector<Vector> parts(static_cast<std::size_t>(num_blocks_));
    over_blocks([&](TreePass& pass, Index block) {
      if (parts[block].size() == 0) parts[block] = Vector::Zero(block_offset_.back());
      for (Index v = 0; v < tree.num_nodes(); ++v) add_blocks(pass, v, parts[block].data() + block_offset_[v]);
    });
    blocks_ = parts[0];
    for (Index block = 1; block < num_blocks_; ++block) blocks_ += parts[block];
    diagonal.resize(unknowns());
    for (Index v = 0; v < tree.num_nodes(); ++v)
      for (Index i = 0, c = layout_.columns(v); i < layout_.rows(v); ++i)
        for (Index s = 0; s < c; ++s)
          diagonal[layout_.offset(v) + i * c + s] = blocks_[block_offset_[v] + (i * c + s) * c + s];
  }

  void set_preconditioner(double shift) override {
    inverse_.resize(blocks_.size());
    for (Index v = 0; v < layout_.tree().num_nodes(); ++v)
      for (Index i = 0, c = layout_.columns(v); i < layout_.rows(v); ++i)
        invert(blocks_.data() + block_offset_[v] + i * c * c, c, shift, inverse_.data() + block_offset_[v] + i * c * c);
  }

  void precondition(const Vector& in, Vector& out) const override {
    out.resize(in.size());
    for (Index v = 0; v < layout_.tree().num_nodes(); ++v)
      for (Index i = 0, c = layout_.columns(v); i < layout_.rows(v); ++i)
        out.segment(layout_.offset(v) + i * c, c).noalias() =
            Eigen::Map<const Matrix>(inverse_.data() + block_offset_[v] + i * c * c, c, c) *
            in.segment(layout_.offset(v) + i * c, c);
  }

  double matrix_cost() const override {  // through BLAS: some ten times as fast as a pass
    const double n = static_cast<double>(unknowns());
    return static_cast<double>(cells_.count()) * n * n / 20;
  }
  double product_cost() const override {
    double width = 0;
    for (Index v = 0; v < layout_.tree().num_nodes(); ++v)
      width += static_cast<double>((layout_.tree().is_leaf(v) ? 4 : layout_.rows(v)) * layout_.columns(v));
    return 3 * static_cast<double>(cells_.count()) * width;
  }

 private:
  double item_ns() const { return product_cost() / static_cast<double>(cells_.count()); }

  // work(pass, block) on every stretch of cells, forward and backward done.
  template <class Work>
  void over_blocks(Work&& work) {
    parallel_blocks(
        cells_.count(), block_,
        [&](Index begin, Index end, Index block) {
          TreePass pass;
          for (Index first = begin; first < end; first += kTreeStretch) {
            pass.forward(layout_, cells_, at_.data(), first, std::min(end, first + kTreeStretch));
            pass.backward(layout_, at_.data());
            work(pass, block);
          }
        },
        item_ns());
  }

  template <class Work>
  double scatter(Vector& out, Work&& work) {
    std::vector<Vector> parts(static_cast<std::size_t>(num_blocks_));
    std::vector<double> sums(static_cast<std::size_t>(num_blocks_), 0);
    over_blocks([&](TreePass& pass, Index block) {
      if (parts[block].size() == 0) parts[block] = Vector::Zero(unknowns());
      sums[block] += work(pass, parts[block]);
    });
    out.swap(parts[0]);
    for (Index block = 1; block < num_blocks_; ++block) out += parts[block], sums[0] += sums[block];
    return sums[0];
  }

  // out += J^T slope.
  void add_transposed(const TreePass& pass, const Vector& slope, Vector& out) const {
    for (Index v = 0; v < layout_.tree().num_nodes(); ++v) {
      auto block = layout_.block(out.data(), v);
      if (layout_.tree().is_leaf(v)) {
        for (Index k = 0; k < slope.size(); ++k) block.row(pass.index(cells_, v, k)) += slope[k] * pass.above[v].row(k);
      } else {
        block.noalias() += pass.inside[v].transpose() * (slope.asDiagonal() * pass.above[v]);
      }
    }
  }

  // J direction.
  Vector derivative(const TreePass& pass, const Vector& direction) const {
    Vector along = Vector::Zero(pass.end - pass.begin);
    for (Index v = 0; v < layout_.tree().num_nodes(); ++v) {
      const auto block = layout_.block(direction.data(), v);
      if (layout_.tree().is_leaf(v)) {
        for (Index k = 0; k < along.size(); ++k)
          along[k] += block.row(pass.index(cells_, v, k)).dot(pass.above[v].row(k));
      } else {
        const Matrix below = pass.inside[v] * block;
        along += (below.array() * pass.above[v].array()).rowwise().sum().matrix();
      }
    }
    return along;
  }

  // The rows of sqrt(W) J.
  Matrix jacobian(const TreePass& pass) const {
    Matrix rows = Matrix::Zero(pass.end - pass.begin, unknowns());
    for (Index k = 0; k < rows.rows(); ++k) {
      const double root = std::sqrt(cells_.weight_of(pass.begin + k));
      for (Index v = 0; v < layout_.tree().num_nodes(); ++v) {
        const Index c = layout_.columns(v);
        const auto above = pass.above[v].row(k);
        if (layout_.tree().is_leaf(v)) {
          rows.row(k).segment(layout_.offset(v) + pass.index(cells_, v, k) * c, c) = root * above;
        } else {
          for (Index r = 0; r < layout_.rows(v); ++r)
            rows.row(k).segment(layout_.offset(v) + r * c, c) = root * pass.inside[v](k, r) * above;
        }
      }
    }
    return rows;
  }

  void add_blocks(const TreePass& pass, Index v, double* blocks) const {
    const Index c = layout_.columns(v);
    for (Index k = 0; k < pass.end - pass.begin; ++k) {
      const double weight = cells_.weight_of(pass.begin + k);
      const auto above = pass.above[v].row(k);
      if (layout_.tree().is_leaf(v)) {
        Eigen::Map<Matrix>(blocks + pass.index(cells_, v, k) * c * c, c, c) +=
            weight * above.transpose().lazyProduct(above);
      } else {
        for (Index r = 0; r < layout_.rows(v); ++r)
          Eigen::Map<Matrix>(blocks + r * c * c, c, c) +=
              weight * pass.inside[v](k, r) * pass.inside[v](k, r) * above.transpose().lazyProduct(above);
      }
    }
  }

  static void invert(const double* block, Index size, double shift, double* inverse) {
    Matrix lower = Eigen::Map<const Matrix>(block, size, size);
    const double floor = std::max(shift, 1e-14 * lower.trace());
    lower.diagonal().array() += floor > 0 ? floor : 1.0;
    const Vector diagonal = lower.diagonal();
    if (!cholesky(lower)) lower = Matrix(diagonal.cwiseSqrt().asDiagonal());
    Matrix root = Matrix::Identity(size, size);
    lower.triangularView<Eigen::Lower>().solveInPlace(root);
    Eigen::Map<Matrix>(inverse, size, size) = root.transpose() * root;
  }

  const Cells& cells_;
  TreeLayout layout_;
  Index block_, num_blocks_;
  Vector at_, blocks_, inverse_;
  std::vector<Index> block_offset_;
};

}  // namespace

std::unique_ptr<LeastSquares> tree_least_squares(const Cells& cells, const ModeTree& tree,
                                                 const std::vector<Index>& widths) {
  return std::make_unique<TreeLeastSquares>(cells, tree, widths);
}

void tree_values(const Cells& cells, const TreeLayout& layout, const Vector& weights, std::vector<double>& x) {
  x.assign(static_cast<std::size_t>(cells.count()), 0);
  if (layout.rows(layout.tree().root()) == 0) return;
  parallel_blocks(
      cells.count(), kTreeStretch,
      [&](Index begin, Index end, Index) {
        TreePass pass;
        pass.forward(layout, cells, weights.data(), begin, end);
        for (Index k = begin; k < end; ++k) x[k] = pass.below[layout.tree().root()](k - begin, 0);
      },
      200);
}

}  // namespace rankflow::grow
