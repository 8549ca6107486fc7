// Kept models of arrays: what is read back predicts with the same bits, and a damaged file never gets that far.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/kept_array.h"

#include <gtest/gtest.h>

#include <cmath>

#include "completion/array/predictors.h"
#include "rankflow/archive.h"
#include "rankflow/error.h"
#include "support/array_jobs.h"
#include "support/files.h"

namespace rankflow {
namespace {

using test::kJobShape;

struct Case {
  const char* name;
  Tensor::Layout layout;
  ArrayModel model;
  double noise;
  bool refit;  // keep the fit on all observations
};

KeptArray kept(const Case& which) {
  Tensor tensor = test::observed(test::planted(2, 11), 0.6, which.noise, which.layout);
  tensor.modes[0] = Axis::integers({3, 5, 8, 9, 12, 15, 16, 17, 20, 40, 41, 50});
  tensor.modes[1] = Axis::strings({"a", "b", "c, d", "e", "f", "g", "h", "i", "j", "k"});
  tensor.modes[1].title = "place";
  tensor.value_title = "count";
  ArrayOptions options;
  options.model = which.model;
  const ArrayCompletion result = complete_array(tensor, options);
  return {tensor.modes, tensor.value_title, "{}", which.refit ? result.table_predictor : result.predictor};
}

const Case kCases[] = {{"cp of an array", Tensor::Layout::dense, ArrayModel::cp, 0.2, false},
                       {"cp of a list", Tensor::Layout::list, ArrayModel::cp, 0.2, false},
                       {"tree of an array", Tensor::Layout::dense, ArrayModel::tree, 0.2, false},
                       {"matrix of a list", Tensor::Layout::list, ArrayModel::matrix, 0.2, false},
                       {"overlap", Tensor::Layout::dense, ArrayModel::overlap, 0.2, false},
                       {"a refit", Tensor::Layout::dense, ArrayModel::overlap, 0.2, true}};

template <class See>
void each_cell(See see) {
  for (std::int32_t i = 0; i < kJobShape[0]; ++i)
    for (std::int32_t j = 0; j < kJobShape[1]; ++j)
      for (std::int32_t k = 0; k < kJobShape[2]; ++k) {
        const std::int32_t index[] = {i, j, k};
        see(index);
      }
}

TEST(KeptArray, PredictsWithTheSameBits) {
  for (const Case& which : kCases) {
    const test::Folder folder;
    const KeptArray model = kept(which);
    model.write(folder / "model.npz");
    const KeptArray again = KeptArray::read(folder / "model.npz");
    EXPECT_EQ(again.shape(), model.shape());
    EXPECT_EQ(again.value_title, "count");
    EXPECT_EQ(again.modes[0].name(9), "40");
    EXPECT_EQ(again.modes[1].find("c, d"), 2);
    EXPECT_EQ(again.modes[1].title, "place");
    each_cell([&](std::span<const std::int32_t> index) {
      ASSERT_EQ(model.predictor->predict(index), again.predictor->predict(index)) << which.name;
      const Interval one = model.predictor->interval(index, 0.8), two = again.predictor->interval(index, 0.8);
      ASSERT_EQ(one.low, two.low) << which.name;
      ASSERT_EQ(one.high, two.high) << which.name;
    });
  }
}

TEST(KeptArray, AveragesOverModesThatAreNotKnown) {
  for (const Case& which : kCases) {
    const KeptArray model = kept(which);
    double sum = 0, part = 0;
    each_cell([&](std::span<const std::int32_t> index) {
      const double value = model.predictor->predict(index);
      sum += value;
      part += index[0] == 4 && index[2] == 7 ? value : 0;
    });
    const std::vector<Index> shape = model.shape();
    const std::int32_t nothing[] = {-1, -1, -1}, two[] = {4, -1, 7};
    EXPECT_NEAR(model.predictor->average(nothing, shape), sum / (12 * 10 * 9), 1e-9) << which.name;
    EXPECT_NEAR(model.predictor->average(two, shape), part / 10, 1e-9) << which.name;
  }
}

// Averages never take a look at every cell: these would be 1e15.
TEST(KeptArray, AveragesOfLongModesAreAProductOfMeans) {
  constexpr Index kLong = 100'000;
  GeneralizedCp model;
  model.offset = 0.3;
  for (Index n = 0; n < 3; ++n) {
    model.effects.push_back(Vector::LinSpaced(kLong, 0, 2.0 * static_cast<double>(n)));
    model.components.factors.push_back(Matrix::Constant(kLong, 1, 2));
    model.components.factors.back().col(0)[0] += static_cast<double>(n) * kLong;  // the mean becomes 2 + n
  }
  const std::vector<Index> shape(3, kLong);
  const std::int32_t nothing[] = {-1, -1, -1}, one[] = {-1, 0, 1};
  const auto average = [&](TensorPenalty penalty, std::span<const std::int32_t> index) {
    model.loss.penalty = penalty;
    return completion::generalized_predictor(model, {{1.0}})->average(index, shape);
  };
  const double all = 0.3 + (0 + 1 + 2) + 2 * 3 * 4;
  EXPECT_NEAR(average(TensorPenalty::squared, nothing), all, 1e-9);
  EXPECT_NEAR(average(TensorPenalty::squared, one), 0.3 + 0 + 0 + 4.0 / (kLong - 1) + 2.0 * (2 + kLong) * 2, 1e-6);
  EXPECT_NEAR(average(TensorPenalty::poisson, nothing), std::exp(all), 1e-6 * std::exp(all));
}

void expect_refused(const Archive& archive, const std::string& what) {
  EXPECT_THROW(KeptArray::read(archive), InputError) << what;
}

// One array of a sound file at a time is missing, or another one.
TEST(KeptArray, ADamagedFileIsRefused) {
  const test::Folder folder;
  const std::string path = folder / "model.npz";
  Archive list;
  for (const Case& which : kCases) {
    kept(which).write(path);
    const Archive sound = Archive::read(path);
    if (which.layout == Tensor::Layout::list && which.model == ArrayModel::cp) list = sound;
    ASSERT_NO_THROW(KeptArray::read(sound));
    for (const std::string& name : sound.names()) {
      Archive spoilt = sound;
      spoilt.erase(name);
      expect_refused(spoilt, std::string(which.name) + " without " + name);
      spoilt.set(name, Matrix(Matrix::Constant(3, 3, 0.5)));
      expect_refused(spoilt, std::string(which.name) + " with another " + name);
    }
  }
  Archive spoilt = list;
  Vector effect = spoilt.get_vector("model.effect_1");
  effect[0] = kNaN;
  spoilt.set("model.effect_1", effect);
  expect_refused(spoilt, "NaN");
  spoilt = list;
  spoilt.set("residuals", std::vector<double>{-1, 2});
  expect_refused(spoilt, "a negative residual");
  for (const auto& [name, text] : {std::pair{"kind", "oracle"}, {"format", "rankflow completion model"}}) {
    spoilt = list;
    spoilt.set(name, std::string(text));
    expect_refused(spoilt, name);
  }
}

TEST(KeptArray, KeepsWhatIsKnownOfIndicesWithoutObservations) {
  const test::Folder folder;
  const std::string path = folder / "model.npz";
  Tensor tensor = test::observed(test::planted(2, 11), 0.6, 0.2, Tensor::Layout::dense);
  for (std::size_t k = 0; k < tensor.value.size(); ++k)
    if (tensor.index[1][k] == 3) tensor.index[1][k] = 2;  // repeated cells do not matter here
  ArrayOptions options;
  options.model = ArrayModel::cp;
  tensor.layout = Tensor::Layout::list;
  const ArrayCompletion result = complete_array(tensor, options);
  ASSERT_EQ(result.empty_indices.size(), 1u);
  const KeptArray array{tensor.modes, tensor.value_title, "{}", result.predictor};
  array.write(path);
  const Archive sound = Archive::read(path);
  const KeptArray read = KeptArray::read(sound);
  const std::int32_t unseen[] = {1, 3, 2}, seen[] = {1, 4, 2};
  for (const auto& index : {unseen, seen}) {
    const std::span<const std::int32_t> cell(index, 3);
    EXPECT_EQ(read.predictor->predict(cell), result.predictor->predict(cell));
    EXPECT_EQ(read.predictor->interval(cell, 0.9).high, result.predictor->interval(cell, 0.9).high);
  }
  const Interval wide = result.predictor->interval(unseen, 0.9), narrow = result.predictor->interval(seen, 0.9);
  EXPECT_GT(wide.high - wide.low, 2 * (narrow.high - narrow.low));
  Archive spoilt = sound;
  spoilt.set("unseen.positions_2", std::vector<std::int64_t>{99});
  expect_refused(spoilt, "a position outside");
}

TEST(KeptArray, ATruncatedFileIsRefused) {
  const test::Folder folder;
  const std::string path = folder / "model.npz";
  kept(kCases[1]).write(path);
  const std::string bytes = test::read_bytes(path);
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, bytes.size() / 2, bytes.size() - 1}) {
    test::write_bytes(path, bytes.substr(0, size));
    EXPECT_THROW(KeptArray::read(path), InputError) << size;
  }
}

}  // namespace
}  // namespace rankflow
