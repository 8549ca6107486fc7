// Every instrument against numbers worked out by hand.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/instrument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rankflow/error.h"
#include "support/fixed_snapshot.h"
#include "support/flow_problems.h"

namespace rankflow {
namespace {

using test::FixedSnapshot;
using ::testing::HasSubstr;

std::vector<double> measured(const std::string& spec, Snapshot& snapshot, const Reference& reference = {}) {
  const Matrix& w = snapshot.end_matrix();
  const Instrument instrument = make_instrument(spec, w.rows(), w.cols(), reference);
  std::vector<double> out;
  instrument.measure(snapshot, out);
  EXPECT_EQ(out.size(), instrument.columns.size()) << spec;
  return out;
}

std::string refusal(const std::string& spec, const Reference& reference = {}) {
  try {
    make_instrument(spec, 3, 4, reference);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "no OptionError";
}

// Singular values 10, 5, 1 in random directions.
Matrix ten_five_one() {
  return test::product(test::random_model(3, 4, Eigen::Vector3d(10, 5, 1), 7));
}

TEST(Instruments, TheSpectrumTenFiveOne) {
  FixedSnapshot w(ten_five_one());
  EXPECT_NEAR(measured("effective_rank", w)[0],
              std::exp(-(.625 * std::log(.625) + .3125 * std::log(.3125) + .0625 * std::log(.0625))), 1e-13);
  EXPECT_NEAR(measured("effective_rank", w)[0], 2.2945, 5e-5);
  EXPECT_NEAR(measured("nuclear_rank_ratio", w)[0], 1.6, 1e-13);
  EXPECT_NEAR(measured("nuclear_norm", w)[0], 16, 1e-13);
  EXPECT_NEAR(measured("frobenius_norm", w)[0], std::sqrt(126.), 1e-13);
  EXPECT_NEAR(measured("spectral_norm", w)[0], 10, 1e-13);
  EXPECT_NEAR(measured("schatten:0.5", w)[1], std::sqrt(10.) + std::sqrt(5.) + 1, 1e-13);
  EXPECT_NEAR(measured("schatten:0.5", w)[0], std::pow(std::sqrt(10.) + std::sqrt(5.) + 1, 2), 1e-12);
  EXPECT_NEAR(measured("schatten_depth:4", w)[0], std::sqrt(10.) + std::sqrt(5.) + 1, 1e-13);
  EXPECT_NEAR(measured("rank_distance:1", w)[0], std::sqrt(26.), 1e-13);
  EXPECT_NEAR(measured("rank_distance:2", w)[0], 1, 1e-13);
  EXPECT_EQ(measured("rank_distance:3", w)[0], 0);
  const auto s = measured("singular_values", w);
  EXPECT_NEAR(s.at(0), 10, 1e-13);
  EXPECT_NEAR(s.at(2), 1, 1e-13);
  EXPECT_EQ(measured("singular_values:2", w).size(), 2u);
  EXPECT_EQ(w.computed, 1);
}

TEST(Instruments, TheSignOfTheDeterminant) {
  Matrix a(2, 2);
  a << 2, 1, 1, 3;
  FixedSnapshot positive(a);
  a.row(0).swap(a.row(1));
  FixedSnapshot negative(a);
  a << 1, 2, 0, 0;
  FixedSnapshot singular(a);
  EXPECT_EQ(measured("determinant_sign", positive)[0], 1);
  EXPECT_EQ(measured("determinant_sign", negative)[0], -1);
  EXPECT_EQ(measured("determinant_sign", singular)[0], 0);
}

TEST(Instruments, ErrorsAgainstTruthAndLists) {
  Matrix w(2, 2), truth(2, 2);
  w << 1, 2, 3, 4;
  truth << 1, 1, 1, 1;
  FixedSnapshot snapshot(w);
  Reference reference{truth, {{0, 0}, {0, 1}}, {{0, 0}, {0, 1}, {1, 4}, {}}, {{1}, {1}, {1}, {}}};
  EXPECT_DOUBLE_EQ(measured("reconstruction_error", snapshot, reference)[0], (1 + 4 + 9) / 4.);
  EXPECT_DOUBLE_EQ(measured("relative_error", snapshot, reference)[0], std::sqrt(14.) / 2);
  EXPECT_DOUBLE_EQ(measured("train_error", snapshot, reference)[0], (0 + 4) / 2.);
  EXPECT_DOUBLE_EQ(measured("test_error", snapshot, reference)[0], 9);
  EXPECT_DOUBLE_EQ(measured("unobserved_entries", snapshot, reference)[0], std::sqrt(25 / 2.));
  EXPECT_DOUBLE_EQ(measured("unobserved_entries", snapshot, reference)[1], 4);
  reference.observed.clear();  // then the training list says what is observed
  EXPECT_DOUBLE_EQ(measured("unobserved_entries", snapshot, reference)[1], 4);
  EXPECT_EQ(measured("entry:1,0", snapshot)[0], 3);
  EXPECT_EQ(measured("end_matrix", snapshot), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(make_instrument("end_matrix", 2, 2).columns[2], "w_1_0");
}

TEST(Instruments, Balance) {
  Matrix one(2, 2), two(2, 2);
  one << 1, 0, 0, 2;
  two << 1, 0, 0, 1;
  FixedSnapshot snapshot(two * one, {}, {one, two});
  EXPECT_DOUBLE_EQ(measured("balancedness", snapshot)[0], 3);  // 1 - 1 and 1 - 4 on the diagonal
  FixedSnapshot without(two);
  EXPECT_TRUE(std::isnan(measured("balancedness", without)[0]));
}

TEST(Instruments, AlignmentIsMeanAndUnbiasedDeviationOfHalfTheGradient) {
  Matrix w = Matrix::Zero(2, 2), g(2, 2);
  w(0, 0) = 3, w(1, 1) = 2;
  g << 2, -1, 3, 6;
  FixedSnapshot snapshot(w, g);
  const auto half = measured("alignment", snapshot), whole = measured("alignment:1", snapshot);
  EXPECT_NEAR(half[0], 2, 1e-14);
  EXPECT_NEAR(half[1], std::sqrt(2.), 1e-14);
  EXPECT_NEAR(half[2], 1, 1e-14);
  EXPECT_NEAR(half[3], std::sqrt(.5), 1e-14);
  EXPECT_NEAR(whole[0], 4, 1e-14);
}

TEST(Instruments, RatesFollowTheLaw) {
  // Depth 2 on full observation of diag(3, 1): s' = 2 s (lambda - s), solved by the logistic function.
  const auto solution = [](double lambda, double t) {
    return lambda / (1 + (lambda / .01 - 1) * std::exp(-2 * lambda * t));
  };
  const Instrument rates = make_instrument("rates:2", 2, 2);
  ASSERT_EQ(rates.columns, (std::vector<std::string>{"rate_1", "law_1", "rate_2", "law_2"}));
  std::vector<double> out;
  for (const double t : {1., 1.001}) {
    Matrix w = Matrix::Zero(2, 2), g = w;
    w(0, 0) = solution(3, t), w(1, 1) = solution(1, t);
    g(0, 0) = w(0, 0) - 3, g(1, 1) = w(1, 1) - 1;
    FixedSnapshot snapshot(w, g);
    snapshot.time = t;
    out.clear();
    rates.measure(snapshot, out);
    EXPECT_EQ(std::isnan(out[0]), t == 1);
  }
  EXPECT_NEAR(out[0] / out[1], 1, 1e-5);
  EXPECT_NEAR(out[2] / out[3], 1, 1e-5);
}

TEST(Instruments, RefusalsSayWhatWasExpected) {
  EXPECT_THAT(refusal("efective_rank"), HasSubstr("the closest names are effective_rank"));
  EXPECT_THAT(refusal("schatten"), HasSubstr("needs a parameter"));
  EXPECT_THAT(refusal("schatten:-1"), HasSubstr("a number above 0"));
  EXPECT_THAT(refusal("schatten:"), HasSubstr("needs a parameter"));
  EXPECT_THAT(refusal("rank_distance:4"), HasSubstr("an integer from 0 to 3"));
  EXPECT_THAT(refusal("entry:3,0"), HasSubstr("counted from 0, below 3 and 4"));
  EXPECT_THAT(refusal("nuclear_norm:2"), HasSubstr("no parameter"));
  EXPECT_THAT(refusal("reconstruction_error"), HasSubstr("needs the true matrix"));
  EXPECT_THAT(refusal("determinant_sign"), HasSubstr("needs a square matrix"));
  Reference reference;
  reference.test = {{5}, {0}, {1}, {}};
  EXPECT_THAT(refusal("test_error", reference), HasSubstr("(5, 0)"));
  reference.truth = Matrix::Zero(2, 2);
  EXPECT_THAT(refusal("relative_error", reference), HasSubstr("2 x 2, expected 3 x 4"));
}

TEST(Instruments, ARecordHasOneRowPerSnapshot) {
  Trajectory trajectory;
  const Watcher watcher =
      record_into(trajectory, {make_instrument("effective_rank", 3, 4), make_instrument("singular_values:2", 3, 4)});
  FixedSnapshot snapshot(ten_five_one());
  snapshot.iteration = 5;
  snapshot.time = .5;
  EXPECT_EQ(watcher(snapshot), Next::proceed);
  EXPECT_EQ(trajectory.columns,
            (std::vector<std::string>{"iteration", "time", "loss", "effective_rank", "sigma_1", "sigma_2"}));
  EXPECT_EQ(trajectory.last("iteration"), 5);
  EXPECT_NEAR(trajectory.last("sigma_2"), 5, 1e-13);
  const Instrument twice = make_instrument("nuclear_norm", 3, 4);
  EXPECT_THROW(record_into(trajectory, {twice, twice}), OptionError);
  EXPECT_THROW(record_into(trajectory, {twice}), OptionError);
}

}  // namespace
}  // namespace rankflow
