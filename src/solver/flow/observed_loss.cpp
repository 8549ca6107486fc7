// Half the sum of squares over observed entries: packs factors into aligned rows and runs the kernels over ranges of
// lines. SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "base/threads.h"
#include "solver/flow/loss.h"

namespace rankflow::flow {
namespace {

constexpr std::size_t kHugePage = 1 << 21;
constexpr Index kRangeEntries = 1 << 15;
constexpr Index kPackEntries = 1 << 16;  // numbers copied by one block of a packing loop

Index pack_rows(Index width) {
  return kPackEntries / std::max<Index>(1, width);
}

// Rows of T, each aligned to a cache line.
template <class T>
class Rows {
 public:
  Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { ::operator delete(data_, std::align_val_t(kHugePage)); }
  // Contents are undefined after a change of size.
  void resize(Index rows, Index stride) {
    stride_ = stride;
    if (rows * stride <= capacity_) return;
    ::operator delete(data_, std::align_val_t(kHugePage));
    data_ = nullptr;
    capacity_ = 0;
    data_ = static_cast<T*>(
        ::operator new(static_cast<std::size_t>(rows * stride) * sizeof(T), std::align_val_t(kHugePage)));
    capacity_ = rows * stride;
    // Rows are gathered at random: fewer, larger pages where the system has them.
    const std::size_t bytes = static_cast<std::size_t>(capacity_) * sizeof(T);
    if (bytes >= 2 * kHugePage) madvise(data_, bytes, MADV_HUGEPAGE);
  }
  T* row(Index i) { return data_ + i * stride_; }
  const T* row(Index i) const { return data_ + i * stride_; }
  T* data() { return data_; }

 private:
  T* data_ = nullptr;
  Index capacity_ = 0, stride_ = 0;
};

template <class T>
Index padded(Index width) {
  return (width + kRowMultiple<T> - 1) / kRowMultiple<T> * kRowMultiple<T>;
}

// Writes a row of a factor followed by two more numbers; `size` entries in all, the rest zero.
template <class T>
void pack_row(T* to, const Matrix& factor, Index i, double first, double second, Index size) {
  const Index r = factor.cols();
  for (Index k = 0; k < r; ++k) to[k] = static_cast<T>(factor(i, k));
  to[r] = static_cast<T>(first);
  to[r + 1] = static_cast<T>(second);
  for (Index k = r + 2; k < size; ++k) to[k] = 0;
}

template <class T>
class ObservedLoss final : public Loss {
 public:
  explicit ObservedLoss(const Observations<T>& observations)
      : data_(observations),
        row_ranges_(balanced_ranges(observations.by_row.begin, kRangeEntries)),
        column_ranges_(balanced_ranges(observations.by_column.begin, kRangeEntries)) {
    row_weights_ = weight_sums(data_.by_row);
    column_weights_ = weight_sums(data_.by_column);
    const Lines<T>& lines = data_.by_row;
    squares_ = parallel_sum(count(), kRangeEntries, 0.0, [&](Index begin, Index end) {
      double sum = 0;
      for (Index k = begin; k < end; ++k)
        sum += (lines.weight.empty() ? 1.0 : static_cast<double>(lines.weight[k])) *
               static_cast<double>(lines.value[k]) * static_cast<double>(lines.value[k]);
      return sum;
    });
  }

  Index num_rows() const override { return data_.num_rows; }
  Index num_columns() const override { return data_.num_columns; }
  Index count() const override { return data_.count(); }
  double squares() const override { return squares_; }
  // Values, products and sums in T: about ten rounding errors an entry.
  double resolution() const override { return 10 * static_cast<double>(std::numeric_limits<T>::epsilon()); }
  EntryList<double> entries() const override {
    const Lines<T>& lines = data_.by_row;
    EntryList<double> list;
    for (Index i = 0; i < num_rows(); ++i)
      list.row.insert(list.row.end(), static_cast<std::size_t>(lines.count(i)), static_cast<std::int32_t>(i));
    list.column = lines.other;
    list.value.assign(lines.value.begin(), lines.value.end());
    list.weight.assign(lines.weight.begin(), lines.weight.end());
    return list;
  }
  Index row_count(Index i) const override { return data_.by_row.count(i); }
  Index column_count(Index j) const override { return data_.by_column.count(j); }

  double row_weight(Index i) const override { return weight_of(data_.by_row, row_weights_, i); }
  double column_weight(Index j) const override { return weight_of(data_.by_column, column_weights_, j); }

  double value(const Factors& w) override {
    const Index stride = padded<T>(w.left.cols() + 2);
    pack_product(w, stride);
    return .5 * pass(data_.by_row, row_ranges_, stride, left_, right_, nullptr, true);
  }

  Slope slope(const Factors& w) override {
    const Index r = w.left.cols(), stride = padded<T>(r + 2);
    Slope result;
    pack_product(w, stride);
    result.loss = .5 * pass(data_.by_row, row_ranges_, stride, left_, right_, &out_, true);
    copy_out(num_rows(), 0, r, result.g_right);
    copy_sums(num_rows(), r, result.row_sums);
    pass(data_.by_column, column_ranges_, stride, right_, left_, &out_, true);
    copy_out(num_columns(), 0, r, result.gt_left);
    copy_sums(num_columns(), r + 1, result.column_sums);
    return result;
  }

  Vector sums(const Factors& w, bool transposed) override {
    const Index stride = padded<T>(w.left.cols() + 2), lines = transposed ? num_columns() : num_rows();
    pack_product(w, stride);
    out_.resize(lines, 1);
    if (transposed) {
      pass(data_.by_column, column_ranges_, stride, right_, left_, nullptr, true, out_.data());
    } else {
      pass(data_.by_row, row_ranges_, stride, left_, right_, nullptr, true, out_.data());
    }
    return Eigen::Map<const VectorOf<T>>(out_.data(), lines).template cast<double>();
  }

  // The line's row is followed by zeros, the gathered row by x: e is unchanged, and e x is accumulated beside the rest.
  Matrix apply(const Factors& w, const Matrix& x, bool transposed) override {
    const Index at = w.left.cols() + 2, stride = padded<T>(at + x.cols());
    pack_product(w, stride);
    pack_extra(x, at, transposed ? left_ : right_);
    Matrix result;
    if (transposed) {
      pass(data_.by_column, column_ranges_, stride, right_, left_, &out_, true);
    } else {
      pass(data_.by_row, row_ranges_, stride, left_, right_, &out_, true);
    }
    copy_out(transposed ? num_columns() : num_rows(), at, x.cols(), result);
    return result;
  }

  // xi_ij = left_i . v_j + u_i . right_j: rows [xi.left | u], [eta.left | 0 | u] against [v | xi.right | eta.right].
  PlaneSums curvature(const Point& point, const Tangent& xi, const Tangent* eta) override {
    const Index r = point.width(), stride = padded<T>(3 * r);
    left_.resize(num_rows(), 2 * stride);
    right_.resize(num_columns(), stride);
    parallel_blocks(num_rows(), pack_rows(2 * stride), [&](Index begin, Index end, Index) {
      for (Index i = begin; i < end; ++i) {
        T* row = left_.row(i);
        std::fill(row, row + 2 * stride, T(0));
        for (Index k = 0; k < r; ++k) {
          row[k] = static_cast<T>(xi.left(i, k));
          row[r + k] = row[stride + 2 * r + k] = static_cast<T>(point.u(i, k));
          if (eta) row[stride + k] = static_cast<T>(eta->left(i, k));
        }
      }
    });
    parallel_blocks(num_columns(), pack_rows(stride), [&](Index begin, Index end, Index) {
      for (Index j = begin; j < end; ++j) {
        T* row = right_.row(j);
        std::fill(row, row + stride, T(0));
        for (Index k = 0; k < r; ++k) {
          row[k] = static_cast<T>(point.v(j, k));
          row[r + k] = static_cast<T>(xi.right(j, k));
          if (eta) row[2 * r + k] = static_cast<T>(eta->right(j, k));
        }
      }
    });
    const Lines<T>& lines = data_.by_row;
    const auto run = pick(kernels().plane_pass_double, kernels().plane_pass_float);
    std::vector<PlaneSums> parts(row_ranges_.size() - 1);
    parallel_blocks(static_cast<Index>(parts.size()), 1, [&](Index range, Index, Index) {
      parts[range] = run({lines.begin.data(), lines.other.data(), weights(lines), row_ranges_[range],
                          row_ranges_[range + 1], stride, r, left_.data(), right_.data(), eta == nullptr});
    });
    PlaneSums total = {0, 0, 0};
    for (const PlaneSums& part : parts) total.aa += part.aa, total.ab += part.ab, total.bb += part.bb;
    return total;
  }

  // t_ij = [d_left_i | left_i] . [right_j | d_right_j], and t accumulates [right_j | ..]: the line pass with values 0.
  void normal_product(const Factors& at, const Matrix& d_left, const Matrix& d_right, Matrix& out_left,
                      Matrix& out_right) override {
    const Index r = at.left.cols(), stride = padded<T>(2 * r);
    pack_pair(left_, stride, d_left, at.left);
    pack_pair(right_, stride, at.right, d_right);
    pass(data_.by_row, row_ranges_, stride, left_, right_, &out_, false);
    copy_out(num_rows(), 0, r, out_left);
    pass(data_.by_column, column_ranges_, stride, right_, left_, &out_, false);
    copy_out(num_columns(), r, r, out_right);
  }

 private:
  template <class D, class F>
  static auto pick(D for_double, F for_float) {
    if constexpr (std::is_same_v<T, double>)
      return for_double;
    else
      return for_float;
  }
  static const T* weights(const Lines<T>& lines) { return lines.weight.empty() ? nullptr : lines.weight.data(); }

  static Vector weight_sums(const Lines<T>& lines) {
    Vector sums;
    if (lines.weight.empty()) return sums;
    sums.resize(lines.size());
    for (Index i = 0; i < lines.size(); ++i) {
      sums[i] = 0;
      for (Index k = lines.begin[i]; k < lines.begin[i + 1]; ++k) sums[i] += static_cast<double>(lines.weight[k]);
    }
    return sums;
  }
  static double weight_of(const Lines<T>& lines, const Vector& sums, Index i) {
    return sums.size() > 0 ? sums[i] : static_cast<double>(lines.count(i));
  }

  // Rows [left_i, b_i + mean, 1] and [right_j, 1, c_j]: their inner product is W_ij.
  void pack_product(const Factors& w, Index stride) {
    left_.resize(num_rows(), stride);
    right_.resize(num_columns(), stride);
    parallel_blocks(num_rows(), pack_rows(stride), [&](Index begin, Index end, Index) {
      for (Index i = begin; i < end; ++i)
        pack_row(left_.row(i), w.left, i, w.biases.row_bias[i] + w.biases.mean, 1, stride);
    });
    parallel_blocks(num_columns(), pack_rows(stride), [&](Index begin, Index end, Index) {
      for (Index j = begin; j < end; ++j) pack_row(right_.row(j), w.right, j, 1, w.biases.column_bias[j], stride);
    });
  }

  void pack_extra(const Matrix& extra, Index at, Rows<T>& to) {
    parallel_blocks(extra.rows(), pack_rows(extra.cols()), [&](Index begin, Index end, Index) {
      for (Index i = begin; i < end; ++i)
        for (Index k = 0; k < extra.cols(); ++k) to.row(i)[at + k] = static_cast<T>(extra(i, k));
    });
  }

  void pack_pair(Rows<T>& to, Index stride, const Matrix& first, const Matrix& second) {
    const Index rows = first.rows(), r = first.cols();
    to.resize(rows, stride);
    parallel_blocks(rows, pack_rows(stride), [&](Index begin, Index end, Index) {
      for (Index i = begin; i < end; ++i) {
        T* row = to.row(i);
        for (Index k = 0; k < r; ++k) row[k] = static_cast<T>(first(i, k)), row[r + k] = static_cast<T>(second(i, k));
        for (Index k = 2 * r; k < stride; ++k) row[k] = 0;
      }
    });
  }

  double pass(const Lines<T>& lines, const std::vector<Index>& ranges, Index stride, Rows<T>& left, Rows<T>& right,
              Rows<T>* out, bool with_values, T* sums = nullptr) {
    if (out) out->resize(lines.size(), stride);
    const auto run = pick(kernels().line_pass_double, kernels().line_pass_float);
    return parallel_sum(static_cast<Index>(ranges.size()) - 1, 1, 0.0, [&](Index range, Index) {
      return run({lines.begin.data(), lines.other.data(), with_values ? lines.value.data() : nullptr, weights(lines),
                  ranges[range], ranges[range + 1], stride, left.data(), right.data(), out ? out->data() : nullptr,
                  sums});
    });
  }

  void copy_sums(Index rows, Index at, Vector& to) {
    to.resize(rows);
    for (Index i = 0; i < rows; ++i) to[i] = static_cast<double>(out_.row(i)[at]);
  }

  void copy_out(Index rows, Index at, Index width, Matrix& to) {
    to.resize(rows, width);
    parallel_blocks(rows, pack_rows(width), [&](Index begin, Index end, Index) {
      for (Index i = begin; i < end; ++i)
        for (Index k = 0; k < width; ++k) to(i, k) = static_cast<double>(out_.row(i)[at + k]);
    });
  }

  const Observations<T>& data_;
  std::vector<Index> row_ranges_, column_ranges_;
  Vector row_weights_, column_weights_;  // empty where all weights are 1
  double squares_ = 0;
  Rows<T> left_, right_, out_;
};

}  // namespace

template <class T>
std::unique_ptr<Loss> make_observed_loss(const Observations<T>& observations) {
  return std::make_unique<ObservedLoss<T>>(observations);
}

Slope slope_at(Loss& loss, const Point& point) {
  const Matrix left = point.u * point.s.asDiagonal();
  Slope slope = loss.slope({left, point.v, point});
  slope.gt_left *= point.s.cwiseInverse().asDiagonal();
  return slope;
}

double value_at(Loss& loss, const Point& point) {
  const Matrix left = point.u * point.s.asDiagonal();
  return loss.value({left, point.v, point});
}

Vector sums_at(Loss& loss, const Point& point, bool transposed) {
  const Matrix left = point.u * point.s.asDiagonal();
  return loss.sums({left, point.v, point}, transposed);
}

double rmse(const Loss& loss, double value) {
  return loss.count() > 0 ? std::sqrt(2 * value / (loss.scale() * static_cast<double>(loss.count()))) : kNaN;
}

template std::unique_ptr<Loss> make_observed_loss<double>(const Observations<double>&);
template std::unique_ptr<Loss> make_observed_loss<float>(const Observations<float>&);

}  // namespace rankflow::flow
