// Comparing a refit with the fit that it repeats.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/refit.h"

#include <cmath>

#include "solver/flow/finish.h"

namespace rankflow::flow {
namespace {

constexpr double kFarAway = .9;     // of the product's norm
constexpr double kWorseFit = 1.5;   // residual of the refit over that of the first fit
constexpr double kRoundOff = 1e-6;  // of the predictions: two residuals below it are equally good, in float too

// Root mean square of the predictions, about: what round-off is relative to.
double size_of_predictions(const LowRankModel& model) {
  const auto mean_square = [](const Vector& x) {
    return x.size() > 0 ? x.squaredNorm() / static_cast<double>(x.size()) : 0;
  };
  const double cells = static_cast<double>(model.num_rows()) * static_cast<double>(model.num_columns());
  return std::sqrt(model.mean * model.mean + mean_square(model.row_bias) + mean_square(model.column_bias) +
                   model.s.squaredNorm() / std::max(1.0, cells));
}

}  // namespace

bool refit_failed(Stop stop, const LowRankModel& refit, double refit_rmse, const LowRankModel& first,
                  double first_rmse) {
  if (stop == Stop::diverged || !refit.s.allFinite()) return true;
  if (!(refit_rmse <= kWorseFit * first_rmse + kRoundOff * size_of_predictions(first))) return true;
  // Without a product in the first fit there is nothing to be far from.
  return first.width() > 0 && !(distance(refit, first) <= kFarAway * first.s.norm());
}

}  // namespace rankflow::flow
