// Decompositions give back what went in.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/decompositions.h"

#include <gtest/gtest.h>

#include "base/threads.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

template <class T>
MatrixOf<T> random_matrix(Index rows, Index columns) {
  num_threads();  // one BLAS thread, before the first product
  Rng rng(11, rows, columns);
  MatrixOf<T> a(rows, columns);
  for (Index i = 0; i < a.size(); ++i) a.data()[i] = static_cast<T>(rng.normal());
  return a;
}

template <class T>
class Decompositions : public testing::Test {
 public:
  static constexpr double tolerance = std::is_same_v<T, double> ? 1e-12 : 2e-5;  // round-off at these sizes
};
using Scalars = testing::Types<double, float>;
TYPED_TEST_SUITE(Decompositions, Scalars);

TYPED_TEST(Decompositions, QrGivesBackTheMatrixWithOrthonormalColumns) {
  const MatrixOf<TypeParam> a = random_matrix<TypeParam>(37, 9);
  MatrixOf<TypeParam> q = a, r;
  thin_qr(q, r);
  EXPECT_LT((q * r - a).norm(), this->tolerance * a.norm());
  EXPECT_LT((q.transpose() * q - MatrixOf<TypeParam>::Identity(9, 9)).norm(), this->tolerance);
  EXPECT_EQ(r.template triangularView<Eigen::StrictlyLower>().toDenseMatrix().norm(), 0);
}

TYPED_TEST(Decompositions, SvdGivesBackTallAndWideMatrices) {
  for (const auto& [m, n] : {std::pair<Index, Index>{23, 8}, {8, 23}, {12, 12}}) {
    const MatrixOf<TypeParam> a = random_matrix<TypeParam>(m, n);
    const auto [u, v, s] = svd<TypeParam>(a);
    EXPECT_LT((u * s.asDiagonal() * v.transpose() - a).norm(), this->tolerance * a.norm());
    EXPECT_TRUE(std::is_sorted(s.data(), s.data() + s.size(), std::greater<>()));
  }
}

TEST(DecompositionsOfDoubles, SingularValuesAgreeWithTheFullDecomposition) {
  const Matrix a = random_matrix<double>(14, 6);
  EXPECT_LT((singular_values(a) - svd<double>(a).s).norm(), 1e-12);
}

TEST(DecompositionsOfDoubles, EigenAndCholeskyGiveBackTheMatrix) {
  const Matrix b = random_matrix<double>(9, 9);
  const Matrix a = b * b.transpose();
  const auto [values, vectors] = symmetric_eigen(a);
  EXPECT_LT((vectors * values.asDiagonal() * vectors.transpose() - a).norm(), 1e-12 * a.norm());
  Matrix l = a;
  ASSERT_TRUE(cholesky(l));
  EXPECT_LT((l * l.transpose() - a).norm(), 1e-12 * a.norm());
  Matrix negative = -a;
  EXPECT_FALSE(cholesky(negative));
}

}  // namespace
}  // namespace rankflow
