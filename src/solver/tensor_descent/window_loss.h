// A loss whose negligible weights move once per window of updates: what does not depend on the model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/archive_numbers.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/postponed.h"
#include "solver/tensor_descent/window_parts.h"

namespace rankflow::tensor_descent {

template <class T>
class WindowLoss : public TensorModelLoss<T>, public Postponed {
 public:
  Postponed* postponed() final { return this; }

  void moved(double step) final {
    if (!everything_)
      for (std::size_t k = 0; k < sum_.size(); ++k) sum_[k] += static_cast<T>(step) * slope_[k];
    if (++moved_ != updates_) return;
    end_window(step);
    moved_ = 0;
    begun_ = false;
  }

  double squared_norm() const final {
    if (everything_) return 0;
    return norm_ * std::pow(growth_, static_cast<double>(moved_) / static_cast<double>(updates_));
  }

  void show() final {
    if (shown_) return;
    shown_ = true;
    if (moved_ == 0) return;
    begin_window();  // after a state was loaded
    if (everything_) return;
    advance();
    write_postponed(second_);
  }
  void hide() final {
    if (shown_ && moved_ > 0 && !everything_) write_postponed(begin_);
    shown_ = false;
  }

 protected:
  WindowLoss(Index updates, std::size_t observations, const std::vector<MatrixOf<T>>& weights)
      : updates_(updates), sum_(observations), first_(weights), second_(weights) {}

  virtual void begin_window() = 0;
  virtual void end_window(double step) = 0;
  // second_: the postponed weights after the updates so far; first_: their change to first order.
  virtual void advance() = 0;
  virtual void write_postponed(const std::vector<MatrixOf<T>>& from) = 0;

  bool last_update() const { return moved_ + 1 == updates_; }

  // Known at the window's begin; within the window it is taken to grow as it did from the last one to this.
  void measure_norm(const std::vector<MatrixOf<T>>& gradient) {
    norm_ = 0;
    for (const MatrixOf<T>& matrix : gradient) norm_ += static_cast<double>(matrix.squaredNorm());
    growth_ = previous_norm_ > 0 ? std::clamp(norm_ / previous_norm_, 1 / kMostGrowth, kMostGrowth) : 1;
    previous_norm_ = norm_;
  }

  void save_place(Archive& archive) const {
    archive.set("window_sum", sum_);
    archive.set("window_norms", std::vector<double>{norm_, previous_norm_, growth_});
    archive.set("window_place", std::vector<std::int64_t>{moved_, begun_, measured_});
  }
  void load_place(const Archive& archive) {
    const auto sum = get_numbers<T>(archive, "window_sum", static_cast<Index>(sum_.size()));
    const auto norms = archive.get_doubles("window_norms", 3);
    const auto place = archive.get_ints("window_place", 3);
    sum_ = sum;
    norm_ = norms[0];
    previous_norm_ = norms[1];
    growth_ = norms[2];
    moved_ = place[0];
    loaded_ = place[1] != 0;
    measured_ = place[2] != 0;
    begun_ = false;
  }

  Index updates_;
  std::vector<T> sum_, slope_;  // sum_: step * slope, since the window began
  Index moved_ = 0;             // updates since then
  bool everything_ = false;     // is active: an ordinary update
  bool begun_ = false, measured_ = false, loaded_ = false, shown_ = false;
  double norm_ = 0, previous_norm_ = 0, growth_ = 1;  // squared, of the postponed gradient

  std::vector<MatrixOf<T>> begin_;  // what is postponed, when the window began
  std::vector<MatrixOf<T>> first_, second_;
};

}  // namespace rankflow::tensor_descent
