// Walking down eps: early stopping by the error of all validation parts together.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/path.h"

#include <algorithm>
#include <cmath>

#include "rankflow/error.h"
#include "rankflow/tensor_effects.h"

namespace rankflow::overlap {
namespace {

std::vector<float> scaled_start(const DenseArray& array, const CellMask& use, double scale) {
  const std::vector<double> effects = fit_effects(array, use).everywhere();
  std::vector<float> start(effects.size());
  for (std::size_t c = 0; c < start.size(); ++c) start[c] = static_cast<float>(effects[c] / scale);
  return start;
}

void check_problem(const OverlapProblem& problem) {
  const DenseArray& array = problem.array;
  const Index cells = count_cells(array.shape);
  const auto size = static_cast<std::size_t>(cells);
  if (array.shape.size() < 2) throw InputError("overlap", "found an array of one mode, expected at least two");
  if (array.value.size() != size || array.observed.size() != size || problem.train.size() != size)
    throw InputError("overlap",
                     "values, observed cells and training cells are not all of " + std::to_string(cells) + " cells");
  for (std::size_t c = 0; c < size; ++c)
    if (problem.train[c] && !array.observed[c])
      throw InputError("overlap", "cell " + std::to_string(c) + " is to be trained on but not observed");
  for (const std::vector<Index>& part : problem.validation)
    for (const Index cell : part)
      if (cell < 0 || cell >= cells || !problem.train[cell])
        throw InputError("overlap", "validation cell " + std::to_string(cell) + " is not one of the training cells");
}

}  // namespace

Ground::Ground(const OverlapProblem& given, const OverlapOptions& chosen)
    : problem((check_problem(given), given)),
      options(chosen),
      unfoldings(choose_unfoldings(given.array.shape, chosen.group_limit)),
      work(given.array.cells()) {
  const DenseArray& array = problem.array;
  double squares = 0, count = 0;
  for (std::size_t c = 0; c < array.value.size(); ++c)
    if (problem.train[c]) squares += array.value[c] * array.value[c], count += 1;
  if (!(count > 0)) throw InputError("overlap", "found no cell to train on, expected at least one");
  if (squares > 0) scale = std::sqrt(squares / count);
  y.resize(array.value.size());
  for (std::size_t c = 0; c < y.size(); ++c)
    y[c] = problem.train[c] ? static_cast<float>(array.value[c] / scale) : 0.0f;
  for (const std::vector<Index>& part : problem.validation) {
    masks.push_back(problem.train);
    for (const Index cell : part) masks.back()[cell] = 0;
  }
  masks.push_back(problem.train);
  for (const CellMask& mask : masks) starts.push_back(scaled_start(array, mask, scale));
}

Path::Path(Ground& ground, OverlapSetting setting, double ratio, bool on_everything)
    : ground_(ground), setting_(std::move(setting)), ratio_(ratio), on_everything_(on_everything) {
  const std::size_t first = on_everything ? ground.num_parts() : 0;
  const std::size_t end = on_everything ? ground.masks.size() : ground.num_parts();
  for (std::size_t k = first; k < end; ++k) {
    fits_.emplace_back(ground.unfoldings, ground.y, ground.masks[k], ground.options, ground.work);
    fits_.back().start(ground.starts[k]);
  }
}

double Path::eps_at(Index point) const {
  return ground_.options.eps_start * std::pow(ratio_, static_cast<double>(point));
}

double Path::validate() const {
  if (on_everything_) return kNaN;
  double squares = 0, count = 0;
  for (std::size_t k = 0; k < fits_.size(); ++k) {
    const std::vector<Index>& part = ground_.problem.validation[k];
    for (const Index cell : part) {
      const double e = static_cast<double>(fits_[k].x()[cell]) - ground_.y[cell];
      squares += e * e;
    }
    count += static_cast<double>(part.size());
  }
  return count > 0 ? std::sqrt(squares / count) : kNaN;
}

double Path::train_rmse() const {
  double squares = 0, count = 0;
  for (const Smoother<float>& fit : fits_) {
    for (std::size_t c = 0; c < ground_.y.size(); ++c) {
      const double used = fit.use()[c], e = used * (static_cast<double>(fit.x()[c]) - ground_.y[c]);
      squares += e * e, count += used;
    }
  }
  return std::sqrt(squares / count);
}

// A path may begin with errors that rise: the first eps can be worse than the means it starts from. So where the error
// falls, it goes on.
bool Path::at_end() const {
  const OverlapOptions& options = ground_.options;
  const double eps = eps_at(points_);
  if (last_ >= 0) return points_ > last_;
  if (eps < options.eps_end || (eps < rival_eps_ && best_rmse_ > rival_rmse_)) return true;
  if (points_ == 0 || on_everything_ || falling_ || eps >= least_eps_) return false;
  return eps < options.patience * eps_at(best_);
}

bool Path::advance() {
  if (at_end()) return false;
  const OverlapOptions& options = ground_.options;
  const double eps = eps_at(points_), before = rmse_;
  for (Smoother<float>& fit : fits_) fit.step({eps, setting_, options.power, options.iterations});
  rmse_ = validate();
  falling_ = rmse_ < before;
  if (points_ == 0 || !(rmse_ >= best_rmse_)) {
    best_ = points_;
    best_rmse_ = rmse_;
    if (keep_) {
      best_x_.resize(fits_.size());
      for (std::size_t k = 0; k < fits_.size(); ++k) best_x_[k] = fits_[k].x();
    }
  }
  ++points_;
  return true;
}

void Path::save(Archive& to) const {
  to.set("path.weight", setting_.weight);
  to.set("path.strength", setting_.strength);
  to.set("path.numbers", std::vector<double>{least_eps_, rival_eps_, rival_rmse_, rmse_, best_rmse_});
  to.set("path.counts", std::vector<std::int64_t>{last_, points_, best_, falling_});
  for (std::size_t k = 0; k < fits_.size(); ++k) fits_[k].save(to, "path.fit" + std::to_string(k));
  for (std::size_t k = 0; k < best_x_.size(); ++k) to.set("path.best" + std::to_string(k), best_x_[k]);
}

void Path::load(const Archive& from) {
  setting_.weight = from.get_doubles("path.weight", ground_.unfoldings.count());
  setting_.strength = from.get_double("path.strength");
  const std::vector<double> numbers = from.get_doubles("path.numbers", 5);
  const std::vector<std::int64_t> counts = from.get_ints("path.counts", 4);
  least_eps_ = numbers[0], rival_eps_ = numbers[1], rival_rmse_ = numbers[2], rmse_ = numbers[3],
  best_rmse_ = numbers[4];
  last_ = counts[0], points_ = counts[1], best_ = counts[2], falling_ = counts[3] != 0;
  for (std::size_t k = 0; k < fits_.size(); ++k) fits_[k].load(from, "path.fit" + std::to_string(k));
  best_x_.clear();
  const auto cells = static_cast<Index>(ground_.y.size());
  for (std::size_t k = 0; keep_ && from.has("path.best" + std::to_string(k)); ++k)
    best_x_.push_back(from.get_floats("path.best" + std::to_string(k), cells));
}

}  // namespace rankflow::overlap
