// Every kernel table this processor runs agrees with loops anyone can read.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "rankflow/rng.h"

namespace rankflow {
namespace {

template <class T>
struct Aligned {
  explicit Aligned(std::size_t size) : data(static_cast<T*>(std::aligned_alloc(64, size * sizeof(T))), std::free) {}
  T& operator[](std::size_t k) { return data.get()[k]; }
  std::unique_ptr<T, void (*)(void*)> data;
};

// A set of lines with 0, 1, 2, ... entries, so that every remainder of every vector length occurs.
template <class T>
struct Case {
  static constexpr int lines = 45, others = 60;
  std::vector<std::int64_t> begin = {0};
  std::vector<std::int32_t> other;
  std::vector<T> value, weight;
  Aligned<T> left, right;
  std::int64_t stride, row_size;

  Case(std::int64_t stride_given, int parts)
      : left(static_cast<std::size_t>(lines * stride_given * parts)),
        right(static_cast<std::size_t>(others * stride_given * parts)),
        stride(stride_given),
        row_size(stride_given * parts) {
    Rng rng(3, static_cast<std::uint64_t>(stride), static_cast<std::uint64_t>(parts));
    for (int line = 0; line < lines; ++line) {
      for (int k = 0; k < line; ++k) {
        other.push_back(static_cast<std::int32_t>(rng.below(others)));
        value.push_back(static_cast<T>(rng.normal()));
        weight.push_back(static_cast<T>(.5 + rng.uniform()));
      }
      begin.push_back(static_cast<std::int64_t>(other.size()));
    }
    for (std::int64_t k = 0; k < lines * row_size; ++k) left[k] = static_cast<T>(rng.normal());
    for (std::int64_t k = 0; k < others * row_size; ++k) right[k] = static_cast<T>(rng.normal());
  }
};

template <class T>
double run(const Kernels& table, const LinePass<T>& pass) {
  if constexpr (std::is_same_v<T, double>)
    return table.line_pass_double(pass);
  else
    return table.line_pass_float(pass);
}
template <class T>
PlaneSums run(const Kernels& table, const PlanePass<T>& pass) {
  if constexpr (std::is_same_v<T, double>)
    return table.plane_pass_double(pass);
  else
    return table.plane_pass_float(pass);
}

std::vector<const Kernels*> tables() {
  const Kernels* all[kMaxKernelTables];
  const int count = runnable_kernels(all, kMaxKernelTables);
  return {all, all + count};
}

template <class T>
class KernelTables : public testing::Test {
 public:
  // Sums of at most 1,000 terms of size one.
  static constexpr double tolerance = std::is_same_v<T, double> ? 1e-12 : 1e-4;
};
using Scalars = testing::Types<double, float>;
TYPED_TEST_SUITE(KernelTables, Scalars);

TYPED_TEST(KernelTables, LinePassAgreesWithTheNaiveLoop) {
  using T = TypeParam;
  for (const std::int64_t multiple : {1, 2, 3, 4, 5, 7})
    for (const bool weighted : {false, true}) {
      Case<T> c(multiple * kRowMultiple<T>, 1);
      std::vector<double> expected(Case<T>::lines * c.stride, 0.0), sums(Case<T>::lines, 0.0);
      double loss = 0;
      for (int i = 0; i < Case<T>::lines; ++i)
        for (std::int64_t k = c.begin[i]; k < c.begin[i + 1]; ++k) {
          double e = -static_cast<double>(c.value[k]);
          for (std::int64_t d = 0; d < c.stride; ++d)
            e +=
                static_cast<double>(c.left[i * c.stride + d]) * static_cast<double>(c.right[c.other[k] * c.stride + d]);
          const double we = (weighted ? static_cast<double>(c.weight[k]) : 1.0) * e;
          loss += we * e;
          sums[i] += we;
          for (std::int64_t d = 0; d < c.stride; ++d)
            expected[i * c.stride + d] += we * static_cast<double>(c.right[c.other[k] * c.stride + d]);
        }
      for (const Kernels* table : tables()) {
        SCOPED_TRACE(std::string(table->name) + ", stride " + std::to_string(c.stride));
        Aligned<T> out(expected.size()), line_sums(Case<T>::lines + 3);
        LinePass<T> pass{c.begin.data(),
                         c.other.data(),
                         c.value.data(),
                         weighted ? c.weight.data() : nullptr,
                         0,
                         Case<T>::lines,
                         c.stride,
                         c.left.data.get(),
                         c.right.data.get(),
                         out.data.get(),
                         nullptr};
        const double scale = this->tolerance * std::sqrt(static_cast<double>(c.stride)) * 10;
        EXPECT_NEAR(run(*table, pass), loss, this->tolerance * loss);
        for (std::size_t k = 0; k < expected.size(); ++k) ASSERT_NEAR(out[k], expected[k], scale) << k;
        pass.out = nullptr;
        pass.sums = line_sums.data.get();
        EXPECT_NEAR(run(*table, pass), loss, this->tolerance * loss);
        for (int i = 0; i < Case<T>::lines; ++i) ASSERT_NEAR(line_sums[i], sums[i], scale) << i;
      }
    }
}

TYPED_TEST(KernelTables, PlanePassAgreesWithTheNaiveLoop) {
  using T = TypeParam;
  for (const std::int64_t rank : {1, 2, 3, 5, 8, 10, 16, 21, 40})
    for (const bool weighted : {false, true}) {
      const std::int64_t stride = (3 * rank + kRowMultiple<T> - 1) / kRowMultiple<T> * kRowMultiple<T>;
      Case<T> c(stride, 2);  // lines have two rows each; the other side uses the first half of its storage
      for (int i = 0; i < Case<T>::lines; ++i)
        for (std::int64_t d = 0; d < stride; ++d) {
          if (d >= 2 * rank) c.left[i * 2 * stride + d] = 0;
          if ((d >= rank && d < 2 * rank) || d >= 3 * rank) c.left[(i * 2 + 1) * stride + d] = 0;
        }
      PlaneSums expected = {0, 0, 0};
      for (int i = 0; i < Case<T>::lines; ++i)
        for (std::int64_t k = c.begin[i]; k < c.begin[i + 1]; ++k) {
          double a = 0, b = 0;
          for (std::int64_t d = 0; d < stride; ++d) {
            const double x = static_cast<double>(c.right[c.other[k] * stride + d]);
            a += static_cast<double>(c.left[i * 2 * stride + d]) * x;
            b += static_cast<double>(c.left[(i * 2 + 1) * stride + d]) * x;
          }
          const double w = weighted ? static_cast<double>(c.weight[k]) : 1.0;
          expected.aa += w * a * a, expected.ab += w * a * b, expected.bb += w * b * b;
        }
      for (const Kernels* table : tables()) {
        SCOPED_TRACE(std::string(table->name) + ", rank " + std::to_string(rank));
        PlanePass<T> pass{c.begin.data(),
                          c.other.data(),
                          weighted ? c.weight.data() : nullptr,
                          0,
                          Case<T>::lines,
                          stride,
                          rank,
                          c.left.data.get(),
                          c.right.data.get(),
                          false};
        const PlaneSums two = run(*table, pass);
        EXPECT_NEAR(two.aa, expected.aa, this->tolerance * expected.aa);
        EXPECT_NEAR(two.ab, expected.ab, this->tolerance * expected.aa);
        EXPECT_NEAR(two.bb, expected.bb, this->tolerance * expected.bb);
        pass.single = true;
        const PlaneSums one = run(*table, pass);
        EXPECT_NEAR(one.aa, expected.aa, this->tolerance * expected.aa);
        EXPECT_EQ(one.ab, 0);
        EXPECT_EQ(one.bb, 0);
      }
    }
}

TYPED_TEST(KernelTables, ReadNoFartherThanTheLastEntry) {
  using T = TypeParam;
  // One entry, arrays of exactly one element: address sanitizer watches.
  const std::vector<std::int64_t> begin = {0, 1};
  const std::vector<std::int32_t> other = {0};
  const std::vector<T> value = {3};
  Aligned<T> left(kRowMultiple<T>), right(kRowMultiple<T>), out(kRowMultiple<T>);
  for (std::int64_t d = 0; d < kRowMultiple<T>; ++d) left[d] = right[d] = 1;
  for (const Kernels* table : tables()) {
    const LinePass<T> pass{begin.data(),    other.data(),    value.data(),     nullptr,        0,      1,
                           kRowMultiple<T>, left.data.get(), right.data.get(), out.data.get(), nullptr};
    const double e = static_cast<double>(kRowMultiple<T>) - 3;
    EXPECT_EQ(run(*table, pass), e * e);
    EXPECT_EQ(out[0], e);
  }
}

TEST(KernelChoice, CanBeOverriddenAndTakenBack) {
  const Kernels& widest = kernels();
  EXPECT_EQ(tables().back(), &widest);
  override_kernels(&kBaselineKernels);
  EXPECT_EQ(&kernels(), &kBaselineKernels);
  override_kernels(nullptr);
  EXPECT_EQ(&kernels(), &widest);
}

}  // namespace
}  // namespace rankflow
