// Matrices made by a rule: low rank, given spectrum, one hole.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/matrix_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "linalg/decompositions.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::experiment {
namespace {

constexpr std::uint64_t kStreamLeft = 0x4C, kStreamRight = 0x52;

// U V^T / sqrt(r), scaled (Arora et al. 2019, the published code).
Matrix low_rank(const DataOptions& o) {
  if (o.symmetric && o.rows != o.columns) throw OptionError("data.symmetric = true: rows and columns have to be equal");
  const Matrix u = normal_matrix(o.rows, o.rank, o.seed, kStreamLeft);
  const Matrix v = o.symmetric ? u : normal_matrix(o.columns, o.rank, o.seed, kStreamRight);
  Matrix w = u * v.transpose();
  w *= o.norm / w.norm();
  return w;
}

Matrix random_orthogonal(Index size, std::uint64_t seed, std::uint64_t stream) {
  Matrix q = normal_matrix(size, size, seed, stream), r;
  thin_qr(q, r);
  // With the signs of R's diagonal taken off, Q is uniformly distributed (Mezzadri 2007).
  for (Index k = 0; k < size; ++k)
    if (r(k, k) < 0) q.col(k) *= -1;
  return q;
}

std::vector<double> parse_values(const std::string& text) {
  std::istringstream words(text);
  std::vector<double> values;
  for (double value = 0; words >> value;) values.push_back(value);
  if (values.empty() || !words.eof())
    throw OptionError(fmt::format("data.values = '{}': expected a list of numbers", text));
  return values;
}

Matrix from_spectrum(const DataOptions& o) {
  const std::vector<double> values = parse_values(o.values);
  const Index size = std::min(o.rows, o.columns);
  if (static_cast<Index>(values.size()) > size)
    throw OptionError(fmt::format("data.values: {} numbers for a {} x {} matrix", values.size(), o.rows, o.columns));
  Matrix middle = Matrix::Zero(o.rows, o.columns);
  for (std::size_t k = 0; k < values.size(); ++k) middle(static_cast<Index>(k), static_cast<Index>(k)) = values[k];
  if (!o.rotated) return middle;
  const Matrix left = random_orthogonal(o.rows, o.seed, kStreamLeft);
  const Matrix right = o.symmetric ? left : random_orthogonal(o.columns, o.seed, kStreamRight);
  Matrix w = left * middle * right.transpose();
  if (o.symmetric) w = (0.5 * (w + w.transpose())).eval();  // symmetric to the last bit
  return w;
}

// ( * z ; z' eps ), and ones on the rest of the diagonal (Razin and Cohen 2020); shifted so that the hole is elsewhere.
Matrix corner(const DataOptions& o) {
  if (o.rows < 2 || o.columns < 2) throw OptionError("data.kind = corner: at least 2 rows and 2 columns are needed");
  if (o.hole_row >= o.rows || o.hole_column >= o.columns)
    throw OptionError(fmt::format("data.hole_row, hole_column = {}, {}: outside the {} x {} matrix", o.hole_row,
                                  o.hole_column, o.rows, o.columns));
  Matrix w = Matrix::Zero(o.rows, o.columns);
  const auto at = [&](Index i, Index j) -> double& {
    return w((i + o.hole_row) % o.rows, (j + o.hole_column) % o.columns);
  };
  at(0, 1) = o.z;
  at(1, 0) = o.z_prime;
  at(1, 1) = o.epsilon;
  for (Index k = 2; k < std::min(o.rows, o.columns); ++k) at(k, k) = 1;
  return w;
}

}  // namespace

Matrix normal_matrix(Index rows, Index columns, std::uint64_t seed, std::uint64_t stream) {
  Matrix made(rows, columns);
  for (Index i = 0; i < rows; ++i) {
    Rng rng(seed, stream, static_cast<std::uint64_t>(i));
    for (Index j = 0; j < columns; ++j) made(i, j) = rng.normal();
  }
  return made;
}

EntryList<double> all_entries(const Matrix& matrix) {
  EntryList<double> list;
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j) {
      list.row.push_back(static_cast<std::int32_t>(i));
      list.column.push_back(static_cast<std::int32_t>(j));
      list.value.push_back(matrix(i, j));
    }
  return list;
}

MatrixSource make_matrix(const DataOptions& o) {
  if (o.kind == DataKind::file) return read_matrix(o);
  MatrixSource source;
  source.rows = o.rows;
  source.columns = o.columns;
  source.truth = o.kind == DataKind::low_rank   ? low_rank(o)
                 : o.kind == DataKind::spectrum ? from_spectrum(o)
                                                : corner(o);
  source.known = all_entries(source.truth);
  if (o.kind == DataKind::corner) {
    const auto hole = static_cast<std::ptrdiff_t>(o.hole_row * o.columns + o.hole_column);
    source.known.row.erase(source.known.row.begin() + hole);
    source.known.column.erase(source.known.column.begin() + hole);
    source.known.value.erase(source.known.value.begin() + hole);
    source.truth_is_whole = false;
  }
  return source;
}

}  // namespace rankflow::experiment
