// Problems with known answers for the tests of the flow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "linalg/decompositions.h"
#include "rankflow/flow.h"
#include "rankflow/rng.h"

namespace rankflow::test {

inline Matrix normal_matrix(Index rows, Index columns, std::uint64_t seed) {
  Rng rng(seed, rows, columns);
  Matrix a(rows, columns);
  for (Index k = 0; k < a.size(); ++k) a.data()[k] = rng.normal();
  return a;
}

/// U V^T scaled to root mean square 1.
inline Matrix low_rank_matrix(Index rows, Index columns, Index rank, std::uint64_t seed) {
  Matrix w = normal_matrix(rows, rank, seed) * normal_matrix(columns, rank, seed + 1).transpose();
  return w * (std::sqrt(static_cast<double>(w.size())) / w.norm());
}

/// `count` cells of w, uniformly without replacement; count = w.size(): all of them.
template <class T = double>
EntryList<T> sample(const Matrix& w, Index count, std::uint64_t seed) {
  std::vector<Index> cells(static_cast<std::size_t>(w.size()));
  for (std::size_t k = 0; k < cells.size(); ++k) cells[k] = static_cast<Index>(k);
  Rng rng(seed, 0x5A3);
  EntryList<T> list;
  for (Index k = 0; k < count; ++k) {
    std::swap(cells[k], cells[k + static_cast<Index>(rng.below(static_cast<std::uint64_t>(w.size() - k)))]);
    list.row.push_back(static_cast<std::int32_t>(cells[k] / w.cols()));
    list.column.push_back(static_cast<std::int32_t>(cells[k] % w.cols()));
    list.value.push_back(static_cast<T>(w.data()[cells[k]]));
  }
  return list;
}

/// A model with random orthonormal directions and the given sizes.
inline LowRankModel random_model(Index rows, Index columns, const Vector& s, std::uint64_t seed) {
  LowRankModel model;
  Matrix unused;
  model.u = normal_matrix(rows, s.size(), seed);
  model.v = normal_matrix(columns, s.size(), seed + 1);
  thin_qr(model.u, unused);
  thin_qr(model.v, unused);
  model.s = s;
  model.row_bias = Vector::Zero(rows);
  model.column_bias = Vector::Zero(columns);
  return model;
}

inline Matrix product(const LowRankModel& model) {
  return model.u * model.s.asDiagonal() * model.v.transpose();
}

/// The reference problem of the matrix experiments: 100 x 100 of rank 5 (Frobenius norm 100). The file has numbers of
/// single precision in their shortest form, so each is rounded to that first.
inline Matrix reference_matrix() {
  std::ifstream file(std::string(RANKFLOW_TEST_DATA) + "/a2_gt_100x100_rank5.csv");
  Matrix w(100, 100);
  std::string line, cell;
  for (Index i = 0; i < 100 && std::getline(file, line); ++i) {
    std::stringstream cells(line);
    for (Index j = 0; j < 100 && std::getline(cells, cell, ','); ++j) w(i, j) = static_cast<double>(std::stof(cell));
  }
  return w;
}

/// Its 2,000 observed entries.
inline EntryList<double> reference_entries(const Matrix& w) {
  std::ifstream file(std::string(RANKFLOW_TEST_DATA) + "/a2_obs_2000.csv");
  EntryList<double> list;
  std::string line;
  while (std::getline(file, line)) {
    int i = 0, j = 0;
    if (std::sscanf(line.c_str(), "%d,%d", &i, &j) != 2) continue;  // a header
    list.row.push_back(i);
    list.column.push_back(j);
    list.value.push_back(w(i, j));
  }
  return list;
}

}  // namespace rankflow::test
