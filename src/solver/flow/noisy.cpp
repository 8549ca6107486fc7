// The noisy path: a spectral start, weight decay on the scale of the noise, and a few dozen steps of the flow.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "solver/flow/path.h"

namespace rankflow::flow {
namespace {

constexpr Index kStartRank = 40;
constexpr Index kLarge = 5'000'000, kStartRankOfLarge = 16;  // observations; the factors shall stay small beside them
constexpr int kStartIterations = 4;
constexpr int kMaxSteps = 20;
constexpr int kPatience = 4;          // steps without a better validation error
constexpr double kNegligible = 1e-2;  // of the largest singular value: dropped
constexpr int kTries = 4;
constexpr double kNoisiest = 10;  // the loss may grow by this factor before a path counts as diverged

class Noisy final : public Path {
 public:
  Noisy(const Problem& problem, const FlowPath& path, bool repeat)
      : problem_(problem),
        path_(path),
        last_(repeat ? path.steps : kMaxSteps),
        patient_(!repeat),
        point_(problem.start) {
    law_.depth = problem.options.depth;
    path_.steps = 0;
    first_loss_ = loss_ = value_at(problem_.train, point_);
    note();
  }

  bool step() override {
    if (done_) return false;
    if (point_.width() == 0 && !spectral_start()) return false;
    sweep_biases();
    const Slope slope = slope_at(problem_.train, point_);
    loss_ = slope.loss;
    if (!(loss_ < kNoisiest * first_loss_)) return end(Stop::diverged);
    const Tangent direction = flow_direction(point_, slope, law_);
    const PlaneStep best = minimum_over_plane(problem_.train, point_, slope, law_, direction, previous_);
    if (best.a == 0) return end(Stop::converged);
    const Tangent xi = combine(best.a, direction, best.b, previous_);
    const double before = loss_ + penalty(point_.s, law_);
    const Retraction along(point_, xi);
    Point next;
    double step = 1;
    for (int tries = 0; tries < kTries; ++tries, step /= 3) {
      next = along.at(step);
      if (value_at(problem_.train, next) + penalty(next.s, law_) < before) break;
    }
    drop_small(next, kNegligible, problem_.max_rank());
    previous_ = transport(point_, xi, next);
    point_ = next;
    step_size_ = best.a * step;
    ++path_.steps;
    note();
    if (path_.steps >= last_ || (patient_ && problem_.validation && path_.steps >= best_.path.steps + kPatience))
      end(Stop::validation);
    return true;
  }

  Where where() const override { return {&point_, loss_, validation_, kNaN, step_size_}; }

  Candidate best() const override {
    Candidate candidate = best_;
    candidate.train_rmse = rmse(problem_.train, value_at(problem_.train, candidate.point));
    return candidate;
  }

  void save(Archive& archive) const override {
    flow::save(archive, "noisy.point", point_);
    flow::save(archive, "noisy.previous", previous_);
    flow::save(archive, "noisy.best", best_);
    flow::save(archive, "noisy", path_);
    archive.set("noisy.numbers", std::vector<double>{law_.weight_decay, loss_, first_loss_, validation_, step_size_});
    archive.set("noisy.done", static_cast<std::int64_t>(done_));
  }

  void load(const Archive& archive) override {
    point_ = load_point(archive, "noisy.point", problem_.start);
    previous_ = load_tangent(archive, "noisy.previous", point_);
    best_ = load_candidate(archive, "noisy.best", problem_.start);
    path_ = load_path(archive, "noisy");
    const auto numbers = archive.get_doubles("noisy.numbers", 5);
    law_.weight_decay = numbers[0], loss_ = numbers[1], first_loss_ = numbers[2], validation_ = numbers[3];
    step_size_ = numbers[4];
    done_ = archive.get_int("noisy.done") != 0;
  }

 private:
  // The top singular pairs of -G(0), sizes proportional to its singular values, their common factor by exact search.
  bool spectral_start() {
    const Index wanted =
        std::min(problem_.max_rank(), problem_.train.count() > kLarge ? kStartRankOfLarge : kStartRank);
    Pairs& pairs = *problem_.first_pairs;
    if (pairs.g.size() == 0) pairs = top_pairs(problem_.train, point_, wanted, kStartIterations, problem_.options.seed);
    if (pairs.g.size() == 0 || !(pairs.g[0] > 0)) return end(Stop::converged);
    const double m = static_cast<double>(problem_.train.num_rows()),
                 n = static_cast<double>(problem_.train.num_columns());
    const double density = static_cast<double>(problem_.train.count()) / (m * n);
    // The noise alone has largest singular value sigma sqrt(density) (sqrt m + sqrt n); the penalty's pull on a
    // singular value s is lambda s^(2/L-1), compared with it at s = g_1.
    law_.weight_decay = path_.decay_factor * problem_.noise * std::sqrt(density) * (std::sqrt(m) + std::sqrt(n)) *
                        std::pow(pairs.g[0], 1 - 2 / law_.depth);
    Index usable = (pairs.g.array() > kNegligible * pairs.g[0]).count();
    point_.u = pairs.p.leftCols(usable);
    point_.v = pairs.q.leftCols(usable);
    point_.s = pairs.g.head(usable);
    const Tangent radial{point_.u * point_.s.asDiagonal(), Matrix::Zero(point_.v.rows(), usable)};
    const double curvature = problem_.train.curvature(point_, radial, nullptr).aa;
    if (!(curvature > 0)) return end(Stop::converged);
    point_.s *= point_.s.squaredNorm() / curvature;  // <-G, W> = sum g^2 along W = sum g p q^T
    return true;
  }

  // Rows, then columns, to their posterior means given everything else.
  void sweep_biases() {
    if (problem_.options.centering != Centering::biases) return;
    const Vector row_sums = sums_at(problem_.train, point_, false);
    for (Index i = 0; i < point_.num_rows(); ++i) {
      const double weight = problem_.train.row_weight(i);
      if (weight > 0)
        point_.row_bias[i] = (weight * point_.row_bias[i] - row_sums[i]) / (weight + problem_.row_shrinkage);
    }
    const Vector column_sums = sums_at(problem_.train, point_, true);
    for (Index j = 0; j < point_.num_columns(); ++j) {
      const double weight = problem_.train.column_weight(j);
      if (weight > 0)
        point_.column_bias[j] =
            (weight * point_.column_bias[j] - column_sums[j]) / (weight + problem_.column_shrinkage);
    }
  }

  void note() {
    validation_ = problem_.validation_rmse(point_);
    if (problem_.validation && path_.steps > 0 && !(validation_ < best_.validation_rmse)) return;
    best_.point = point_;
    best_.validation_rmse = validation_;
    best_.path = path_;
    best_.stop = Stop::validation;
    best_.message = "weight decay " + std::to_string(path_.decay_factor) + " times the noise's, " +
                    std::to_string(path_.steps) + " steps";
  }

  bool end(Stop why) {
    done_ = true;
    best_.stop = why;
    return false;
  }

  Problem problem_;
  Law law_;
  FlowPath path_;
  Index last_;
  bool patient_, done_ = false;
  Point point_;
  Tangent previous_;
  double loss_ = 0, first_loss_ = 0, validation_ = kNaN, step_size_ = kNaN;
  Candidate best_;
};

}  // namespace

std::unique_ptr<Path> make_noisy(const Problem& problem, const FlowPath& path, bool repeat) {
  return std::make_unique<Noisy>(problem, path, repeat);
}

}  // namespace rankflow::flow
