// Running averages of the posterior's samples.
// SPDX-License-Identifier: Apache-2.0
#include "solver/posterior/averages.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "rankflow/error.h"

namespace rankflow::posterior {
namespace {

constexpr Index kEntriesPerBlock = 4096;
constexpr double kLosesNothing = 1e-4;  // relative validation error a smaller rank may cost
constexpr Index kRankWithoutValidation = 20;

}  // namespace

template <class T>
Averages<T>::Averages(const Observations<T>& train, const EntryList<T>& validation, Index width,
                      std::pair<double, double> range, double center, double scale, std::uint64_t seed)
    : train_(train),
      validation_(validation),
      range_(range),
      center_(center),
      scale_(scale),
      width_(width),
      row_bias_(Vector::Zero(train.num_rows)),
      column_bias_(Vector::Zero(train.num_columns)),
      row_noise_(Vector::Zero(train.num_rows)),
      column_noise_(Vector::Zero(train.num_columns)),
      predicted_(validation.row.size(), 0.0),
      sketch_(train.num_rows, train.num_columns, width, seed),
      probes_(train.num_rows, train.num_columns, seed) {}

template <class T>
void Averages<T>::add(const AlignedRows<T>& rows, const AlignedRows<T>& columns) {
  for (Index i = 0; i < rows.rows(); ++i) row_bias_[i] += 0.5 * static_cast<double>(rows.row(i)[0]);
  for (Index j = 0; j < columns.rows(); ++j) column_bias_[j] += 0.5 * static_cast<double>(columns.row(j)[0]);
  sketch_.add(rows.view(1), columns.view(1), 0.5);
  const Index d = rows.columns();
  parallel_blocks(
      validation_.count(), kEntriesPerBlock,
      [&](Index begin, Index end, Index) {
        for (Index k = begin; k < end; ++k) {
          const T* x = rows.row(validation_.row[k]);
          const T* z = columns.row(validation_.column[k]);
          T sum = x[0] + z[0];
          for (Index a = 1; a < d; ++a) sum += x[a] * z[a];
          predicted_[k] += 0.5 * static_cast<double>(sum);
        }
      },
      static_cast<double>(d));
}

template <class T>
double Averages<T>::clipped(double value) const {
  return range_.first > range_.second ? value : std::clamp(value, range_.first, range_.second);
}

template <class T>
void Averages<T>::end_sample(const Side<T>& rows, const Side<T>& columns, double alpha) {
  ++samples_;
  for (Index i = 0; i < rows.size(); ++i) row_noise_[i] += 1 / static_cast<double>(rows.noise[i]);
  for (Index j = 0; j < columns.size(); ++j) column_noise_[j] += 1 / static_cast<double>(columns.noise[j]);
  noise_ += 1 / alpha;
  probes_.add(rows.vectors, columns.vectors);
  if (validation_.count() == 0) return;
  double squares = 0;
  for (Index k = 0; k < validation_.count(); ++k) {
    const double mean = predicted_[k] / static_cast<double>(samples_);
    const double e = clipped(center_ + scale_ * mean) - static_cast<double>(validation_.value[k]);
    squares += e * e;
  }
  validation_rmse_ = std::sqrt(squares / static_cast<double>(validation_.count()));
}

template <class T>
Index Averages<T>::choose_rank(const LowRankModel& model) const {
  const Index most = model.width();
  if (validation_.count() == 0) return std::min(most, kRankWithoutValidation);
  std::vector<double> squares(most + 1, 0);
  for (Index k = 0; k < validation_.count(); ++k) {
    const Index i = validation_.row[k], j = validation_.column[k];
    double value = model.mean + model.row_bias[i] + model.column_bias[j];
    for (Index r = 0; r <= most; ++r) {
      const double e = clipped(value) - static_cast<double>(validation_.value[k]);
      squares[r] += e * e;
      if (r < most) value += model.u(i, r) * model.s[r] * model.v(j, r);
    }
  }
  const double best = *std::min_element(squares.begin(), squares.end());
  Index rank = 0;
  while (squares[rank] > best * (1 + 2 * kLosesNothing)) ++rank;
  return rank;
}

template <class T>
void Averages<T>::finish(Index keep, PosteriorResult& result) const {
  LowRankModel& model = result.model;
  const double samples = std::max<double>(1, static_cast<double>(samples_));
  model.mean = center_;
  model.row_bias = row_bias_ * (scale_ / samples);
  model.column_bias = column_bias_ * (scale_ / samples);
  auto mean = sketch_.approximation(keep > 0 ? keep : width_, scale_ / samples);
  model.u = std::move(mean.u);
  model.v = std::move(mean.v);
  model.s = std::move(mean.s);
  if (keep == 0) {
    const Index rank = choose_rank(model);
    model.u.conservativeResize(Eigen::NoChange, rank);
    model.v.conservativeResize(Eigen::NoChange, rank);
    model.s.conservativeResize(rank);
  }
  result.kept = model.width();

  PosteriorSpread& spread = result.spread;
  probes_.fit(spread.row_spread, spread.column_spread);
  spread.row_spread *= scale_ * scale_;
  spread.column_spread *= scale_ * scale_;
  spread.row_noise = row_noise_ * (scale_ * scale_ * noise_ / (samples * samples));
  spread.column_noise = column_noise_ / samples;

  const auto rmse = [&](double squares, Index count) {
    return count == 0 ? kNaN : std::sqrt(squares / static_cast<double>(count));
  };
  double squares = 0;
  for (Index k = 0; k < validation_.count(); ++k) {
    const double e =
        clipped(model(validation_.row[k], validation_.column[k])) - static_cast<double>(validation_.value[k]);
    squares += e * e;
  }
  result.validation_rmse = rmse(squares, validation_.count());
  const Lines<T>& rows = train_.by_row;
  squares = parallel_sum(rows.size(), Index{256}, 0.0, [&](Index begin, Index end) {
    double part = 0;
    for (Index i = begin; i < end; ++i)
      for (Index k = rows.begin[i]; k < rows.begin[i + 1]; ++k) {
        const double e = clipped(model(i, rows.other[k])) - static_cast<double>(rows.value[k]);
        part += e * e;
      }
    return part;
  });
  result.train_rmse = rmse(squares, train_.count());
}

template <class T>
void Averages<T>::save(Archive& archive) const {
  archive.set("averages.samples", static_cast<std::int64_t>(samples_));
  archive.set("averages.row_bias", row_bias_);
  archive.set("averages.column_bias", column_bias_);
  archive.set("averages.row_noise", row_noise_);
  archive.set("averages.column_noise", column_noise_);
  archive.set("averages.noise", noise_);
  archive.set("averages.validation_rmse", validation_rmse_);
  archive.set("averages.predicted", predicted_);
  sketch_.save(archive, "averages.sketch.");
  probes_.save(archive, "averages.probes.");
}

template <class T>
void Averages<T>::load(const Archive& archive) {
  samples_ = archive.get_int("averages.samples");
  row_bias_ = archive.get_vector("averages.row_bias", row_bias_.size());
  column_bias_ = archive.get_vector("averages.column_bias", column_bias_.size());
  row_noise_ = archive.get_vector("averages.row_noise", row_noise_.size());
  column_noise_ = archive.get_vector("averages.column_noise", column_noise_.size());
  noise_ = archive.get_double("averages.noise");
  validation_rmse_ = archive.get_double("averages.validation_rmse");
  predicted_ = archive.get_doubles("averages.predicted", static_cast<Index>(predicted_.size()));
  sketch_.load(archive, "averages.sketch.");
  probes_.load(archive, "averages.probes.");
}

template class Averages<double>;
template class Averages<float>;

}  // namespace rankflow::posterior
