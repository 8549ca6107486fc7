// Parts of an array's observations lie as its holes do.
// SPDX-License-Identifier: Apache-2.0
#include "rankflow/tensor_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "rankflow/rng.h"

namespace rankflow {
namespace {

using Shape = std::vector<Index>;

// An array in which hole(index) says what is missing.
template <class Hole>
DenseArray with_holes(const Shape& shape, Hole&& hole) {
  DenseArray array;
  array.shape = shape;
  const Index cells = count_cells(shape);
  const std::vector<Index> stride = strides(shape);
  array.value.assign(static_cast<std::size_t>(cells), 1);
  array.observed.resize(static_cast<std::size_t>(cells));
  for (Index c = 0; c < cells; ++c) {
    Shape index;
    for (std::size_t n = 0; n < shape.size(); ++n) index.push_back(c / stride[n] % shape[n]);
    array.observed[c] = !hole(index);
    array.value[c] = array.observed[c];
  }
  return array;
}

DenseArray missing_fibres() {
  return with_holes({12, 10, 9}, [](const Shape& i) {
    return Rng(5, 0, static_cast<std::uint64_t>(i[1]), static_cast<std::uint64_t>(i[2])).uniform() < .4;
  });
}

DenseArray missing_cells() {
  return with_holes({12, 10, 9}, [](const Shape& i) {
    return Rng(5, 0, static_cast<std::uint64_t>(100 * i[0] + i[1]), static_cast<std::uint64_t>(i[2])).uniform() < .4;
  });
}

TEST(HolePattern, IsSingleCellsWhereEachCellIsMissingByItself) {
  const HolePattern pattern = find_pattern(missing_cells());
  EXPECT_THAT(pattern.along, testing::IsEmpty());
  EXPECT_NEAR(pattern.density, .4, .05);
  EXPECT_EQ(pattern.text(), "single cells");
}

TEST(HolePattern, FindsFibresThatAreMissingAsAWhole) {
  const HolePattern pattern = find_pattern(missing_fibres());
  EXPECT_THAT(pattern.along, testing::ElementsAre(0));
  EXPECT_NEAR(pattern.clustering, 1, .05);
  EXPECT_EQ(pattern.text(), "blocks along mode 1");
}

TEST(HolePattern, FindsGapsOfHalfAFibre) {
  const DenseArray array = with_holes({12, 10, 9}, [](const Shape& i) {
    const bool gap = Rng(5, 0, static_cast<std::uint64_t>(i[1]), static_cast<std::uint64_t>(i[2])).uniform() < .4;
    return gap && (i[0] < 6) == ((i[1] + i[2]) % 2 == 0);
  });
  EXPECT_THAT(find_pattern(array).along, testing::ElementsAre(0));
}

// A fifth of a fibre is too little for the clustering within fibres to show.
TEST(HolePattern, FindsShortGapsAlongAnOrderedMode) {
  const DenseArray array = with_holes({15, 60, 4}, [](const Shape& i) {
    const Index first = static_cast<Index>(
        49 * Rng(5, 0, static_cast<std::uint64_t>(i[0]), static_cast<std::uint64_t>(i[2])).uniform());
    return i[1] >= first && i[1] < first + 12;
  });
  const HolePattern pattern = find_pattern(array);
  EXPECT_THAT(pattern.along, testing::ElementsAre(1));
  EXPECT_EQ(pattern.text(), "gaps along mode 2");
  // The part is made of gaps too: most of its cells have a neighbour in it.
  const std::vector<Index> part = choose_part(array, array.observed, pattern, {.share = .1});
  Index neighbours = 0;
  for (const Index cell : part) neighbours += std::count(part.begin(), part.end(), cell + 4);
  EXPECT_GT(neighbours, static_cast<Index>(part.size()) * 3 / 4);
}

TEST(HolePattern, TakesNoTimeForManyModes) {
  const DenseArray binary = with_holes(std::vector<Index>(16, 2), [](const Shape& i) { return i[3] == i[7]; });
  EXPECT_GT(find_pattern(binary).density, .4);
  std::vector<Index> shape(40, 1);
  shape[5] = 6, shape[20] = 7, shape[33] = 8;
  const DenseArray thin = with_holes(shape, [](const Shape& i) { return i[5] == 2 && i[33] == 3; });
  EXPECT_THAT(find_pattern(thin).along, testing::ElementsAre(20));
}

TEST(HolePattern, FindsBlocksAlongTwoOfFourModes) {
  const DenseArray array = with_holes({7, 4, 5, 3}, [](const Shape& i) { return i[0] == 2 && i[1] == 3; });
  EXPECT_THAT(find_pattern(array).along, testing::ElementsAre(2, 3));
}

TEST(HolePattern, LeavesOutSlicesWithoutAnyObservation) {
  const DenseArray array = with_holes({12, 10, 9}, [](const Shape& i) { return i[1] == 4; });
  const HolePattern pattern = find_pattern(array);
  EXPECT_EQ(pattern.density, 0);
  EXPECT_THAT(pattern.along, testing::IsEmpty());
  EXPECT_THAT(choose_part(array, array.observed, pattern, {}), testing::SizeIs(testing::Ge(12 * 9 * 9 * 12 / 100)));
}

TEST(Part, IsWholeFibresWhereWholeFibresAreMissing) {
  const DenseArray array = missing_fibres();
  const std::vector<Index> part = choose_part(array, array.observed, find_pattern(array), {.seed = 2});
  std::map<Index, int> cells_of_fibre;
  const ModeView view = view_along(array.shape, 0);
  for (const Index cell : part) {
    EXPECT_TRUE(array.observed[cell]);
    ++cells_of_fibre[view.fibre(cell)];
  }
  for (const auto& [fibre, count] : cells_of_fibre) EXPECT_EQ(count, 12) << fibre;
  const double share = static_cast<double>(part.size()) / static_cast<double>(array.num_observed());
  EXPECT_GE(share, .12 - 1.0 / static_cast<double>(array.num_observed()));
  EXPECT_LE(share, .12 + 12.0 / static_cast<double>(array.num_observed()));
}

TEST(Part, KeepsTheShapeOfGaps) {
  // Always the first half of a fibre: positions 6 to 11 are never missing, so they never validate.
  const DenseArray array = with_holes({12, 10, 9}, [](const Shape& i) {
    return i[0] < 6 && Rng(5, 0, static_cast<std::uint64_t>(i[1]), static_cast<std::uint64_t>(i[2])).uniform() < .5;
  });
  const std::vector<Index> part = choose_part(array, array.observed, find_pattern(array), {.seed = 2});
  EXPECT_FALSE(part.empty());
  for (const Index cell : part) EXPECT_LT(view_along(array.shape, 0).position(cell), 6);
}

TEST(Part, HasTheShareOfRowsThatHolesHave) {
  // Holes only in three of ten rows of mode 1: so must the part be, in some three rows.
  const DenseArray array = with_holes({40, 10, 30}, [](const Shape& i) {
    return i[1] < 3 && Rng(9, 1, static_cast<std::uint64_t>(100 * i[0] + i[2])).uniform() < .5;
  });
  HolePattern cells = find_pattern(array);
  cells.along.clear();
  const std::vector<Index> part = choose_part(array, array.observed, cells, {.share = .02, .seed = 3});
  std::map<Index, int> rows;
  for (const Index cell : part) ++rows[view_along(array.shape, 1).position(cell)];
  EXPECT_LE(rows.size(), 3u);
  EXPECT_GE(part.size(), 150u);
}

TEST(Part, LeavesCellsToEveryIndex) {
  // Two observed cells a row: at most one may go.
  const DenseArray array =
      with_holes({50, 6}, [](const Shape& i) { return i[1] != i[0] % 6 && i[1] != (i[0] + 1) % 6; });
  const std::vector<Index> part = choose_part(array, array.observed, find_pattern(array), {.share = .5, .seed = 4});
  std::vector<int> left(50, 0);
  for (Index c = 0; c < array.cells(); ++c) left[c / 6] += array.observed[c];
  for (const Index cell : part) --left[cell / 6];
  for (const int count : left) EXPECT_GE(count, 1);
  EXPECT_GT(part.size(), 20u);
}

TEST(Part, TakesWhatIsAvailableAndDependsOnSeedAndStream) {
  const DenseArray array = missing_cells();
  CellMask available = array.observed;
  for (std::size_t c = 0; c < available.size(); c += 2) available[c] = 0;
  const HolePattern pattern = find_pattern(array);
  const std::vector<Index> part = choose_part(array, available, pattern, {.seed = 1});
  for (const Index cell : part) EXPECT_TRUE(available[cell]);
  EXPECT_THAT(part, testing::WhenSorted(testing::ElementsAreArray(part)));
  EXPECT_EQ(part, choose_part(array, available, pattern, {.seed = 1}));
  EXPECT_NE(part, choose_part(array, available, pattern, {.seed = 2}));
  EXPECT_NE(part, choose_part(array, available, pattern, {.seed = 1, .stream = 1}));
}

TEST(Validation, HasThreePartsWhereBlocksAreFew) {
  const DenseArray few = missing_fibres(), many = missing_cells();
  EXPECT_EQ(choose_validation(few, few.observed, find_pattern(few), {}).size(), 3u);
  EXPECT_EQ(choose_validation(many, many.observed, find_pattern(many), {}).size(), 1u);
}

TEST(DenseArray, NumbersCellsWithTheLastModeFastest) {
  Tensor tensor;
  tensor.modes = {Axis::positions(2), Axis::positions(3), Axis::positions(4)};
  tensor.index = {{0, 1}, {2, 1}, {3, 0}};
  tensor.value = {5, 7};
  const DenseArray array = to_dense(tensor);
  EXPECT_EQ(array.num_observed(), 2);
  EXPECT_EQ(array.value[2 * 4 + 3], 5);
  EXPECT_EQ(array.value[12 + 4], 7);
  const ModeView view = view_along(array.shape, 1);
  EXPECT_EQ(view.position(16), 1);
  EXPECT_EQ(view.fibre(16), 4);
}

}  // namespace
}  // namespace rankflow
