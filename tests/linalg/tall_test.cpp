// Products and bases of tall matrices, also where the fast way of finding a basis does not work.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/tall.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

constexpr double kRoundOff = 1e-12;

Matrix random_matrix(Index rows, Index columns, std::uint64_t seed) {
  Rng rng(seed, rows, columns);
  Matrix a(rows, columns);
  for (Index k = 0; k < a.size(); ++k) a.data()[k] = rng.normal();
  return a;
}

void expect_qr(const Matrix& a) {
  Matrix q = a, r;
  tall_qr(q, r);
  EXPECT_LT((q * r - a).norm(), kRoundOff * std::max(1.0, a.norm()));
  EXPECT_LT((q.transpose() * q - Matrix::Identity(a.cols(), a.cols())).norm(), kRoundOff);
  EXPECT_EQ(r.triangularView<Eigen::StrictlyLower>().toDenseMatrix().norm(), 0);
}

TEST(TallQr, IsOrthogonalForColumnsOfVeryDifferentLengths) {
  Matrix a = random_matrix(3000, 12, 1);
  for (Index k = 0; k < 12; ++k) a.col(k) *= std::pow(10.0, -static_cast<double>(k));
  expect_qr(a);
}

TEST(TallQr, FallsBackForDependentAndZeroColumns) {
  Matrix a = random_matrix(3000, 8, 2);
  a.col(3) = a.col(1) + 1e-9 * a.col(2);
  expect_qr(a);
  a.col(5).setZero();
  expect_qr(a);
  expect_qr(Matrix::Zero(2000, 3));
}

TEST(TallQr, OfShortMatricesWorks) {
  expect_qr(random_matrix(9, 9, 3));
}

TEST(TallProducts, AgreeWithPlainProductsAndDoNotDependOnThreads) {
  const Matrix a = random_matrix(5000, 7, 4), b = random_matrix(5000, 5, 5), c = random_matrix(5, 7, 6);
  const auto all = [&] {
    Matrix rest = a;
    subtract_product(rest, b, c);
    return std::tuple(transpose_times(a, b), times(b, c), rest);
  };
  set_num_threads(1);
  const auto one = all();
  set_num_threads(2);
  EXPECT_EQ(one, all());
  EXPECT_LT((std::get<0>(one) - a.transpose() * b).norm(), kRoundOff * 1e3);
  EXPECT_LT((std::get<1>(one) - b * c).norm(), kRoundOff * 1e3);
  EXPECT_LT((std::get<2>(one) - (a - b * c)).norm(), kRoundOff * 1e3);
}

}  // namespace
}  // namespace rankflow
