// The gradient flow of a single matrix.
// SPDX-License-Identifier: Apache-2.0
#include "solver/flow/single_factor.h"

namespace rankflow::flow {
namespace {
constexpr int kMaxRejections = 60;
}

SingleFactor::SingleFactor(Loss& loss, Matrix start, const FlowOptions& options)
    : function_(loss),
      options_(options),
      no_biases_(point_of_rank_zero(start.rows(), start.cols())),
      identity_(Matrix::Identity(start.cols(), start.cols())),
      w_{std::move(start)} {
  rate_ = rate(w_);
}

SingleFactor::State SingleFactor::rate(const State& w) {
  const Factors factors{w.value, identity_, no_biases_};
  const Slope slope = function_.slope(factors);  // G times the identity
  gradient_ = slope.g_right;
  loss_ = slope.loss;
  return {-gradient_ - options_.weight_decay * w.value};
}

bool SingleFactor::step(double until) {
  const double size = rate_.value.norm();
  if (step_size_ == 0) step_size_ = size > 0 ? .01 * std::max(w_.value.norm(), 1e-3) / size : until - time_;
  for (int rejected = 0; rejected < kMaxRejections; ++rejected) {
    const bool last = step_size_ >= until - time_;
    const double h = last ? until - time_ : step_size_;
    auto step = runge_kutta_step(w_, rate_, h, [this](const State& w) { return rate(w); });
    const double scale = std::max(w_.value.norm(), step.next.value.norm());
    const double error = scale > 0 ? step.error(h).value.norm() / (scale * options_.path_tolerance) : 0;
    if (!(error <= 1)) {
      step_size_ = h * step_factor(error);
      continue;
    }
    w_ = std::move(step.next);
    rate_ = std::move(step.rates.back());
    time_ = last ? until : time_ + h;
    last_step_ = h;
    if (!last || h * step_factor(error) > step_size_) step_size_ = h * step_factor(error);
    return true;
  }
  return false;
}

}  // namespace rankflow::flow
