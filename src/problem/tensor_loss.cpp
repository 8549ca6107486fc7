// What observations cost where a model says other numbers, and how steep that is.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/tensor_problem.h"

namespace rankflow {
namespace {

constexpr Index kBlock = 4096;  // observations that a thread takes at a time
constexpr double kSquareNs = 1, kExponentialNs = 20;

struct Cost {
  double rho, slope, curvature;
};

// One function for values and both derivatives, so that they cannot disagree; what is not used is not computed.
template <TensorPenalty kPenalty>
inline Cost cost_of(double x, double y, double delta) {
  const double z = x - y, size = std::abs(z);
  if constexpr (kPenalty == TensorPenalty::squared) {
    return {z * z, 2 * z, 2};
  } else if constexpr (kPenalty == TensorPenalty::huber) {
    return size <= delta ? Cost{z * z / 2, z, 1} : Cost{delta * (size - delta / 2), std::copysign(delta, z), 0};
  } else if constexpr (kPenalty == TensorPenalty::smooth_l1) {
    return size <= delta ? Cost{z * z / (2 * delta), z / delta, 1 / delta}
                         : Cost{size - delta / 2, std::copysign(1.0, z), 0};
  } else if constexpr (kPenalty == TensorPenalty::logistic) {
    // log(1 + e^x) without overflow, and both p and 1 - p to full relative accuracy.
    const double small = std::exp(-std::abs(x)), larger = 1 / (1 + small), smaller = small / (1 + small);
    return {std::max(x, 0.0) + std::log1p(small) - y * x, (x > 0 ? larger : smaller) - y, larger * smaller};
  } else {
    const double rate = std::exp(x);
    return {rate - y * x, rate - y, rate};
  }
}

// Calls work.operator()<penalty>().
template <class Work>
auto with_penalty(TensorPenalty penalty, Work&& work) {
  switch (penalty) {
    case TensorPenalty::huber:
      return work.template operator()<TensorPenalty::huber>();
    case TensorPenalty::smooth_l1:
      return work.template operator()<TensorPenalty::smooth_l1>();
    case TensorPenalty::logistic:
      return work.template operator()<TensorPenalty::logistic>();
    case TensorPenalty::poisson:
      return work.template operator()<TensorPenalty::poisson>();
    case TensorPenalty::squared:
      break;
  }
  return work.template operator()<TensorPenalty::squared>();
}

Cost cost(const TensorLoss& loss, double x, double y) {
  return with_penalty(loss.penalty, [&]<TensorPenalty kPenalty>() { return cost_of<kPenalty>(x, y, loss.delta); });
}

// sum w rho over a range; slopes of the whole loss where asked for.
template <class T, TensorPenalty kPenalty>
double range_cost(const TensorProblem<T>& problem, const T* x, T* slope, Index begin, Index end) {
  const double scale = problem.loss.scale(problem.count()), delta = problem.loss.delta;
  const T* weight = problem.weight.empty() ? nullptr : problem.weight.data();
  double sum = 0;
  for (Index k = begin; k < end; ++k) {
    const Cost cost = cost_of<kPenalty>(static_cast<double>(x[k]), static_cast<double>(problem.value[k]), delta);
    const double w = weight ? static_cast<double>(weight[k]) : 1.0;
    sum += w * cost.rho;
    if (slope) slope[k] = static_cast<T>(scale * w * cost.slope);
  }
  return sum;
}

}  // namespace

double TensorLoss::rho(double x, double y) const {
  return cost(*this, x, y).rho;
}

double TensorLoss::slope(double x, double y) const {
  return cost(*this, x, y).slope;
}

double TensorLoss::curvature(double x, double y) const {
  return cost(*this, x, y).curvature;
}

double TensorLoss::mean(double x) const {
  if (penalty == TensorPenalty::logistic) return 1 / (1 + std::exp(-x));
  return penalty == TensorPenalty::poisson ? std::exp(x) : x;
}

template <class T>
double loss_at(const TensorProblem<T>& problem, const std::vector<T>& x, std::vector<T>* slope) {
  const Index m = problem.count();
  RANKFLOW_ASSERT(static_cast<Index>(x.size()) == m, "one number per observation");
  if (slope) slope->resize(x.size());
  const bool exponential =
      problem.loss.penalty == TensorPenalty::logistic || problem.loss.penalty == TensorPenalty::poisson;
  const double sum = with_penalty(problem.loss.penalty, [&]<TensorPenalty kPenalty>() {
    const auto range = [&](Index begin, Index end) {
      return range_cost<T, kPenalty>(problem, x.data(), slope ? slope->data() : nullptr, begin, end);
    };
    return m <= kBlock ? range(0, m) : parallel_sum(m, kBlock, 0.0, range, exponential ? kExponentialNs : kSquareNs);
  });
  return problem.loss.scale(m) * sum;
}

template double loss_at<double>(const TensorProblem<double>&, const std::vector<double>&, std::vector<double>*);
template double loss_at<float>(const TensorProblem<float>&, const std::vector<float>&, std::vector<float>*);

}  // namespace rankflow
