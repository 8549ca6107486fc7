// Instruments that compare the end tensor with what is known: the truth, the observations, cells that judge.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "instrument/tensor_catalogue.h"
#include "rankflow/dense_array.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using Made = TensorInstrumentKind::Made;

std::shared_ptr<const Vector> truth_of(const TensorInstrumentRequest& request) {
  request.require_cells();
  if (request.reference().truth.size() == 0) request.lacks("the true tensor");
  return std::make_shared<Vector>(request.reference().truth);
}

Made relative_error(const TensorInstrumentRequest& request) {
  return {{request.name}, [truth = truth_of(request)](TensorSnapshot& snapshot, std::vector<double>& out) {
            out.push_back((snapshot.cells() - *truth).norm() / truth->norm());
          }};
}

Made reconstruction_error(const TensorInstrumentRequest& request) {
  return {{request.name}, [truth = truth_of(request)](TensorSnapshot& snapshot, std::vector<double>& out) {
            out.push_back((snapshot.cells() - *truth).squaredNorm() / static_cast<double>(truth->size()));
          }};
}

double model_entry(TensorSnapshot& snapshot, const std::vector<std::int32_t>& index) {
  return snapshot.cp() != nullptr ? snapshot.cp()->entry(index) : snapshot.tree()->entry(index);
}

// Mean of (x - y)^2 over listed cells.
template <class Values>
double mean_square_on(TensorSnapshot& snapshot, const std::vector<std::vector<std::int32_t>>& index,
                      const Values& value) {
  std::vector<std::int32_t> at(index.size());
  double squares = 0;
  for (std::size_t k = 0; k < value.size(); ++k) {
    for (std::size_t n = 0; n < at.size(); ++n) at[n] = index[n][k];
    const double difference = model_entry(snapshot, at) - value[k];
    squares += difference * difference;
  }
  return squares / static_cast<double>(value.size());
}

// <A, T> for A = a^1 o ... o a^N: the last mode is summed out, then the one before.
double product_with(const Vector& cells, const std::vector<Matrix>& vectors, Index k) {
  Vector left = cells;
  for (std::size_t n = vectors.size(); n-- > 0;) {
    const Index size = vectors[n].cols();
    left = (Eigen::Map<const Matrix>(left.data(), left.size() / size, size) * vectors[n].row(k).transpose()).eval();
  }
  return left[0];
}

double mean_square_of_measurements(TensorSnapshot& snapshot, const TensorProblem<double>& problem) {
  double squares = 0;
  for (Index k = 0; k < problem.count(); ++k) {
    const double x = problem.measurement == TensorMeasurement::dense
                         ? problem.tensors.row(k).dot(snapshot.cells())
                         : product_with(snapshot.cells(), problem.vectors, k);
    squares += (x - problem.value[k]) * (x - problem.value[k]);
  }
  return squares / static_cast<double>(problem.count());
}

Made train_error(const TensorInstrumentRequest& request) {
  const TensorProblem<double>* problem = request.reference().observed;
  if (problem == nullptr) request.lacks("the observations");
  if (problem->measurement != TensorMeasurement::entries) request.require_cells();
  return {{request.name}, [problem](TensorSnapshot& snapshot, std::vector<double>& out) {
            out.push_back(problem->measurement == TensorMeasurement::entries
                              ? mean_square_on(snapshot, problem->index, problem->value)
                              : mean_square_of_measurements(snapshot, *problem));
          }};
}

Made test_error(const TensorInstrumentRequest& request) {
  const auto test = std::make_shared<const TensorEntries>(request.reference().test);
  if (test->value.empty()) request.lacks("a list of test cells");
  return {{request.name}, [test](TensorSnapshot& snapshot, std::vector<double>& out) {
            out.push_back(mean_square_on(snapshot, test->index, test->value));
          }};
}

// The observed cells with zeros elsewhere: what is not learned at all.
Vector observed_cells(const TensorProblem<double>& problem) {
  const std::vector<Index> stride = strides(problem.shape);
  Vector cells = Vector::Zero(count_cells(problem.shape));
  for (Index k = 0; k < problem.count(); ++k) {
    Index cell = 0;
    for (Index n = 0; n < problem.order(); ++n) cell += stride[n] * problem.index[n][k];
    cells[cell] = problem.value[k];
  }
  return cells;
}

Made linear_rank(const TensorInstrumentRequest& request) {
  request.require_cells();
  const TensorProblem<double>* problem = request.reference().observed;
  if (problem == nullptr || problem->measurement != TensorMeasurement::entries) request.lacks("observed cells");
  const double tolerance = request.positive(0, 1e-6);
  const auto known = std::make_shared<double>(kNaN);  // it is the same at every record
  return {{request.name}, [problem, tolerance, known](TensorSnapshot&, std::vector<double>& out) {
            if (std::isnan(*known))
              *known = static_cast<double>(estimate_tensor_rank(observed_cells(*problem), problem->shape, tolerance));
            out.push_back(*known);
          }};
}

}  // namespace

std::vector<TensorInstrumentKind> tensor_error_instruments() {
  return {
      {"relative_error", "",
       "||T - T*|| / ||T*||, Frobenius norms over all cells: the reconstruction error of Razin, Maman and Cohen",
       relative_error},
      {"reconstruction_error", "", "||T - T*||^2 / number of cells: mean square over all cells, observed ones included",
       reconstruction_error},
      {"train_error", "", "mean square of <A_k, T> - y_k, also where the loss is another", train_error},
      {"test_error", "", "mean square of T - y over the cells of the test list", test_error},
      {"linear_rank", "[:tolerance]",
       "tensor_rank of the observed cells with zeros elsewhere, the baseline of Razin and Cohen 2020 (its error is the "
       "run's number linear_error)",
       linear_rank},
  };
}

}  // namespace rankflow
