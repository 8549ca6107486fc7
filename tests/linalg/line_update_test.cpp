// One Gibbs update of a line agrees with textbook linear algebra, for every instruction set of this processor.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/line_update.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>

#include "base/processor.h"
#include "linalg/aligned.h"
#include "rankflow/rng.h"

namespace rankflow {
namespace {

template <class T>
struct Problem {
  Problem(int d, Index count, bool weighted, std::uint64_t seed) : dimension(d), stride(line_stride<T>(d)) {
    Rng rng(seed);
    const Index lines = 50;
    design = AlignedRows<T>(lines, d, stride);
    for (Index j = 0; j < lines; ++j)
      for (int k = 0; k < d; ++k) design.row(j)[k] = static_cast<T>(rng.normal());
    for (Index j = 0; j < lines; ++j) precision.push_back(static_cast<T>(0.5 + rng.uniform()));
    for (Index k = 0; k < count; ++k) {
      other.push_back(static_cast<std::int32_t>(rng.below(lines)));
      value.push_back(static_cast<T>(3 + 2 * rng.normal()));
      if (weighted) weight.push_back(static_cast<T>(0.1 + rng.uniform()));
    }
    Matrix root(d, d);
    for (Index i = 0; i < root.size(); ++i) root.data()[i] = rng.normal();
    lambda = root * root.transpose() + 0.5 * Matrix::Identity(d, d);
    prior_mean = Vector(d);
    normals = Vector(d);
    for (int k = 0; k < d; ++k) {
      prior_mean[k] = rng.normal();
      normals[k] = rng.normal();
    }
  }

  // mean = P^-1 h, draw = mean + R^-1 z with P = R^T R.
  void textbook(Vector& mean, Vector& draw, double& squares) const {
    Matrix p = lambda;
    Vector h = lambda * prior_mean;
    for (std::size_t k = 0; k < value.size(); ++k) {
      const double w = scale * precision[other[k]] * (weight.empty() ? 1.0 : static_cast<double>(weight[k]));
      const Vector c = row(other[k]);
      p += w * c * c.transpose();
      h += w * target(k) * c;
    }
    const Eigen::LLT<Eigen::MatrixXd> llt{Eigen::MatrixXd(p)};
    mean = llt.solve(h);
    draw = mean + llt.matrixU().solve(normals);
    squares = 0;
    for (std::size_t k = 0; k < value.size(); ++k) {
      const double w = precision[other[k]] * (weight.empty() ? 1.0 : static_cast<double>(weight[k]));
      squares += w * std::pow(target(k) - row(other[k]).dot(draw), 2);
    }
  }

  double kernel(Vector& mean, Vector& draw) const {
    AlignedRows<T> prior(stride, stride, stride), rhs(1, dimension, stride), z(1, dimension, stride),
        out(2, dimension, stride);
    for (int i = 0; i < stride; ++i)
      for (int j = 0; j < stride; ++j)
        prior.row(i)[j] = i < dimension && j < dimension ? static_cast<T>(lambda(i, j)) : static_cast<T>(i == j);
    const Vector pull = lambda * prior_mean;
    for (int k = 0; k < dimension; ++k) {
      rhs.row(0)[k] = static_cast<T>(pull[k]);
      z.row(0)[k] = static_cast<T>(normals[k]);
    }
    AlignedVector<T> work(line_update_work(stride));
    LineUpdate<T> in;
    in.dimension = dimension;
    in.stride = stride;
    in.count = static_cast<std::int64_t>(value.size());
    in.other = other.data();
    in.value = value.data();
    in.weight = weight.empty() ? nullptr : weight.data();
    in.center = static_cast<T>(center);
    in.inverse_scale = static_cast<T>(1 / unit);
    in.design = design.data().data();
    in.precision = precision.data();
    in.scale = static_cast<T>(scale);
    in.prior = prior.data().data();
    in.prior_rhs = rhs.row(0);
    in.normals = z.row(0);
    in.mean = out.row(0);
    in.sample = out.row(1);
    in.work = work.data();
    const double squares = line_update<T>()(in);
    mean = out.view().row(0).transpose().template cast<double>();
    draw = out.view().row(1).transpose().template cast<double>();
    for (int k = dimension; k < stride; ++k) {
      EXPECT_EQ(out.row(0)[k], 0) << "padding of the mean";
      EXPECT_EQ(out.row(1)[k], 0) << "padding of the draw";
    }
    return squares;
  }

  Vector row(Index j) const {
    Vector c(dimension);
    c[0] = 1;
    for (int k = 1; k < dimension; ++k) c[k] = design.row(j)[k];
    return c;
  }
  double target(std::size_t k) const {
    return (static_cast<double>(value[k]) - center) / unit - static_cast<double>(design.row(other[k])[0]);
  }

  int dimension, stride;
  double center = 2.5, unit = 1.7, scale = 3;
  AlignedRows<T> design;
  std::vector<T> precision, value, weight;
  std::vector<std::int32_t> other;
  Matrix lambda;
  Vector prior_mean, normals;
};

template <class T>
class LineUpdateOf : public testing::Test {
 public:
  static constexpr double tolerance = std::is_same_v<T, double> ? 1e-11 : 5e-4;  // round-off times condition
  ~LineUpdateOf() override { force_instruction_set(InstructionSet::avx512); }
};
using Scalars = testing::Types<double, float>;
TYPED_TEST_SUITE(LineUpdateOf, Scalars);

TYPED_TEST(LineUpdateOf, AgreesWithTextbookAlgebraForEveryWidthAndInstructionSet) {
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    if (force_instruction_set(set) != set) continue;  // this processor does not run it
    for (const int d : {1, 2, 7, 8, 9, 16, 17, 24, 33, 60, 64, 70})
      for (const Index count : {0, 1, 5, 63, 64, 65, 200}) {
        const Problem<TypeParam> problem(d, count, count % 2 == 1, 100 * d + count);
        Vector mean, draw, expected_mean, expected_draw;
        double expected_squares = 0;
        const double squares = problem.kernel(mean, draw);
        problem.textbook(expected_mean, expected_draw, expected_squares);
        const double size = expected_draw.norm() + expected_mean.norm() + 1;
        ASSERT_LT((mean - expected_mean).norm(), this->tolerance * size) << name(set) << " d " << d << " n " << count;
        ASSERT_LT((draw - expected_draw).norm(), this->tolerance * size) << name(set) << " d " << d << " n " << count;
        ASSERT_NEAR(squares, expected_squares, 20 * this->tolerance * (expected_squares + 1));
      }
  }
}

}  // namespace
}  // namespace rankflow
