// Interrupted jobs on arrays: whenever they stop, what comes out in the end has the same bits.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "rankflow/complete_array.h"
#include "rankflow/error.h"
#include "support/array_jobs.h"
#include "support/files.h"

namespace rankflow {
namespace {

struct Case {
  const char* name;
  Tensor::Layout layout;
  ArrayModel model;
  Index rank;
  double noise;
};
const Case kCases[] = {{"solved", Tensor::Layout::dense, ArrayModel::automatic, 2, 0},
                       {"all models compete", Tensor::Layout::dense, ArrayModel::automatic, 2, 0.3},
                       {"overlap alone", Tensor::Layout::dense, ArrayModel::overlap, 2, 0.3},
                       {"a noisy list", Tensor::Layout::list, ArrayModel::cp, 2, 0.3}};

Tensor tensor_of(const Case& which) {
  return test::observed(test::planted(which.rank, 21), 0.6, which.noise, which.layout);
}

void expect_same(const ArrayCompletion& a, const ArrayCompletion& b, const std::string& what) {
  ASSERT_EQ(a.model, b.model) << what;
  EXPECT_EQ(a.held_out->rmse, b.held_out->rmse) << what;
  EXPECT_EQ(a.message, b.message) << what;
  EXPECT_EQ(a.stop, b.stop) << what;
  ASSERT_EQ(a.candidates.size(), b.candidates.size()) << what;
  for (std::size_t k = 0; k < a.candidates.size(); ++k)
    EXPECT_TRUE(a.candidates[k].validation_rmse == b.candidates[k].validation_rmse ||
                (std::isnan(a.candidates[k].validation_rmse) && std::isnan(b.candidates[k].validation_rmse)));
  ASSERT_EQ(a.history.size(), b.history.size()) << what;
  for (std::size_t k = 0; k < a.history.size(); ++k) {
    EXPECT_EQ(a.history[k].stage, b.history[k].stage);
    EXPECT_EQ(a.history[k].iteration, b.history[k].iteration);
  }
  for (std::int32_t i = 0; i < test::kJobShape[0]; ++i)
    for (std::int32_t k = 0; k < test::kJobShape[2]; ++k) {
      const std::int32_t index[] = {i, i % 10, k};
      ASSERT_EQ(a.predictor->predict(index), b.predictor->predict(index)) << what;
      ASSERT_EQ(a.table_predictor->predict(index), b.table_predictor->predict(index)) << what;
      ASSERT_EQ(a.table_predictor->interval(index, 0.9).low, b.table_predictor->interval(index, 0.9).low) << what;
    }
}

// Runs on from the checkpoint until `steps` more steps were made; steps < 0: to the end.
ArrayCompletion run_for(const Case& which, const std::string& path, Index steps, double every) {
  CheckpointOptions checkpoint;
  checkpoint.path = path;
  checkpoint.every_seconds = every;
  if (std::filesystem::exists(path)) checkpoint.resume_path = path;
  ArrayOptions options;
  options.model = which.model;
  Index made = 0;
  const Observer watch = [&](const Step&) { return ++made == steps ? Next::finish : Next::proceed; };
  return complete_array(tensor_of(which), options, {&watch, 1}, checkpoint);
}

TEST(ArrayCheckpoint, AResumedJobHasTheSameBits) {
  for (const Case& which : kCases) {
    const test::Folder folder;
    ArrayOptions options;
    options.model = which.model;
    const ArrayCompletion whole = complete_array(tensor_of(which), options);
    const auto all = static_cast<Index>(whole.history.size());
    for (const Index stride : {std::max<Index>(1, all / 7), std::max<Index>(2, all / 2 + 1)}) {
      const std::string path = folder / (std::to_string(stride) + ".npz");
      ArrayCompletion result;
      Index runs = 0;
      do {
        result = run_for(which, path, stride, 1e9);
        ASSERT_LT(++runs, 20) << which.name;
      } while (result.stop == Stop::interrupted);
      EXPECT_GT(runs, 1) << which.name;
      expect_same(whole, result, which.name);
    }
  }
}

// What a killed process leaves behind is the last save, from a moment nobody chose.
TEST(ArrayCheckpoint, AnySaveOnTheWayLeadsToTheSameEnd) {
  const Case& which = kCases[1];
  const test::Folder folder;
  ArrayOptions options;
  const ArrayCompletion whole = complete_array(tensor_of(which), options);
  CheckpointOptions checkpoint;
  checkpoint.path = folder / "running.npz";
  checkpoint.every_seconds = 0.01;
  Index copies = 0, steps = 0;
  const Observer watch = [&](const Step&) {
    if (++steps % 23 == 0 && std::filesystem::exists(checkpoint.path))
      std::filesystem::copy_file(checkpoint.path, folder / (std::to_string(copies++) + ".npz"));
    return Next::proceed;
  };
  expect_same(whole, complete_array(tensor_of(which), options, {&watch, 1}, checkpoint), "with saves");
  ASSERT_GT(copies, 1);
  for (Index k = 0; k < copies; k += std::max<Index>(1, copies / 4))
    expect_same(whole, run_for(which, folder / (std::to_string(k) + ".npz"), -1, 1e9), "save " + std::to_string(k));
}

TEST(ArrayCheckpoint, AnotherJobIsRefused) {
  const test::Folder folder;
  const std::string path = folder / "c.npz";
  ASSERT_EQ(run_for(kCases[1], path, 3, 1e9).stop, Stop::interrupted);
  CheckpointOptions checkpoint{path, path, 1e9};
  ArrayOptions options;
  options.seed = 5;
  EXPECT_THROW(complete_array(tensor_of(kCases[1]), options, {}, checkpoint), InputError);
  options.seed = 0;
  Tensor other = tensor_of(kCases[1]);
  other.value[7] += 1e-9;
  EXPECT_THROW(complete_array(other, options, {}, checkpoint), InputError);
  const std::string bytes = test::read_bytes(path);
  test::write_bytes(path, bytes.substr(0, bytes.size() / 2));
  EXPECT_THROW(complete_array(tensor_of(kCases[1]), options, {}, checkpoint), InputError);
}

}  // namespace
}  // namespace rankflow
