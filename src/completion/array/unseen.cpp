// Intervals for cells with an index that no observation has: as wide as the means of a mode miss what is known.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/unseen.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "completion/array/empty_indices.h"
#include "completion/array/predictors.h"
#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr Index kMostCells = 1000;             // that a mode's residuals are taken from
constexpr Index kMostEvaluations = 5'000'000;  // where an average is a sum over the whole mode

class Unseen final : public ArrayPredictor {
 public:
  Unseen(std::shared_ptr<const ArrayPredictor> inner, std::vector<UnseenIndices> unseen)
      : inner_(std::move(inner)), unseen_(std::move(unseen)) {}
  double predict(std::span<const std::int32_t> index) const override { return inner_->predict(index); }
  double average(std::span<const std::int32_t> index, std::span<const Index> shape) const override {
    return inner_->average(index, shape);
  }
  Interval interval(std::span<const std::int32_t> index, double level) const override {
    double squares = 0;
    for (const UnseenIndices& mode : unseen_) {
      if (!std::binary_search(mode.positions.begin(), mode.positions.end(), std::int64_t{index[mode.mode]})) continue;
      const double half = PlainIntervals{mode.residuals}.half_width(level);
      squares += half * half;
    }
    if (squares == 0) return inner_->interval(index, level);
    const double x = predict(index), half = std::sqrt(squares);
    return {x - half, x + half};
  }
  void save(Archive& to) const override {
    to.set("kind", std::string("unseen"));
    completion::save(unseen_, to);
    Archive part;
    inner_->save(part);
    for (const std::string& name : part.names()) to.set("inner." + name, part.at(name));
  }

 private:
  std::shared_ptr<const ArrayPredictor> inner_;
  std::vector<UnseenIndices> unseen_;
};

std::vector<double> residuals_of_average(const ArrayRun& run, const std::vector<Index>& numbers, Index mode,
                                         const ArrayPredictor& predictor) {
  const std::vector<Index> shape = run.tensor.shape();
  const Index most = std::clamp<Index>(kMostEvaluations / shape[mode], 100, kMostCells);
  const Index stride = std::max<Index>(1, std::ssize(numbers) / most);
  std::vector<double> residuals;
  for (Index k = 0; k < std::ssize(numbers); k += stride) {
    std::vector<std::int32_t> index = index_at(run.tensor, numbers[k]);
    index[mode] = -1;
    residuals.push_back(std::abs(predictor.average(index, shape) - run.tensor.value[numbers[k]]));
  }
  std::sort(residuals.begin(), residuals.end());
  return residuals;
}

std::string mode_name(const char* what, Index mode) {
  return "unseen." + std::string(what) + "_" + std::to_string(mode + 1);
}

}  // namespace

std::shared_ptr<const ArrayPredictor> unseen_predictor(std::shared_ptr<const ArrayPredictor> inner,
                                                       std::vector<UnseenIndices> unseen) {
  return std::make_shared<Unseen>(std::move(inner), std::move(unseen));
}

std::shared_ptr<const ArrayPredictor> with_unseen(const ArrayRun& run, const std::vector<Index>& without,
                                                  std::shared_ptr<const ArrayPredictor> inner) {
  const std::vector<Index> numbers = numbers_without(run.tensor, without);
  const std::vector<std::vector<char>> seen = seen_indices(run.tensor, numbers);
  std::vector<UnseenIndices> unseen;
  for (Index n = 0; n < run.tensor.order(); ++n) {
    UnseenIndices found{n, {}, {}};
    for (std::size_t i = 0; i < seen[n].size(); ++i)
      if (!seen[n][i]) found.positions.push_back(static_cast<std::int64_t>(i));
    if (found.positions.empty()) continue;
    found.residuals = residuals_of_average(run, numbers, n, *inner);
    unseen.push_back(std::move(found));
  }
  return unseen.empty() ? inner : unseen_predictor(std::move(inner), std::move(unseen));
}

void save(const std::vector<UnseenIndices>& unseen, Archive& to) {
  for (const UnseenIndices& mode : unseen) {
    to.set(mode_name("positions", mode.mode), mode.positions);
    to.set(mode_name("residuals", mode.mode), mode.residuals);
  }
}

std::vector<UnseenIndices> load_unseen(const Archive& from, const std::vector<Index>& shape) {
  const auto damaged = [&] {
    return InputError(from.source(), "what it holds of indices without observations does not fit together",
                      "the file is damaged; run complete again");
  };
  std::vector<UnseenIndices> unseen;
  for (Index n = 0; n < std::ssize(shape); ++n) {
    const std::string positions = mode_name("positions", n), residuals = mode_name("residuals", n);
    if (from.has(positions) != from.has(residuals)) throw damaged();
    if (!from.has(positions)) continue;
    UnseenIndices mode{n, from.get_ints(positions), from.get_doubles(residuals)};
    const auto bad = [](double x) { return !(x >= 0) || !std::isfinite(x); };
    if (mode.positions.empty() || mode.residuals.empty() || mode.positions.front() < 0 ||
        mode.positions.back() >= shape[n] || !std::is_sorted(mode.positions.begin(), mode.positions.end()) ||
        !std::is_sorted(mode.residuals.begin(), mode.residuals.end()) ||
        std::any_of(mode.residuals.begin(), mode.residuals.end(), bad))
      throw damaged();
    unseen.push_back(std::move(mode));
  }
  if (unseen.empty()) throw damaged();
  return unseen;
}

}  // namespace rankflow::completion
