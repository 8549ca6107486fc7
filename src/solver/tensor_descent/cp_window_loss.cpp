// Completion by a CP factorization of which most components are negligible: these move once per window of updates.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/cp_parts.h"
#include "solver/tensor_descent/product_pass.h"
#include "solver/tensor_descent/window_loss.h"

namespace rankflow {
namespace tensor_descent {
namespace {

// |columns of a| / |columns of b|, the largest of all matrices.
template <class T>
Vector largest_ratio(const std::vector<MatrixOf<T>>& a, const std::vector<MatrixOf<T>>& b) {
  Vector largest = Vector::Zero(a.front().cols());
  for (std::size_t n = 0; n < a.size(); ++n) {
    const Vector above = a[n].template cast<double>().colwise().squaredNorm();
    const Vector below = b[n].template cast<double>().colwise().squaredNorm();
    for (Index r = 0; r < largest.size(); ++r)
      if (above[r] > 0) largest[r] = std::max(largest[r], above[r] / below[r]);
  }
  return largest.cwiseSqrt();
}

}  // namespace

// A postponed component's vectors w obey w_{t+1} = w_t - step_t g(w_t; slope_t), where g is linear in the slopes. Over
// J updates, with S = sum step_t slope_t,
//   w_J = w_0 - g(w_0 - (J - 1) / (2 J) g(w_0; S); S)
// right to second order in the change: of J (J - 1) / 2 pairs of updates each moves the later one once. What the
// postponed components add to the predictions is that of the window's begin.
template <class T>
class CpWindowLoss final : public WindowLoss<T> {
 public:
  CpWindowLoss(const TensorProblem<T>& problem, CpFactorization<T>& model, const CpWindowOptions& options)
      : WindowLoss<T>(options.updates, problem.value.size(), model.factors),
        problem_(problem),
        model_(model),
        options_(options),
        largest_(options.largest * tensor_size(problem)),
        plan_(std::make_shared<const ProductPlan>(ProductPlan::make(problem.shape, problem.index))),
        all_(plan_, model.components(), Columns::in_blocks),
        is_active_(static_cast<std::size_t>(model.components()), 1),
        rate_(Vector::Constant(model.components(), std::numeric_limits<double>::infinity())),
        middle_(model.factors) {}

  std::vector<MatrixOf<T>*> weights() override { return targets(model_.factors); }

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    begin_window();
    predict();
    const double loss = loss_at(problem_, x_, &slope_);
    gradient.resize(model_.factors.size());
    if (everything_) {
      for (std::size_t n = 0; n < gradient.size(); ++n)
        gradient[n].resize(model_.factors[n].rows(), model_.factors[n].cols());
      all_.collect(slope_, targets(gradient));
      if (this->last_update()) active_rate_ = largest_ratio(gradient, model_.factors);
      return loss;
    }
    if (!measured_) measure_postponed();
    for (std::size_t n = 0; n < gradient.size(); ++n)
      gradient[n].setZero(model_.factors[n].rows(), model_.factors[n].cols());
    if (active_.empty()) return loss;
    some_->collect(slope_, targets(active_gradient_));
    if (this->last_update()) active_rate_ = largest_ratio(active_gradient_, active_weights_);
    for (std::size_t n = 0; n < gradient.size(); ++n)
      for (Index i = 0; i < gradient[n].rows(); ++i)
        for (std::size_t a = 0; a < active_.size(); ++a)
          gradient[n](i, active_[a]) = active_gradient_[n](i, static_cast<Index>(a));
    return loss;
  }

  double loss() override {
    if (begun_ && !shown_) {
      predict();
    } else {
      all_.evaluate(views(model_.factors), x_);
      products_are_of_begin_ = false;
    }
    return loss_at(problem_, x_);
  }

  void save(Archive& archive) const override {
    archive.set("window_active", is_active_);
    archive.set("window_rate", rate_);
    this->save_place(archive);
  }
  void load(const Archive& archive) override {
    const auto mask = archive.get_bytes("window_active", model_.components());
    rate_ = archive.get_vector("window_rate", model_.components());
    is_active_ = mask;
    this->load_place(archive);
  }

 private:
  using Base = WindowLoss<T>;
  using Base::begin_, Base::begun_, Base::everything_, Base::first_, Base::loaded_, Base::measured_, Base::moved_,
      Base::previous_norm_, Base::second_, Base::shown_, Base::slope_, Base::sum_;

  void begin_window() override {
    if (begun_) return;
    if (!loaded_) {
      choose_active();
      std::fill(sum_.begin(), sum_.end(), T(0));
      measured_ = false;
    }
    loaded_ = false;
    begun_ = true;
    everything_ = std::find(is_active_.begin(), is_active_.end(), 0) == is_active_.end();
    if (everything_) return;
    list_active();
    begin_ = model_.factors;
    for (MatrixOf<T>& factor : begin_)
      for (const Index r : active_) factor.col(r).setZero();
    all_.evaluate(views(begin_), still_);
    products_are_of_begin_ = true;
  }

  void choose_active() {
    const Vector norms = model_.component_norms();
    const double updates = static_cast<double>(options_.updates);
    bool changed = false;
    for (Index r = 0; r < model_.components(); ++r) {
      const double most = options_.change * (is_active_[r] ? kStay : 1);
      const std::uint8_t active = norms[r] > largest_ || !(rate_[r] * updates <= most);
      changed = changed || active != is_active_[r];
      is_active_[r] = active;
    }
    // Where most are active, an update of all costs less than telling them apart.
    if (2 * std::accumulate(is_active_.begin(), is_active_.end(), Index{0}) > model_.components())
      std::fill(is_active_.begin(), is_active_.end(), std::uint8_t{1});
    if (changed) previous_norm_ = 0;
  }

  // The active ones have a pass of their own, with a power of two of columns: what it sums in which order
  // depends on how many they are, not on how many they were.
  void list_active() {
    active_.clear();
    for (Index r = 0; r < model_.components(); ++r)
      if (is_active_[r]) active_.push_back(r);
    Index columns = kFewest;
    while (columns < static_cast<Index>(active_.size())) columns *= 2;
    if (some_ && active_weights_.front().cols() == columns) return zero_rest();
    some_ = std::make_unique<ProductPass<T>>(plan_, columns, Columns::in_blocks);
    active_weights_.clear();
    for (const MatrixOf<T>& factor : model_.factors)
      active_weights_.emplace_back(MatrixOf<T>::Zero(factor.rows(), columns));
    active_gradient_ = active_weights_;
  }
  void zero_rest() {
    const Index used = static_cast<Index>(active_.size());
    for (MatrixOf<T>& weights : active_weights_) weights.rightCols(weights.cols() - used).setZero();
  }

  void predict() {
    if (everything_) return all_.evaluate(views(model_.factors), x_);
    x_ = still_;
    if (active_.empty()) return;
    for (std::size_t n = 0; n < active_weights_.size(); ++n)
      for (Index i = 0; i < active_weights_[n].rows(); ++i)
        for (std::size_t a = 0; a < active_.size(); ++a)
          active_weights_[n](i, static_cast<Index>(a)) = model_.factors[n](i, active_[a]);
    some_->evaluate(views(active_weights_), active_x_);
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] += active_x_[k];
  }

  void measure_postponed() {
    measured_ = true;
    all_.collect(slope_, targets(first_));
    this->measure_norm(first_);
  }

  void advance() override {
    if (!products_are_of_begin_) all_.multiply_up(views(begin_));
    all_.collect(sum_, targets(first_));
    const double count = static_cast<double>(moved_);
    const T half = static_cast<T>((count - 1) / (2 * count));
    for (std::size_t n = 0; n < begin_.size(); ++n) middle_[n].noalias() = begin_[n] - half * first_[n];
    all_.multiply_up(views(middle_));
    products_are_of_begin_ = false;
    all_.collect(sum_, targets(second_));
    for (std::size_t n = 0; n < begin_.size(); ++n) second_[n] = begin_[n] - second_[n];
  }

  void write_postponed(const std::vector<MatrixOf<T>>& from) override {
    for (std::size_t n = 0; n < from.size(); ++n)
      for (Index i = 0; i < from[n].rows(); ++i)
        for (Index r = 0; r < from[n].cols(); ++r)
          if (!is_active_[r]) model_.factors[n](i, r) = from[n](i, r);
  }

  void end_window(double step) override {
    if (everything_) {
      rate_ = step * active_rate_;
    } else {
      advance();
      rate_ = largest_ratio(first_, begin_) / static_cast<double>(moved_);
      for (std::size_t a = 0; a < active_.size(); ++a) rate_[active_[a]] = step * active_rate_[static_cast<Index>(a)];
      write_postponed(second_);
    }
  }

  const TensorProblem<T>& problem_;
  CpFactorization<T>& model_;
  CpWindowOptions options_;
  double largest_;
  std::shared_ptr<const ProductPlan> plan_;
  ProductPass<T> all_;                    // columns of active components are 0
  std::unique_ptr<ProductPass<T>> some_;  // the active ones

  std::vector<std::uint8_t> is_active_;
  std::vector<Index> active_;
  Vector rate_;  // change of a component's vectors in an update, of their norms
  bool products_are_of_begin_ = false;

  std::vector<MatrixOf<T>> middle_;
  std::vector<MatrixOf<T>> active_weights_, active_gradient_;
  Vector active_rate_;  // |gradient| / |weight| of active components in the window's last update
  std::vector<T> x_, still_, active_x_;
};

}  // namespace tensor_descent

template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, CpFactorization<T>& model,
                                              const CpWindowOptions& windows) {
  tensor_descent::check_model(problem, model);
  tensor_descent::check_windows(problem, windows);
  return std::make_unique<tensor_descent::CpWindowLoss<T>>(problem, model, windows);
}

template std::unique_ptr<TensorModelLoss<double>> make_loss<double>(const TensorProblem<double>&,
                                                                    CpFactorization<double>&, const CpWindowOptions&);
template std::unique_ptr<TensorModelLoss<float>> make_loss<float>(const TensorProblem<float>&, CpFactorization<float>&,
                                                                  const CpWindowOptions&);

}  // namespace rankflow
