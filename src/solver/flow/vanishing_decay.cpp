// Where the flow ends as weight decay goes to zero: among the matrices that match the observations, one that makes the
// Schatten-2/L penalty stationary, with the small singular values let go one after another.
// SPDX-License-Identifier: Apache-2.0

// A stationary point under weight decay has M_aa = -lambda s_a^(2/L-1): the residual is -lambda H^-1 applied to W in
// its singular frame, H the flow's own coupling. With H frozen and lambda -> 0 that is the minimum of <X, H^-1 X> over
// the X that match the observations, X = H P^*(alpha) with P H P^* alpha = y. Values below eps are treated as eps and
// eps shrinks: iteratively reweighted least squares (Mohan and Fazel 2012; Kuemmerle and Mayrink Verdun 2021 for
// weights on both sides), with the weights of depth L.
#include <algorithm>
#include <cmath>

#include "linalg/decompositions.h"
#include "solver/flow/finish.h"

namespace rankflow::flow {
namespace {

constexpr double kShrink = .85;           // eps from one reweighting to the next
constexpr double kLastEps = 1e-4;         // of the largest singular value: what has no gap by then has no low rank
constexpr int kMaxProducts = 150;         // conjugate gradient steps for one weighting
constexpr double kSolveTolerance = 1e-6;  // of the residual, times eps over the largest singular value
constexpr int kTryEvery = 4;              // reweightings between two tries to finish
constexpr double kGap = 3;                // s_r / s_(r+1) that is worth a try
constexpr double kMostFreedom = .9;

class VanishingDecay final : public Path {
 public:
  explicit VanishingDecay(const Problem& problem) : problem_(problem), entries_(problem.train.entries()) {
    target_ = Vector(entries_.count());
    for (Index k = 0; k < target_.size(); ++k) {
      const Index i = entries_.row[k], j = entries_.column[k];
      target_[k] = entries_.value[k] - problem.start.mean - problem.start.row_bias[i] - problem.start.column_bias[j];
    }
    alpha_ = Vector::Zero(target_.size());
    best_.point = problem.start;
    scale_ = 0;
    decompose(to_matrix(target_));
    scale_ = eps_ = point_.width() > 0 ? point_.s[0] : 0;
  }

  bool step() override {
    if (done_) return false;
    if (!(scale_ > 0)) return end("the observations are all zero: nothing to learn");
    if (finish_.busy()) return finish();
    reweight();
    if (++reweightings_ % kTryEvery == 0) try_to_finish();
    if (!finish_.busy() && eps_ < kLastEps * point_.s[0])
      end("no low rank was found that matches the observations exactly");
    return true;
  }

  Where where() const override {
    if (finish_.busy()) return {&finish_.under_way().point, finish_.under_way().loss, kNaN, kNaN, kNaN};
    return {&point_, loss_, kNaN, kNaN, kNaN};
  }
  Candidate best() const override { return best_; }

  void save(Archive& archive) const override {
    flow::save(archive, "vanishing.point", point_);
    flow::save(archive, "vanishing.best", best_);
    archive.set("vanishing.alpha", alpha_);
    archive.set("vanishing.numbers", std::vector<double>{eps_, scale_, loss_});
    archive.set("vanishing.counters", std::vector<std::int64_t>{reweightings_, done_});
    finish_.save(archive, "vanishing.finish");
  }

  void load(const Archive& archive) override {
    point_ = load_point(archive, "vanishing.point", problem_.start);
    best_ = load_candidate(archive, "vanishing.best", problem_.start);
    alpha_ = archive.get_vector("vanishing.alpha", target_.size());
    const auto numbers = archive.get_doubles("vanishing.numbers", 3);
    eps_ = numbers[0], scale_ = numbers[1], loss_ = numbers[2];
    const auto counters = archive.get_ints("vanishing.counters", 2);
    reweightings_ = static_cast<int>(counters[0]), done_ = counters[1] != 0;
    finish_.load(archive, "vanishing.finish", problem_.start);
  }

 private:
  Matrix to_matrix(const Vector& values) const {
    Matrix w = Matrix::Zero(problem_.start.num_rows(), problem_.start.num_columns());
    for (Index k = 0; k < values.size(); ++k) w(entries_.row[k], entries_.column[k]) = values[k];
    return w;
  }

  // Singular values from eps on (all of them at the first call, when scale_ is 0).
  void decompose(const Matrix& w) {
    const Svd<double> parts = svd<double>(w);
    const double least = scale_ > 0 ? eps_ : parts.s[0] * (1 - 1e-12);
    const Index kept = (parts.s.array() > least).count();
    tail_ = parts.s;
    point_ = problem_.start;
    point_.u = parts.u.leftCols(kept);
    point_.v = parts.v.leftCols(kept);
    point_.s = parts.s.head(kept);
    full_u_ = parts.u;
    full_v_ = parts.v;
  }

  // H with every value below eps treated as eps, relative to its largest entry: (q + 1) x (q + 1), the last line for
  // all directions outside.
  struct Weights {
    Matrix within;   // [H_ab - h_a - h_b + h_out], a, b <= q
    Vector across;   // h_a - h_out
    double outside;  // h_out
  };
  Weights weights() const {
    const Index q = point_.width();
    Vector s(q + 1);
    s << point_.s, eps_;
    const Matrix h = coupling(s, problem_.options.depth) / coupling(s.head(1), problem_.options.depth)(0, 0);
    Weights w{h.topLeftCorner(q, q), h.topRightCorner(q, 1), h(q, q)};
    w.within.colwise() -= w.across;
    w.within.rowwise() -= w.across.transpose();
    w.within.array() += w.outside;
    w.across.array() -= w.outside;
    return w;
  }

  // H applied to the sparse matrix of `values`, without its part h_out R: left v^T + u right^T.
  Tangent weigh(const Weights& w, const Vector& values) const {
    const Index q = point_.width();
    Matrix rv = Matrix::Zero(point_.num_rows(), q), ru = Matrix::Zero(point_.num_columns(), q);
    for (Index k = 0; k < values.size(); ++k) {
      rv.row(entries_.row[k]) += values[k] * point_.v.row(entries_.column[k]);
      ru.row(entries_.column[k]) += values[k] * point_.u.row(entries_.row[k]);
    }
    const Matrix m = point_.u.transpose() * rv;
    return {point_.u * w.within.cwiseProduct(m) + rv * w.across.asDiagonal(), ru * w.across.asDiagonal()};
  }

  Vector on_observations(const Weights& w, const Vector& values) const {
    const Tangent x = weigh(w, values);
    Vector result = w.outside * values;
    for (Index k = 0; k < values.size(); ++k) {
      const Index i = entries_.row[k], j = entries_.column[k];
      result[k] += x.left.row(i).dot(point_.v.row(j)) + point_.u.row(i).dot(x.right.row(j));
    }
    return result;
  }

  // P H P^* alpha = y by conjugate gradients from the last alpha; then the new frame and a smaller eps.
  void reweight() {
    const Weights w = weights();
    Vector r = target_ - on_observations(w, alpha_), p = r;
    double rr = r.squaredNorm();
    const double accuracy = std::min(1.0, eps_ / scale_);
    const double enough = kSolveTolerance * kSolveTolerance * accuracy * accuracy * target_.squaredNorm();
    for (int k = 0; k < kMaxProducts && rr > enough; ++k) {
      const Vector q = on_observations(w, p);
      const double step = rr / p.dot(q);
      if (!std::isfinite(step)) break;
      alpha_ += step * p;
      r -= step * q;
      const double next = r.squaredNorm();
      p = r + next / rr * p;
      rr = next;
    }
    loss_ = .5 * rr;
    const Tangent x = weigh(w, alpha_);
    Matrix matrix = w.outside * to_matrix(alpha_);
    matrix += x.left * point_.v.transpose() + point_.u * x.right.transpose();
    eps_ *= kShrink;
    decompose(matrix);
    scale_ = tail_[0];
  }

  double freedom(Index r) const {
    return static_cast<double>(r * (problem_.train.num_rows() + problem_.train.num_columns() - r)) /
           static_cast<double>(problem_.train.count());
  }

  // Least squares from the rank with the widest gap behind it.
  void try_to_finish() {
    Index rank = 0;
    double widest = kGap;
    for (Index r = 1; r < tail_.size() && r <= problem_.max_rank() && freedom(r) <= kMostFreedom; ++r) {
      const double gap = tail_[r - 1] / std::max(tail_[r], 1e-300);
      if (gap > widest) rank = r, widest = gap;
    }
    if (rank == 0) return;
    Point candidate = problem_.start;
    candidate.u = full_u_.leftCols(rank);
    candidate.v = full_v_.leftCols(rank);
    candidate.s = tail_.head(rank);
    finish_.start(problem_.train, candidate);
  }

  bool finish() {
    finish_.step(problem_.train, problem_.options);
    if (finish_.state() != Finish::State::matched) return true;
    best_ = matched_candidate(problem_, finish_);
    best_.path.strategy = FlowStrategy::vanishing_decay;
    done_ = true;
    return true;
  }

  bool end(const char* message) {
    done_ = true;
    best_.point = problem_.start;
    best_.train_rmse = rmse(problem_.train, value_at(problem_.train, best_.point));
    best_.validation_rmse = problem_.validation_rmse(best_.point);
    best_.path.strategy = FlowStrategy::vanishing_decay;
    best_.stop = Stop::converged;
    best_.message = message;
    return false;
  }

  Problem problem_;
  EntryList<double> entries_;
  Vector target_, alpha_;
  Point point_;  // singular values from eps on
  Vector tail_;  // all singular values
  Matrix full_u_, full_v_;
  double eps_ = 0, scale_ = 0, loss_ = kNaN;
  int reweightings_ = 0;
  bool done_ = false;
  Finish finish_;
  Candidate best_;
};

}  // namespace

std::unique_ptr<Path> make_vanishing_decay(const Problem& problem) {
  return std::make_unique<VanishingDecay>(problem);
}

}  // namespace rankflow::flow
