// Updates of rows given all other modes: weighted means and precisions, row by row.
// SPDX-License-Identifier: Apache-2.0
#include "solver/list_cp/posterior_rows.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"

namespace rankflow::list_cp {
namespace {

constexpr double kPriorStrength = 1e-6;  // of the gamma priors of precisions: next to nothing
constexpr double kLargestPrecision = 1e12;

Index triangle(Index n) {
  return n * (n + 1) / 2;
}

// Lower Cholesky factor of a (n x n, row-major, lower triangle) in place. Systems of a few rows each, millions of them:
// a call of LAPACK with its copies costs more than the work.
bool factorize(std::vector<double>& a, Index n) {
  for (Index j = 0; j < n; ++j) {
    double diagonal = a[j * n + j];
    for (Index p = 0; p < j; ++p) diagonal -= a[j * n + p] * a[j * n + p];
    if (!(diagonal > 0)) return false;
    const double root = a[j * n + j] = std::sqrt(diagonal);
    for (Index i = j + 1; i < n; ++i) {
      double sum = a[i * n + j];
      for (Index p = 0; p < j; ++p) sum -= a[i * n + p] * a[j * n + p];
      a[i * n + j] = sum / root;
    }
  }
  return true;
}

void solve(const std::vector<double>& l, Index n, double* b) {
  for (Index i = 0; i < n; ++i) {
    for (Index p = 0; p < i; ++p) b[i] -= l[i * n + p] * b[p];
    b[i] /= l[i * n + i];
  }
  for (Index i = n; i-- > 0;) {
    for (Index p = i + 1; p < n; ++p) b[i] -= l[p * n + i] * b[p];
    b[i] /= l[i * n + i];
  }
}

// The normal distribution of one row given the rest: precision a, information b, for (components, effect).
struct RowSystem {
  explicit RowSystem(Index components)
      : width(components + 1),
        moment(static_cast<std::size_t>(triangle(components))),
        sum(moment.size()),
        feature(static_cast<std::size_t>(components)),
        feature_sum(feature.size()),
        target(feature.size()),
        a(static_cast<std::size_t>(width * width)),
        b(static_cast<std::size_t>(width)),
        inverse(static_cast<std::size_t>(width)) {}

  Index width;
  std::vector<double> moment, sum;  // E[f f^T] of one observation and of all, lower triangles
  std::vector<double> feature, feature_sum, target;
  double count = 0, target_sum = 0, squares = 0;  // of the residual without this row
  std::vector<double> a, b, inverse;
};

class ModeSweep {
 public:
  ModeSweep(const Tensor& tensor, const RowLists& lists, const SweepOptions& options, State& state, Index mode)
      : tensor_(tensor),
        lists_(lists),
        options_(options),
        state_(state),
        mode_(mode),
        components_(state.components()) {}

  // Expected sum of squared errors, and what it is of the rows' own sums of second moments.
  double run() {
    const std::vector<Index>& ranges = lists_.ranges(mode_);
    const Index blocks = static_cast<Index>(ranges.size()) - 1;
    return parallel_sum<double>(blocks, 1, 0.0, [&](Index block, Index) {
      RowSystem system(components_);
      double sum = 0;
      for (Index row = ranges[block]; row < ranges[block + 1]; ++row) sum += update(row, system);
      return sum;
    });
  }

 private:
  // What the observations of a row say about it.
  void collect(Index row, RowSystem& s) const {
    std::fill(s.sum.begin(), s.sum.end(), 0);
    std::fill(s.feature_sum.begin(), s.feature_sum.end(), 0);
    std::fill(s.target.begin(), s.target.end(), 0);
    s.count = s.target_sum = s.squares = 0;
    lists_.visit(mode_, row, [&](Index k) {
      const double w = tensor_.weight.empty() ? 1 : static_cast<double>(tensor_.weight[k]);
      double residual = tensor_.value[k] - state_.offset, spread = 0;
      std::fill(s.feature.begin(), s.feature.end(), 1.0);
      if (options_.bayes) std::fill(s.moment.begin(), s.moment.end(), 1.0);
      for (Index n = 0; n < tensor_.order(); ++n) {
        if (n == mode_) continue;
        const ModeRows& other = state_.modes[n];
        const Index i = tensor_.index[n][k];
        residual -= other.effect[i];
        spread += other.effect_second[i] - other.effect[i] * other.effect[i];
        const double* mean = other.mean.data() + i * components_;
        for (Index r = 0; r < components_; ++r) s.feature[r] *= mean[r];
        if (!options_.bayes) continue;
        const float* second = other.second.data() + i * triangle(components_);
        for (Index t = 0; t < triangle(components_); ++t) s.moment[t] *= static_cast<double>(second[t]);
      }
      Index t = 0;
      for (Index r = 0; r < components_; ++r) {
        const double f = w * s.feature[r];
        s.feature_sum[r] += f;
        s.target[r] += f * residual;
        if (options_.bayes)
          for (Index c = 0; c <= r; ++c, ++t) s.sum[t] += w * s.moment[t];
        else
          for (Index c = 0; c <= r; ++c, ++t) s.sum[t] += f * s.feature[c];
      }
      s.count += w;
      s.target_sum += w * residual;
      s.squares += w * (residual * residual + spread);
    });
  }

  double update(Index row, RowSystem& s) {
    collect(row, s);
    const Index n = s.width, effect = components_;
    for (Index r = 0, t = 0; r < components_; ++r) {
      for (Index c = 0; c <= r; ++c, ++t) s.a[r * n + c] = state_.noise * s.sum[t];
      s.a[r * n + r] += state_.component_precision[r];
      s.a[effect * n + r] = options_.effects ? state_.noise * s.feature_sum[r] : 0;
      s.b[r] = state_.noise * s.target[r];
    }
    s.a[effect * n + effect] =
        options_.effects ? state_.noise * s.count + state_.effect_precision[mode_] : kLargestPrecision;
    s.b[effect] = options_.effects ? state_.noise * s.target_sum : 0;
    ModeRows& rows = state_.modes[mode_];
    if (!factorize(s.a, n)) return 0;  // cannot be with positive precisions, short of overflow
    solve(s.a, n, s.b.data());
    for (Index r = 0; r < components_; ++r) rows.mean(row, r) = s.b[r];
    rows.effect[row] = options_.effects ? s.b[effect] : 0;
    set_second(row, s, rows);
    return expected_squares(row, s, rows);
  }

  void set_second(Index row, RowSystem& s, ModeRows& rows) const {
    const Index n = s.width;
    rows.effect_second[row] = rows.effect[row] * rows.effect[row];
    if (!options_.bayes) return;
    float* second = rows.second.data() + row * triangle(components_);
    for (Index c = 0; c < n; ++c) {  // columns of the inverse
      std::fill(s.inverse.begin(), s.inverse.end(), 0);
      s.inverse[c] = 1;
      solve(s.a, n, s.inverse.data());
      for (Index r = c; r < components_; ++r)
        second[triangle(r) + c] = static_cast<float>(rows.mean(row, r) * rows.mean(row, c) + s.inverse[r]);
    }
    if (options_.effects) rows.effect_second[row] += s.inverse[components_];
  }

  // E sum (t - f w - a)^2 over the row's observations.
  double expected_squares(Index row, const RowSystem& s, const ModeRows& rows) const {
    double sum = s.squares + s.count * rows.effect_second[row] - 2 * rows.effect[row] * s.target_sum;
    for (Index r = 0, t = 0; r < components_; ++r) {
      sum += 2 * rows.mean(row, r) * (rows.effect[row] * s.feature_sum[r] - s.target[r]);
      for (Index c = 0; c <= r; ++c, ++t) {
        const double second =
            options_.bayes ? static_cast<double>(rows.second(row, t)) : rows.mean(row, r) * rows.mean(row, c);
        sum += (c < r ? 2 : 1) * second * s.sum[t];
      }
    }
    return sum;
  }

  const Tensor& tensor_;
  const RowLists& lists_;
  const SweepOptions& options_;
  State& state_;
  Index mode_, components_;
};

void learn_component_precision(const SweepOptions& options, State& state) {
  for (Index r = 0; r < state.components(); ++r) {
    double sum = kPriorStrength, count = kPriorStrength;
    for (const ModeRows& rows : state.modes) {
      count += static_cast<double>(rows.mean.rows());
      for (Index i = 0; i < rows.mean.rows(); ++i)
        sum += options.bayes ? static_cast<double>(rows.second(i, triangle(r) + r)) : rows.mean(i, r) * rows.mean(i, r);
    }
    state.component_precision[r] = std::min(kLargestPrecision, count / sum);
  }
}

}  // namespace

double sweep(const Tensor& tensor, const RowLists& lists, const SweepOptions& options, State& state) {
  double squares = 0;
  for (Index n = 0; n < tensor.order(); ++n) squares = ModeSweep(tensor, lists, options, state, n).run();
  if (options.learn_precision) {
    state.noise = std::min(kLargestPrecision, static_cast<double>(lists.count()) / std::max(squares, 1e-300));
    learn_component_precision(options, state);
  }
  return squares;
}

double value_at(const Tensor& tensor, const State& state, Index k) {
  double x = state.offset;
  for (Index n = 0; n < tensor.order(); ++n) x += state.modes[n].effect[tensor.index[n][k]];
  for (Index r = 0; r < state.components(); ++r) {
    double product = 1;
    for (Index n = 0; n < tensor.order(); ++n) product *= state.modes[n].mean(tensor.index[n][k], r);
    x += product;
  }
  return x;
}

void reset_second(bool bayes, State& state) {
  for (ModeRows& rows : state.modes) {
    const Index components = rows.mean.cols();
    rows.second.resize(bayes ? rows.mean.rows() : 0, bayes ? triangle(components) : 0);
    for (Index i = 0; i < rows.second.rows(); ++i)
      for (Index r = 0, t = 0; r < components; ++r)
        for (Index c = 0; c <= r; ++c, ++t) rows.second(i, t) = static_cast<float>(rows.mean(i, r) * rows.mean(i, c));
  }
}

}  // namespace rankflow::list_cp
