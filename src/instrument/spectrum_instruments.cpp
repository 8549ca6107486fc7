// Instruments that look at the singular values s_1 >= s_2 >= ... of the end matrix.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <Eigen/LU>
#include <cmath>

#include "instrument/catalogue.h"
#include "instrument/spectrum_measures.h"

namespace rankflow {

double nuclear_rank_ratio(const Vector& s) {
  return s.size() > 0 && s[0] > 0 ? s.sum() / s[0] : 0;
}

double schatten_sum(const Vector& s, double p) {
  // 0^p = 0: what is not there does not count, whatever p is.
  return s.unaryExpr([p](double x) { return x > 0 ? std::pow(x, p) : 0; }).sum();
}

double rank_distance(const Vector& s, Index rank) {
  return rank < s.size() ? s.tail(s.size() - rank).norm() : 0;
}

double determinant_sign(const Spectrum& spectrum) {
  const Index n = spectrum.u.rows();
  if (spectrum.s.size() < n || (n > 0 && !(spectrum.s[n - 1] > 0))) return 0;
  // Both factors are orthogonal, so that this sign is as good as the singular values are, however small they become.
  const double sign = spectrum.u.partialPivLu().determinant() * spectrum.v.partialPivLu().determinant();
  return sign > 0 ? 1 : -1;
}

namespace {

using Made = InstrumentKind::Made;

// One number from the singular values.
template <class Function>
std::function<Made(const InstrumentRequest&)> of_singular_values(Function function) {
  return [function](const InstrumentRequest& request) {
    return Made{{request.name}, [function](Snapshot& snapshot, std::vector<double>& out) {
                  out.push_back(function(snapshot.singular_values()));
                }};
  };
}

Made singular_values_of(const InstrumentRequest& request) {
  const Index k = request.count(1, request.rank_limit(), request.rank_limit());
  Made made;
  for (Index r = 1; r <= k; ++r) made.columns.push_back("sigma_" + std::to_string(r));
  made.measure = [k](Snapshot& snapshot, std::vector<double>& out) {
    const Vector& s = snapshot.singular_values();
    for (Index r = 0; r < k; ++r) out.push_back(r < s.size() ? s[r] : 0);
  };
  return made;
}

Made schatten(const InstrumentRequest& request) {
  const double p = request.positive();
  return {{fmt::format("schatten_{}", p), fmt::format("schatten_sum_{}", p)},
          [p](Snapshot& snapshot, std::vector<double>& out) {
            const double sum = schatten_sum(snapshot.singular_values(), p);
            out.insert(out.end(), {std::pow(sum, 1 / p), sum});
          }};
}

Made schatten_of_depth(const InstrumentRequest& request) {
  const double depth = request.positive();
  return {{fmt::format("schatten_depth_{}", depth)}, [depth](Snapshot& snapshot, std::vector<double>& out) {
            out.push_back(schatten_sum(snapshot.singular_values(), 2 / depth));
          }};
}

Made rank_distance_to(const InstrumentRequest& request) {
  const Index rank = request.count(0, request.rank_limit());
  return {{fmt::format("rank_distance_{}", rank)}, [rank](Snapshot& snapshot, std::vector<double>& out) {
            out.push_back(rank_distance(snapshot.singular_values(), rank));
          }};
}

Made determinant_sign_of(const InstrumentRequest& request) {
  if (request.num_rows != request.num_columns) request.lacks("a square matrix");
  return {{request.name},
          [](Snapshot& snapshot, std::vector<double>& out) { out.push_back(determinant_sign(snapshot.spectrum())); }};
}

}  // namespace

std::vector<InstrumentKind> spectrum_instruments() {
  return {
      {"singular_values", "[:k]",
       "s_1, ..., s_k (all without k), descending; what a low-rank engine does not have is 0", singular_values_of},
      {"effective_rank", "", "exp(-sum p ln p) with p = s / sum s (Roy and Vetterli 2007)",
       of_singular_values([](const Vector& s) { return effective_rank(s); })},
      {"nuclear_rank_ratio", "",
       "sum s / s_1, nuclear over spectral norm: the effective rank of Chou et al. 2020, another number than "
       "effective_rank",
       of_singular_values(nuclear_rank_ratio)},
      {"nuclear_norm", "", "sum s", of_singular_values([](const Vector& s) { return s.sum(); })},
      {"frobenius_norm", "", "(sum s^2)^(1/2)", of_singular_values([](const Vector& s) { return s.norm(); })},
      {"spectral_norm", "", "s_1", of_singular_values([](const Vector& s) { return s.size() > 0 ? s[0] : 0.0; })},
      {"schatten", ":p",
       "two numbers: schatten_p = (sum s^p)^(1/p), a norm for p >= 1, a quasi-norm below; schatten_sum_p = sum s^p",
       schatten},
      {"schatten_depth", ":N",
       "sum s^(2/N), the Schatten-2/N quasi-norm to the power 2/N that depth N goes with (Arora et al. 2019)",
       schatten_of_depth},
      {"rank_distance", ":k", "(s_{k+1}^2 + s_{k+2}^2 + ...)^(1/2): Frobenius distance to the nearest matrix of rank k",
       rank_distance_to},
      {"determinant_sign", "", "sign of det W, from the singular vectors; 0 where W has not full rank",
       determinant_sign_of},
  };
}

}  // namespace rankflow
