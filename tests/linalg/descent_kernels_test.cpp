// The kernels of gradient descent against plain loops, for every instruction set that this processor runs.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/processor.h"
#include "base/threads.h"
#include "linalg/aligned.h"
#include "linalg/entry_pass.h"
#include "linalg/matrix_product.h"
#include "linalg/vector_passes.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::normal_matrix;

template <class T>
double tolerance(Index terms) {  // round-off of a sum of that many numbers of size one
  return 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(terms + 1);
}

template <class T>
AlignedRows<T> padded(const Matrix& a) {
  constexpr Index line = 64 / sizeof(T);
  AlignedRows<T> rows(a.rows(), a.cols(), (a.cols() + line - 1) / line * line);
  rows.view() = a.cast<T>();
  return rows;
}

// Runs `check` with every instruction set, narrowest first, and leaves the widest.
template <class Check>
void with_every_set(Check check) {
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    SCOPED_TRACE(name(force_instruction_set(set)));
    check();
  }
}

template <class T>
void check_product(Index m, Index n, Index k, bool a_transposed, bool b_transposed) {
  SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k << (a_transposed ? " a^T" : "")
                                  << (b_transposed ? " b^T" : ""));
  const Matrix a = normal_matrix(m, k, 1).cast<T>().template cast<double>();
  const Matrix b = normal_matrix(k, n, 2).cast<T>().template cast<double>();
  const AlignedRows<T> left = padded<T>(a_transposed ? Matrix(a.transpose()) : a);
  const AlignedRows<T> right = padded<T>(b_transposed ? Matrix(b.transpose()) : b);
  AlignedRows<T> c = padded<T>(Matrix::Zero(m, n));
  multiply(MatrixProduct<T>{.a = left.row(0),
                            .a_row = a_transposed ? 1 : left.stride(),
                            .a_column = a_transposed ? left.stride() : 1,
                            .b = right.row(0),
                            .b_row = right.stride(),
                            .b_transposed = b_transposed,
                            .c = c.row(0),
                            .c_row = c.stride(),
                            .m = m,
                            .n = n,
                            .k = k});
  const Matrix wanted = a * b;
  EXPECT_LT((c.view().template cast<double>() - wanted).cwiseAbs().maxCoeff(), tolerance<T>(k));
  for (Index i = 0; i < m; ++i)
    for (Index j = n; j < c.stride(); ++j) ASSERT_EQ(c.row(i)[j], T(0)) << "the padding has to stay 0";
}

TEST(MatrixProduct, AgreesWithThePlainProductForAllShapesAndLayouts) {
  with_every_set([] {
    for (const auto& [m, n, k] : std::vector<std::array<Index, 3>>{
             {1, 1, 1}, {7, 5, 3}, {16, 16, 16}, {100, 100, 100}, {33, 70, 300}, {130, 17, 257}, {9, 129, 64}})
      for (const bool a : {false, true})
        for (const bool b : {false, true}) {
          check_product<double>(m, n, k, a, b);
          check_product<float>(m, n, k, a, b);
        }
  });
  check_product<float>(530, 520, 515, true, false);  // through BLAS
  check_product<double>(530, 520, 515, false, true);
}

// Rows as long as whole cache lines, but starting one number behind one.
TEST(MatrixProduct, MayStartAnywhere) {
  constexpr Index m = 21, n = 48, k = 32;
  const Matrix a = normal_matrix(m, k, 1).cast<float>().cast<double>();
  const Matrix b = normal_matrix(k, n, 2).cast<float>().cast<double>();
  with_every_set([&] {
    for (const bool transposed : {false, true}) {
      const Matrix b_stored = transposed ? Matrix(b.transpose()) : b;
      AlignedVector<float> left(1 + m * k), right(1 + k * n), out(1 + m * n + 16, 7.0F);
      Eigen::Map<MatrixOf<float>>(left.data() + 1, m, k) = a.cast<float>();
      Eigen::Map<MatrixOf<float>>(right.data() + 1, b_stored.rows(), b_stored.cols()) = b_stored.cast<float>();
      multiply(MatrixProduct<float>{.a = left.data() + 1,
                                    .a_row = k,
                                    .b = right.data() + 1,
                                    .b_row = b_stored.cols(),
                                    .b_transposed = transposed,
                                    .c = out.data() + 1,
                                    .c_row = n,
                                    .m = m,
                                    .n = n,
                                    .k = k});
      const Matrix found = Eigen::Map<MatrixOf<float>>(out.data() + 1, m, n).cast<double>();
      EXPECT_LT((found - a * b).cwiseAbs().maxCoeff(), tolerance<float>(k));
      EXPECT_EQ(out.front(), 7);  // nothing is written before or behind
      EXPECT_EQ(out[1 + m * n], 7);
    }
  });
}

TEST(MatrixProduct, GivesTheSameBitsForAnyNumberOfThreads) {
  const AlignedRows<float> a = padded<float>(normal_matrix(500, 300, 1)), b = padded<float>(normal_matrix(300, 400, 2));
  std::vector<AlignedRows<float>> results;
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    results.push_back(padded<float>(Matrix::Zero(500, 400)));
    multiply(MatrixProduct<float>{.a = a.row(0),
                                  .a_row = a.stride(),
                                  .b = b.row(0),
                                  .b_row = b.stride(),
                                  .c = results.back().row(0),
                                  .c_row = results.back().stride(),
                                  .m = 500,
                                  .n = 400,
                                  .k = 300});
  }
  set_num_threads(0);
  EXPECT_EQ(results[0].data(), results[1].data());
  EXPECT_EQ(results[0].data(), results[2].data());
}

template <class T>
void check_entry_pass(Index width, double delta, bool weighted) {
  const Index rows = 9, columns = 12;
  const Matrix left = normal_matrix(rows, width, 1).cast<T>().template cast<double>();
  const Matrix right = normal_matrix(columns, width, 2).cast<T>().template cast<double>();
  // Row 2 is empty, row 3 has more entries than a chunk would have if columns repeated.
  std::vector<Index> begin = {0};
  std::vector<std::int32_t> other;
  std::vector<T> value, weight;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j)
      for (int copy = 0; copy < (i == 3 ? 7 : 1); ++copy) {
        if (i == 2 || (i + 2 * j) % 3 == 0) continue;
        other.push_back(static_cast<std::int32_t>(j));
        value.push_back(static_cast<T>(.5 * static_cast<double>(j - i)));
        weight.push_back(static_cast<T>(1 + (i + j) % 2));
      }
    begin.push_back(static_cast<Index>(other.size()));
  }
  const AlignedRows<T> x = padded<T>(left), y = padded<T>(right);
  AlignedRows<T> out = padded<T>(Matrix::Ones(rows, width));
  std::vector<T> slope(other.size());
  const double cost = entry_kernels<T>().pass({begin.data(),
                                               other.data(),
                                               value.data(),
                                               weighted ? weight.data() : nullptr,
                                               0,
                                               rows,
                                               x.stride(),
                                               x.row(0),
                                               y.row(0),
                                               slope.data(),
                                               out.row(0),
                                               {delta, .25}});
  double wanted_cost = 0;
  Matrix wanted = Matrix::Zero(rows, width);
  for (Index i = 0; i < rows; ++i)
    for (Index k = begin[i]; k < begin[i + 1]; ++k) {
      const double r = left.row(i).dot(right.row(other[k])) - static_cast<double>(value[k]);
      const double w = weighted ? static_cast<double>(weight[k]) : 1;
      const bool outside = delta > 0 && std::abs(r) > delta;
      wanted_cost += w * (outside ? delta * (2 * std::abs(r) - delta) : r * r);
      const double step = .25 * w * (outside ? std::copysign(delta, r) : r);
      EXPECT_NEAR(static_cast<double>(slope[k]), step, 20 * tolerance<T>(width));
      wanted.row(i) += step * right.row(other[k]);
    }
  EXPECT_NEAR(cost, wanted_cost, wanted_cost * 20 * tolerance<T>(width));
  EXPECT_LT((out.view().template cast<double>() - wanted).cwiseAbs().maxCoeff(), 400 * tolerance<T>(width));

  // The same entries from the other side: line i collects rows of y with the slopes found.
  std::vector<std::int32_t> position(other.size());
  for (std::size_t k = 0; k < position.size(); ++k) position[k] = static_cast<std::int32_t>(k);
  AlignedRows<T> again = padded<T>(Matrix::Ones(rows, width));
  entry_kernels<T>().collect(
      {begin.data(), other.data(), position.data(), 0, rows, x.stride(), slope.data(), y.row(0), again.row(0)});
  EXPECT_EQ(again.data(), out.data());
}

TEST(EntryPass, AgreesWithPlainLoopsForAllWidths) {
  with_every_set([] {
    for (const Index width : {1, 8, 20, 100, 130, 300})
      for (const double delta : {0.0, 1.5})
        for (const bool weighted : {false, true}) {
          check_entry_pass<double>(width, delta, weighted);
          check_entry_pass<float>(width, delta, weighted);
        }
  });
}

template <class T>
void check_vectors(Index n) {
  const VectorOf<T> x = normal_matrix(n, 1, 1).cast<T>().col(0), g = normal_matrix(n, 1, 2).cast<T>().col(0);
  const VectorPasses<T> passes = vector_passes<T>();
  EXPECT_NEAR(passes.squared_norm(x.data(), n), x.template cast<double>().squaredNorm(), 3 * tolerance<T>(n));
  VectorOf<T> y = x;
  passes.subtract(y.data(), g.data(), T(.3), n);
  EXPECT_LT((y - (x - T(.3) * g)).cwiseAbs().maxCoeff(), tolerance<T>(4));

  const MatrixOf<T> rows = normal_matrix(kSensingGroup, n, 3).cast<T>();
  const MatrixOf<T> w = normal_matrix(kSensingRuns, n, 4).cast<T>();
  for (int count = 1; count <= kSensingGroup; ++count)
    for (int runs = 1; runs <= kSensingRuns; ++runs) {
      const T* starts[kSensingRuns];
      T* places[kSensingRuns];
      double z[kSensingRuns * kSensingGroup];
      T slope[kSensingRuns * kSensingGroup];
      MatrixOf<T> e = w, wanted = w;
      for (int r = 0; r < runs; ++r) {
        starts[r] = w.row(r).data();
        places[r] = e.row(r).data();
        for (int t = 0; t < count; ++t) {
          slope[r * kSensingGroup + t] = T(r + 2 * t + 1);
          wanted.row(r) += T(r + 2 * t + 1) * rows.row(t);
        }
      }
      passes.inner_products(rows.data(), count, starts, runs, n, z);
      for (int r = 0; r < runs; ++r)
        for (int t = 0; t < count; ++t)
          EXPECT_NEAR(z[r * kSensingGroup + t],
                      rows.row(t).template cast<double>().dot(w.row(r).template cast<double>()), 10 * tolerance<T>(n));
      passes.add_rows(rows.data(), count, slope, runs, n, places);
      EXPECT_LT((e - wanted).cwiseAbs().maxCoeff(), 200 * tolerance<T>(4));
    }
}

TEST(VectorPasses, AgreeWithPlainLoopsForAllLengths) {
  with_every_set([] {
    for (const Index n : {1, 3, 17, 64, 513, 1600, 4100}) {
      check_vectors<double>(n);
      check_vectors<float>(n);
    }
  });
}

}  // namespace
}  // namespace rankflow
