// Reading images and labels, and what the controls make of them.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/images/image_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "data/tensor/byte_array.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::experiment {
namespace {

constexpr std::uint64_t kStreamPixels = 0x50, kStreamLabels = 0x4C;

// Beside the packed file its content may lie unpacked.
std::string file_in(const std::string& folder, const std::string& name) {
  const std::filesystem::path packed = std::filesystem::path(folder) / name;
  std::filesystem::path unpacked = packed;
  unpacked.replace_extension();
  return std::filesystem::exists(packed) ? packed.string() : unpacked.string();
}

// Fisher and Yates.
void permute(std::vector<std::uint8_t>& labels, std::uint64_t seed, std::uint64_t part) {
  Rng rng(seed, kStreamLabels, part);
  for (std::size_t left = labels.size(); left > 1; --left) std::swap(labels[left - 1], labels[rng.below(left)]);
}

std::int32_t grey_level(std::uint8_t pixel, Index levels) {
  return static_cast<std::int32_t>(std::lround(pixel / 255.0 * static_cast<double>(levels - 1)));
}

// The pixels of image k as indices.
void take_pixels(const std::uint8_t* pixels, std::vector<std::int32_t>& index, const std::vector<std::int32_t>& level) {
  for (std::size_t n = 0; n < index.size(); ++n) index[n] = level[pixels[n]];
}
void draw_pixels(Rng rng, std::vector<std::int32_t>& index, Index levels) {
  for (std::int32_t& pixel : index) pixel = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(levels)));
}

// part: 0 = train, 1 = test.
BatchProblem<float> read_part(const std::string& folder, const ImageOptions& o, std::uint64_t seed, std::size_t part) {
  const std::string images_path = file_in(folder, image_files()[2 * part]);
  const ByteArray images = read_byte_array(images_path);
  ByteArray labels = read_byte_array(file_in(folder, image_files()[2 * part + 1]));
  if (images.shape.size() < 2 || labels.shape.size() != 1 || labels.shape[0] != images.shape[0])
    throw InputError(images_path, fmt::format("{} images, but {} labels", images.shape[0], labels.shape[0]));
  const std::size_t count = labels.cells.size(), pixels = images.cells.size() / count;
  if (o.variant == ImageVariant::random_labels) permute(labels.cells, seed, part);
  std::vector<std::int32_t> level;
  for (int pixel = 0; pixel < 256; ++pixel)
    level.push_back(grey_level(static_cast<std::uint8_t>(pixel), o.grey_levels));

  BatchProblem<float> made{PackedCells(std::vector<Index>(pixels, o.grey_levels)), {}, {}};
  const std::size_t taken =
      part == 0 && o.most_train > 0 ? std::min(count, static_cast<std::size_t>(o.most_train)) : count;
  made.cells.reserve(static_cast<Index>(taken));
  std::vector<std::int32_t> index(pixels);
  for (std::size_t k = 0; k < taken; ++k) {
    if (o.variant == ImageVariant::random_images)
      draw_pixels(Rng(seed, kStreamPixels, part, k), index, o.grey_levels);
    else
      take_pixels(images.cells.data() + k * pixels, index, level);
    made.cells.add(index);
    made.value.push_back(labels.cells[k] == o.positive ? static_cast<float>(o.positive_value) : 0.0F);
  }
  return made;
}

}  // namespace

ImageSet read_images(const std::string& folder, const ImageOptions& options, std::uint64_t seed) {
  ImageSet set{read_part(folder, options, seed, 0), read_part(folder, options, seed, 1)};
  if (set.train.cells.shape() != set.test.cells.shape())
    throw InputError(folder, "the images of the test have another size than those to learn from");
  return set;
}

double image_error(const std::vector<float>& found, const BatchProblem<float>& part, double positive_value,
                   bool clipped) {
  const double most = positive_value * positive_value;
  double sum = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double error = static_cast<double>(found[k]) - static_cast<double>(part.value[k]);
    sum += clipped ? std::min(most, error * error) : error * error;
  }
  return sum / (most * static_cast<double>(found.size()));
}

}  // namespace rankflow::experiment
