// What predicts the cells of an array: a sum of outer products, or a completed array.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/predictors.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "completion/array/averages.h"
#include "completion/array/factor_files.h"
#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

Index cell_of(std::span<const std::int32_t> index, const std::vector<Index>& shape) {
  Index cell = 0;
  for (std::size_t n = 0; n < shape.size(); ++n) cell = cell * shape[n] + index[n];
  return cell;
}

// Split conformal: the smallest width that a share `level` of new residuals stays within.
double quantile(const std::vector<double>& ascending, double level) {
  const auto count = static_cast<double>(ascending.size());
  const auto place = static_cast<std::size_t>(std::ceil(level * (count + 1)));
  return place < 1 ? 0 : place > ascending.size() ? HUGE_VAL : ascending[place - 1];
}

template <class Model, class Intervals>
class Factored : public ArrayPredictor {
 public:
  Factored(Model model, Intervals intervals) : model_(std::move(model)), intervals_(std::move(intervals)) {}
  double predict(std::span<const std::int32_t> index) const final { return model_.entry(index); }
  double average(std::span<const std::int32_t> index, std::span<const Index>) const final {
    if constexpr (std::is_same_v<Model, UnfoldedMatrix>)
      return averages_.at(model_, index);
    else
      return average_entry(model_, index);
  }
  void save(Archive& to) const final {
    completion::save(model_, to);
    intervals_.save(to);
  }

 protected:
  Model model_;
  Intervals intervals_;

 private:
  struct Nothing {};
  std::conditional_t<std::is_same_v<Model, UnfoldedMatrix>, UnfoldedAverages, Nothing> averages_;
};

template <class Model>
class Plain final : public Factored<Model, PlainIntervals> {
 public:
  using Factored<Model, PlainIntervals>::Factored;
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    const double x = this->predict(index), half = this->intervals_.half_width(level);
    return {x - half, x + half};
  }
};

template <class Model>
class Local final : public Factored<Model, ArrayIntervals> {
 public:
  Local(Model model, std::vector<Index> shape, ArrayIntervals intervals)
      : Factored<Model, ArrayIntervals>(std::move(model), std::move(intervals)), shape_(std::move(shape)) {}
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    return this->intervals_.at(cell_of(index, shape_), this->predict(index), level);
  }

 private:
  std::vector<Index> shape_;
};

class Generalized final : public ArrayPredictor {
 public:
  Generalized(GeneralizedCp model, ScaledResiduals intervals)
      : model_(std::move(model)), intervals_(std::move(intervals)) {}
  double predict(std::span<const std::int32_t> index) const override { return model_.mean(index); }
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    return intervals_.at(predict(index), level, model_.loss.penalty);
  }
  double average(std::span<const std::int32_t> index, std::span<const Index>) const override {
    return average_mean(model_, index);
  }
  void save(Archive& to) const override {
    to.set("kind", std::string("generalized"));
    store(to, "model.", model_);
    to.set("residuals", intervals_.residuals);
  }

 private:
  GeneralizedCp model_;
  ScaledResiduals intervals_;
};

class Completed final : public ArrayPredictor {
 public:
  Completed(std::vector<Index> shape, std::vector<float> values, ArrayIntervals intervals)
      : shape_(std::move(shape)), values_(std::move(values)), intervals_(std::move(intervals)) {}
  double predict(std::span<const std::int32_t> index) const override {
    return static_cast<double>(values_[cell_of(index, shape_)]);
  }
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    return intervals_.at(cell_of(index, shape_), predict(index), level);
  }
  double average(std::span<const std::int32_t> index, std::span<const Index>) const override {
    return averages_.at(values_, shape_, index);
  }
  void save(Archive& to) const override {
    to.set("kind", std::string("overlap"));
    to.set("values", Array{shape_, values_});
    intervals_.save(to);
  }

 private:
  std::vector<Index> shape_;
  std::vector<float> values_;
  ArrayIntervals intervals_;
  CellAverages averages_;
};

class Recentred final : public ArrayPredictor {
 public:
  Recentred(std::shared_ptr<const ArrayPredictor> again, std::shared_ptr<const ArrayPredictor> calibrated)
      : again_(std::move(again)), calibrated_(std::move(calibrated)) {}
  double predict(std::span<const std::int32_t> index) const override { return again_->predict(index); }
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    const Interval known = calibrated_->interval(index, level);
    const double shift = predict(index) - calibrated_->predict(index);
    return {known.low + shift, known.high + shift};
  }
  double average(std::span<const std::int32_t> index, std::span<const Index> shape) const override {
    return again_->average(index, shape);
  }
  void save(Archive& to) const override {
    to.set("kind", std::string("recentred"));
    for (const auto& [prefix, predictor] : {std::pair{"again.", again_.get()}, {"calibrated.", calibrated_.get()}}) {
      Archive part;
      predictor->save(part);
      for (const std::string& name : part.names()) to.set(prefix + name, part.at(name));
    }
  }

 private:
  std::shared_ptr<const ArrayPredictor> again_, calibrated_;
};

}  // namespace

double PlainIntervals::half_width(double level) const {
  return quantile(residuals, level);
}

double ScaledResiduals::scale(double mean, TensorPenalty penalty) {
  return penalty == TensorPenalty::poisson ? std::sqrt(mean + 1) : 1;
}

ScaledResiduals ScaledResiduals::load(const Archive& from) {
  return {PlainIntervals::load(from).residuals};
}

Interval ScaledResiduals::at(double mean, double level, TensorPenalty penalty) const {
  const double half = quantile(residuals, level) * scale(mean, penalty);
  const bool bounded = penalty == TensorPenalty::poisson || penalty == TensorPenalty::logistic;
  return {bounded ? std::max(0.0, mean - half) : mean - half,
          penalty == TensorPenalty::logistic ? std::min(1.0, mean + half) : mean + half};
}

std::shared_ptr<const ArrayPredictor> generalized_predictor(GeneralizedCp model, ScaledResiduals intervals) {
  return std::make_shared<Generalized>(std::move(model), std::move(intervals));
}

void PlainIntervals::save(Archive& to) const {
  to.set("residuals", residuals);
}

PlainIntervals PlainIntervals::load(const Archive& from) {
  PlainIntervals intervals{from.get_doubles("residuals")};
  for (const double x : intervals.residuals)
    if (!(x >= 0) || !std::isfinite(x))
      throw InputError(from.source(), "array residuals holds a number that is negative or not finite",
                       "the file is damaged; run complete again");
  std::sort(intervals.residuals.begin(), intervals.residuals.end());
  return intervals;
}

template <class Model>
std::shared_ptr<const ArrayPredictor> factor_predictor(Model model, PlainIntervals intervals) {
  return std::make_shared<Plain<Model>>(std::move(model), std::move(intervals));
}

template <class Model>
std::shared_ptr<const ArrayPredictor> factor_predictor(Model model, std::vector<Index> shape,
                                                       ArrayIntervals intervals) {
  return std::make_shared<Local<Model>>(std::move(model), std::move(shape), std::move(intervals));
}

#define RANKFLOW_INSTANTIATE(Model)                                                              \
  template std::shared_ptr<const ArrayPredictor> factor_predictor<Model>(Model, PlainIntervals); \
  template std::shared_ptr<const ArrayPredictor> factor_predictor<Model>(Model, std::vector<Index>, ArrayIntervals);
RANKFLOW_INSTANTIATE(CpFactorization<double>)
RANKFLOW_INSTANTIATE(TreeFactorization<double>)
RANKFLOW_INSTANTIATE(UnfoldedMatrix)
#undef RANKFLOW_INSTANTIATE

std::shared_ptr<const ArrayPredictor> dense_predictor(std::vector<Index> shape, std::vector<float> values,
                                                      ArrayIntervals intervals) {
  return std::make_shared<Completed>(std::move(shape), std::move(values), std::move(intervals));
}

std::shared_ptr<const ArrayPredictor> recentred(std::shared_ptr<const ArrayPredictor> again,
                                                std::shared_ptr<const ArrayPredictor> calibrated) {
  return std::make_shared<Recentred>(std::move(again), std::move(calibrated));
}

}  // namespace rankflow::completion
