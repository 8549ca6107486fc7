// Instruments that compare the end matrix with what is known: the truth, lists of entries, single entries.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "instrument/catalogue.h"
#include "rankflow/error.h"

namespace rankflow {
namespace {

using Made = InstrumentKind::Made;

std::shared_ptr<const Matrix> truth_of(const InstrumentRequest& request) {
  const Matrix& truth = request.reference.truth;
  if (truth.size() == 0) request.lacks("the true matrix");
  if (truth.rows() != request.num_rows || truth.cols() != request.num_columns)
    throw OptionError(fmt::format("the true matrix is {} x {}, expected {} x {}", truth.rows(), truth.cols(),
                                  request.num_rows, request.num_columns));
  return std::make_shared<Matrix>(truth);
}

Made reconstruction_error(const InstrumentRequest& request) {
  return {{request.name}, [truth = truth_of(request)](Snapshot& snapshot, std::vector<double>& out) {
            const double squares = (snapshot.end_matrix() - *truth).squaredNorm();
            out.push_back(squares / static_cast<double>(truth->size()));
          }};
}

Made relative_error(const InstrumentRequest& request) {
  return {{request.name}, [truth = truth_of(request)](Snapshot& snapshot, std::vector<double>& out) {
            out.push_back((snapshot.end_matrix() - *truth).norm() / truth->norm());
          }};
}

void check_positions(const InstrumentRequest& request, Index row, Index column) {
  if (row >= 0 && row < request.num_rows && column >= 0 && column < request.num_columns) return;
  throw OptionError(fmt::format("an entry ({}, {}) of the reference lies outside a {} x {} matrix", row, column,
                                request.num_rows, request.num_columns));
}

// Mean square difference to listed entries.
Made error_on(const InstrumentRequest& request, const EntryList<double>& given, const std::string& what) {
  if (given.count() == 0) request.lacks(what);
  for (Index k = 0; k < given.count(); ++k) check_positions(request, given.row[k], given.column[k]);
  const auto entries = std::make_shared<EntryList<double>>(given);
  return {{request.name}, [entries](Snapshot& snapshot, std::vector<double>& out) {
            const Matrix& w = snapshot.end_matrix();
            double squares = 0;
            for (Index k = 0; k < entries->count(); ++k) {
              const double difference = w(entries->row[k], entries->column[k]) - entries->value[k];
              squares += difference * difference;
            }
            out.push_back(squares / static_cast<double>(entries->count()));
          }};
}

Made unobserved_entries(const InstrumentRequest& request) {
  const Reference& reference = request.reference;
  if (reference.observed.empty() && reference.train.count() == 0) request.lacks("the list of observed entries");
  Matrix mask = Matrix::Ones(request.num_rows, request.num_columns);
  for (const auto& [i, j] : reference.observed) {
    check_positions(request, i, j);
    mask(i, j) = 0;
  }
  for (Index k = 0; reference.observed.empty() && k < reference.train.count(); ++k) {
    check_positions(request, reference.train.row[k], reference.train.column[k]);
    mask(reference.train.row[k], reference.train.column[k]) = 0;
  }
  const double count = mask.sum();
  if (count == 0) request.lacks("an entry that is not observed");
  return {{"unobserved_rms", "unobserved_max"},
          [mask = std::make_shared<Matrix>(std::move(mask)), count](Snapshot& snapshot, std::vector<double>& out) {
            const Matrix outside = snapshot.end_matrix().cwiseProduct(*mask);
            out.insert(out.end(), {std::sqrt(outside.squaredNorm() / count), outside.cwiseAbs().maxCoeff()});
          }};
}

std::string entry_name(Index i, Index j) {
  return fmt::format("w_{}_{}", i, j);
}

Made entry(const InstrumentRequest& request) {
  const auto [i, j] = request.position();
  return {{entry_name(i, j)},
          [i = i, j = j](Snapshot& snapshot, std::vector<double>& out) { out.push_back(snapshot.end_matrix()(i, j)); }};
}

Made all_entries(const InstrumentRequest& request) {
  constexpr Index kMost = 100;
  if (request.num_rows * request.num_columns > kMost)
    throw OptionError(fmt::format("end_matrix writes every entry, and {} x {} are more than {}", request.num_rows,
                                  request.num_columns, kMost),
                      "ask for single entries: entry:0,0");
  Made made;
  for (Index i = 0; i < request.num_rows; ++i)
    for (Index j = 0; j < request.num_columns; ++j) made.columns.push_back(entry_name(i, j));
  made.measure = [](Snapshot& snapshot, std::vector<double>& out) {
    const Matrix& w = snapshot.end_matrix();
    out.insert(out.end(), w.data(), w.data() + w.size());
  };
  return made;
}

}  // namespace

std::vector<InstrumentKind> error_instruments() {
  return {
      {"reconstruction_error", "",
       "||W - W*||_F^2 / (rows columns): mean square over all entries, observed ones included (the test error of Arora "
       "et al. 2019)",
       reconstruction_error},
      {"relative_error", "", "||W - W*||_F / ||W*||_F", relative_error},
      {"train_error", "", "mean square of W - y over the entries of the training list",
       [](const InstrumentRequest& request) {
         return error_on(request, request.reference.train, "a list of training entries");
       }},
      {"test_error", "", "mean square of W - y over the entries of the test list",
       [](const InstrumentRequest& request) {
         return error_on(request, request.reference.test, "a list of test entries");
       }},
      {"unobserved_entries", "",
       "root mean square and largest absolute value of W over the entries that are not observed", unobserved_entries},
      {"entry", ":i,j", "W_ij, counted from 0", entry},
      {"end_matrix", "", "every entry of W, row by row; for at most 100 of them", all_entries},
  };
}

}  // namespace rankflow
