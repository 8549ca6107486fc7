// Sets of images as cells of a tensor: what is read, what the controls change, and a study about them.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/tensor/byte_array.h"
#include "experiment/claims.h"
#include "experiment/images/image_set.h"
#include "experiment/runner.h"
#include "experiment/study_samples.h"
#include "rankflow/error.h"
#include "support/files.h"
#include "support/shared_data.h"

namespace rankflow {
namespace {

using experiment::ImageOptions;
using experiment::ImageSet;
using experiment::ImageVariant;
using experiment::read_images;
using test::Folder;
using testing::HasSubstr;

std::string idx(const std::vector<int>& shape, const std::string& cells, char type = 0x08) {
  std::string bytes = {'\0', '\0', type, static_cast<char>(shape.size())};
  for (const int size : shape)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 255);
  return bytes + cells;
}

// 40 + 20 images of 3 x 3: image k of class k % 4 has pixels of k % 4 bright columns; not packed.
void write_set(const std::string& folder, int train = 40) {
  const auto write = [&](const std::string& name, int count) {
    std::string images, labels;
    for (int k = 0; k < count; ++k) {
      labels += static_cast<char>(k % 4);
      for (int pixel = 0; pixel < 9; ++pixel) images += static_cast<char>(pixel % 3 < k % 4 ? 200 + k : 50);
    }
    test::write_bytes(folder + "/" + name + "-images-idx3-ubyte", idx({count, 3, 3}, images));
    test::write_bytes(folder + "/" + name + "-labels-idx1-ubyte", idx({count}, labels));
  };
  write("train", train);
  write("t10k", 20);
}

TEST(ByteArray, RefusesWhatIsNoIdxFileOfBytes) {
  const Folder folder;
  const std::string path = folder / "a";
  const auto complaint = [&](const std::string& bytes) -> std::string {
    test::write_bytes(path, bytes);
    try {
      read_byte_array(path);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(complaint(idx({2, 3}, "abcdef")), "");
  EXPECT_THAT(complaint(idx({2, 3}, "abcde")), HasSubstr("cut off"));
  EXPECT_THAT(complaint(idx({2, 3}, "abcdefg")), HasSubstr("another kind"));
  EXPECT_THAT(complaint(idx({2}, "abcdefgh", 0x0D)), HasSubstr("float32"));
  EXPECT_THAT(complaint("hello"), HasSubstr("no idx file"));
  EXPECT_THAT(complaint(idx({2, 3}, "").substr(0, 6)), HasSubstr("within its sizes"));
  test::write_bytes(path, idx({2, 3}, "abcdef"));
  EXPECT_EQ(read_byte_array(path).shape, (std::vector<Index>{2, 3}));
  EXPECT_EQ(read_byte_array(path).cells[4], 'e');
}

TEST(Images, BecomeCellsWithAModeForEachPixel) {
  const Folder folder;
  write_set(folder.path());
  const ImageSet set = read_images(folder.path(), {.positive = 2}, 1);
  ASSERT_EQ(set.train.count(), 40);
  ASSERT_EQ(set.test.count(), 20);
  EXPECT_EQ(set.train.cells.shape(), std::vector<Index>(9, 2));
  for (Index k = 0; k < 40; ++k) {
    EXPECT_EQ(set.train.value[k], k % 4 == 2 ? 2 : 0);
    for (Index pixel = 0; pixel < 9; ++pixel)
      EXPECT_EQ(set.train.cells.index(k, pixel), pixel % 3 < k % 4 ? 1 : 0) << k << " " << pixel;
  }
  const ImageSet grey = read_images(folder.path(), {.grey_levels = 16, .most_train = 7}, 1);
  EXPECT_EQ(grey.train.count(), 7);
  EXPECT_EQ(grey.test.count(), 20);
  EXPECT_EQ(grey.train.cells.index(3, 0), 12);  // round(203 / 255 * 15)
  EXPECT_EQ(grey.train.cells.index(3, 2), 12);
  EXPECT_EQ(grey.train.cells.index(2, 2), 3);  // round(50 / 255 * 15)
}

TEST(Images, ControlsKeepWhatTheyShould) {
  const Folder folder;
  write_set(folder.path());
  const ImageSet natural = read_images(folder.path(), {.positive = 2}, 1);
  const ImageSet labels = read_images(folder.path(), {.variant = ImageVariant::random_labels, .positive = 2}, 1);
  const ImageSet pixels = read_images(folder.path(), {.variant = ImageVariant::random_images, .positive = 2}, 1);
  const ImageSet other = read_images(folder.path(), {.variant = ImageVariant::random_labels, .positive = 2}, 2);
  EXPECT_EQ(labels.train.cells.words(), natural.train.cells.words());
  EXPECT_EQ(pixels.train.value, natural.train.value);
  EXPECT_NE(labels.train.value, natural.train.value);
  EXPECT_NE(labels.train.value, other.train.value);
  EXPECT_EQ(std::count(labels.train.value.begin(), labels.train.value.end(), 2.0F), 10);
  EXPECT_EQ(std::count(labels.test.value.begin(), labels.test.value.end(), 2.0F), 5);
  double ones = 0;
  for (Index k = 0; k < 40; ++k)
    for (Index pixel = 0; pixel < 9; ++pixel) ones += pixels.train.cells.index(k, pixel);
  EXPECT_NEAR(ones / 360, .5, .1);
  bool all_equal = true;  // test images are drawn apart from those to learn from
  for (Index k = 0; k < 20; ++k)
    for (Index pixel = 0; pixel < 9; ++pixel)
      all_equal = all_equal && pixels.train.cells.index(k, pixel) == pixels.test.cells.index(k, pixel);
  EXPECT_FALSE(all_equal);
}

TEST(Images, ErrorsAreClippedForTheTestAlone) {
  BatchProblem<float> part{PackedCells(std::vector<Index>(3, 2)), {2, 0}, {}};
  part.cells.add(std::vector<std::int32_t>{0, 0, 1});
  part.cells.add(std::vector<std::int32_t>{0, 1, 1});
  EXPECT_NEAR(experiment::image_error({1, 10}, part, 2, false), (1 + 100) / 8.0, 1e-12);
  EXPECT_NEAR(experiment::image_error({1, 10}, part, 2, true), (1 + 4) / 8.0, 1e-12);
}

std::string image_study(const std::string& more = "") {
  return R"(title = "images"
seed = 3
[data]
kind = "images"
path = "set"
positive = 2
[engine]
epochs = 30
batch = 10
record_every = 10
step_size = 0.02
[model]
components = 2
)" + more;
}

TEST(Images, AreLearnedByAStudy) {
  const Folder folder;
  std::filesystem::create_directory(folder / "set");
  write_set(folder / "set");
  const std::string claim =
      "[[expect]]\nclaim = \"it is learned\"\nwhere = { variant = \"natural\" }\nquantity = \"last(train_error) / "
      "variance\"\n"
      "high = 0.2\n";
  const auto study = test::parse(image_study("[vary]\nvariant = [\"natural\", \"random_labels\"]\n" + claim));
  const auto plan = experiment::plan_runs(study, folder.path());
  experiment::check_names(study, plan);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].label, "variant=natural");
  EXPECT_EQ(plan[0].setting("problem.measurement"), "");
  const auto records = experiment::make_runs(plan, {folder / "out", 1}, {}, {});
  ASSERT_TRUE(records[0].usable()) << records[0].why;
  const Trajectory& trajectory = records[0].outcome.trajectory;
  EXPECT_EQ(trajectory.series("iteration"), (std::vector<double>{0, 10, 20, 30}));
  EXPECT_NEAR(records[0].outcome.numbers.at("variance"), .25 * .75, 1e-12);
  EXPECT_EQ(records[0].outcome.numbers.at("updates"), 120);
  EXPECT_EQ(experiment::check_claims(study, plan, records).at(0).verdict, experiment::Verdict::pass);
  EXPECT_LT(trajectory.last("train_error"), trajectory.series("train_error").front());

  // The files' content is part of what a run is.
  write_set(folder / "set", 36);
  EXPECT_NE(experiment::plan_runs(study, folder.path())[0].fingerprint, plan[0].fingerprint);
}

TEST(Images, ThatAreMissingAreNamed) {
  const Folder folder;
  const auto study = test::parse("needs = \"put them there\"\n" + image_study());
  try {
    experiment::plan_runs(study, folder.path());
    FAIL() << "there are no images";
  } catch (const experiment::DataMissing& missing) {
    EXPECT_THAT(missing.what(), HasSubstr("set/train-images-idx3-ubyte.gz"));
    EXPECT_THAT(missing.what(), HasSubstr("put them there"));
  }
}

TEST(Images, RefuseOtherEnginesAndEmptyPaths) {
  const Folder folder;
  std::filesystem::create_directory(folder / "set");
  write_set(folder / "set");
  const auto plan = [&](const std::string& set) {
    return experiment::plan_runs(test::parse(image_study(), {.quick = false, .set = {set}, .vary = {}}), folder.path());
  };
  EXPECT_NO_THROW(plan("components=3"));
  EXPECT_THROW(plan("engine.kind=flow"), std::exception);
  EXPECT_THROW(plan("positive_value=0"), std::exception);
  EXPECT_THROW(plan("data.path="), std::exception);
  EXPECT_THROW(plan("engine.batch=0"), std::exception);
}

TEST(Study, HasAThirdLength) {
  const std::string text = test::small_study(
      "[quick]\nmodel.depth = 3\n[paper_length]\nmodel.depth = 4\n[[expect]]\nclaim = \"a\"\nquantity = "
      "\"last(loss)\"\n"
      "high = 1\npaper_length = true\n");
  const auto depth = [&](bool quick, bool paper_length) {
    return experiment::plan_runs(
               test::parse(text, {.quick = quick, .paper_length = paper_length, .set = {}, .vary = {}}))
        .at(0)
        .setting("model.depth");
  };
  EXPECT_EQ(depth(false, false), "2");
  EXPECT_EQ(depth(true, false), "3");
  EXPECT_EQ(depth(false, true), "4");
  EXPECT_THROW(depth(true, true), OptionError);
  const auto claim = [&](bool paper_length) {
    const auto study = test::parse(text, {.quick = false, .paper_length = paper_length, .set = {}, .vary = {}});
    const auto plan = experiment::plan_runs(study);
    return experiment::check_claims(study, plan, {test::record_of({"iteration", "time", "loss"}, {{0, 0, .5}})}).at(0);
  };
  EXPECT_EQ(claim(false).verdict, experiment::Verdict::skipped);
  EXPECT_THAT(claim(false).why, HasSubstr("--paper-length"));
  EXPECT_EQ(claim(true).verdict, experiment::Verdict::pass);
}

TEST(Images, StudyAtItsSourcesLengthHasAllTasks) {
  RANKFLOW_REQUIRE_SHARED(labels, "fashion-mnist/train-labels-idx1-ubyte.gz");
  const std::string file = std::string(RANKFLOW_SOURCE_FOLDER) + "/experiments/razin2021/natural-data.toml";
  const std::string data = std::filesystem::path(labels).parent_path().parent_path().string();
  const auto study = experiment::read_study(file, {.quick = false, .paper_length = true, .set = {}, .vary = {}});
  const auto plan = experiment::plan_runs(study, data);
  EXPECT_EQ(plan.size(), 2u * 10 * 3 * 15);
  EXPECT_EQ(plan[0].config.engine.batches.epochs, 10000);
  EXPECT_NO_THROW(experiment::check_names(study, plan));
}

// One component on digits, ten epochs: .0394 and .0391 as another program measured from another start.
TEST(Images, OfMnistAreLearnedAtTheSamePace) {
  RANKFLOW_REQUIRE_SHARED(labels, "mnist/train-labels-idx1-ubyte.gz");
  const ImageSet set = read_images(std::filesystem::path(labels).parent_path().string(), {}, 1);
  EXPECT_EQ(set.train.count(), 60000);
  EXPECT_EQ(set.test.count(), 10000);
  EXPECT_EQ(std::count(set.train.value.begin(), set.train.value.end(), 2.0F), 5918);
  EXPECT_EQ(std::count(set.test.value.begin(), set.test.value.end(), 2.0F), 958);
  auto model = initialize_cp<float>(set.train.cells.shape(), 1, {.mean = 1, .deviation = 1e-3, .seed = 1});
  BatchDescent<float> engine(set.train, model, {.step_size = 5e-4, .batch = 5000, .epochs = 10, .seed = 1});
  engine.advance(10);
  EXPECT_NEAR(experiment::image_error(engine.values(set.train.cells), set.train, 2, false), .0394, 2e-3);
  EXPECT_NEAR(experiment::image_error(engine.values(set.test.cells), set.test, 2, true), .0391, 2e-3);
}

}  // namespace
}  // namespace rankflow
