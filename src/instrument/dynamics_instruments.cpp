// Instruments that compare a run with the laws of its motion: balance, alignment, rates.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "instrument/catalogue.h"

namespace rankflow {
namespace {

using Made = InstrumentKind::Made;

// max_j ||W_{j+1}^T W_{j+1} - W_j W_j^T||_F: the gradient flow conserves the differences.
double imbalance(const std::vector<Matrix>& factors) {
  double most = 0;
  for (std::size_t j = 0; j + 1 < factors.size(); ++j)
    most = std::max(most,
                    (factors[j + 1].transpose() * factors[j + 1] - factors[j] * factors[j].transpose()).eval().norm());
  return most;
}

Made balancedness(const InstrumentRequest& request) {
  return {{request.name}, [](Snapshot& snapshot, std::vector<double>& out) {
            const auto& factors = snapshot.factors();
            out.push_back(factors.empty() ? kNaN : imbalance(factors));
          }};
}

// Mean and unbiased standard deviation of numbers given by count, sum and sum of squares around a shift of 0.
struct Moments {
  double count = 0, mean = 0, squares = 0;  // squares: sum (x - mean)^2 (Welford)
  void add(double x) {
    count += 1;
    const double before = x - mean;
    mean += before / count;
    squares += before * (x - mean);
  }
  double deviation() const { return count > 1 ? std::sqrt(squares / (count - 1)) : kNaN; }
};

Made alignment(const InstrumentRequest& request) {
  const double factor = request.positive(.5);
  return {{"diag_mean", "diag_std", "offdiag_mean", "offdiag_std"},
          [factor](Snapshot& snapshot, std::vector<double>& out) {
            const Spectrum& w = snapshot.spectrum();
            const Matrix m = factor * (w.u.transpose() * snapshot.gradient() * w.v);
            Moments diagonal, off;
            for (Index a = 0; a < m.rows(); ++a)
              for (Index b = 0; b < m.cols(); ++b) (a == b ? diagonal : off).add(std::abs(m(a, b)));
            out.insert(out.end(), {diagonal.count > 0 ? diagonal.mean : kNaN, diagonal.deviation(),
                                   off.count > 0 ? off.mean : kNaN, off.deviation()});
          }};
}

// ds_r/dt between this snapshot and the one before, beside the mean of the law's values at both.
class Rates {
 public:
  Rates(double depth, Index count) : depth_(depth), count_(count) {}

  void operator()(Snapshot& snapshot, std::vector<double>& out) {
    const Spectrum& w = snapshot.spectrum();
    const double depth = depth_ > 0 ? depth_ : static_cast<double>(snapshot.factors().size());
    Vector s = Vector::Zero(count_), law = Vector::Constant(count_, depth > 0 ? 0 : kNaN);
    const Index present = std::min(count_, w.s.size());
    s.head(present) = w.s.head(present);
    const Matrix gv = snapshot.gradient() * w.v.leftCols(present);
    for (Index r = 0; depth > 0 && r < present; ++r)
      law[r] = -depth * std::pow(s[r], 2 - 2 / depth) * w.u.col(r).dot(gv.col(r));
    const bool first = law_.size() == 0;
    const double elapsed = snapshot.time - time_;
    for (Index r = 0; r < count_; ++r) {
      out.push_back(first ? kNaN : (s[r] - s_[r]) / elapsed);
      out.push_back(first ? kNaN : (law[r] + law_[r]) / 2);
    }
    time_ = snapshot.time;
    s_ = std::move(s);
    law_ = std::move(law);
  }

 private:
  double depth_;
  Index count_;
  double time_ = 0;
  Vector s_, law_;
};

Made singular_value_rates(const InstrumentRequest& request) {
  constexpr Index kMost = 10;
  const double depth = request.parameter.empty() ? 0 : request.positive();
  const Index count = std::min(kMost, request.rank_limit());
  Made made;
  for (Index r = 1; r <= count; ++r) {
    made.columns.push_back("rate_" + std::to_string(r));
    made.columns.push_back("law_" + std::to_string(r));
  }
  made.measure = Rates(depth, count);
  return made;
}

}  // namespace

std::vector<InstrumentKind> dynamics_instruments() {
  return {
      {"balancedness", "",
       "max_j ||W_{j+1}^T W_{j+1} - W_j W_j^T||_F, which the gradient flow conserves; empty for engines without "
       "factors",
       balancedness},
      {"alignment", "[:c]",
       "|U^T (c G) V| of the gradient G, W = U S V^T: mean and unbiased standard deviation of its diagonal and of its "
       "off-diagonal entries. Without c, c = 1/2: with the mean loss that is the residual over the number of "
       "measurements (Arora et al. 2019)",
       alignment},
      {"rates", "[:N]",
       "ds_r/dt of the first ten singular values as measured since the last record (rate_r), beside the law "
       "-N s_r^(2-2/N) u_r^T G v_r (law_r, mean of its values at both ends; Arora et al. 2019); without N, the number "
       "of factors",
       singular_value_rates},
      {"step_size", "", "the step size of the last update",
       [](const InstrumentRequest& request) {
         return Made{{request.name},
                     [](Snapshot& snapshot, std::vector<double>& out) { out.push_back(snapshot.step_size); }};
       }},
  };
}

}  // namespace rankflow
