// What a run about sets of images says of its data and its model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rankflow/batch_descent.h"
#include "rankflow/cp_factorization.h"
#include "rankflow/options.h"

namespace rankflow::experiment {

enum class ImageVariant {
  natural,
  random_images,  // each image replaced by independent uniform pixels, labels kept
  random_labels,  // labels permuted within the train and within the test images
};

/// One-vs-all: is an image of class `positive`? A set of images as MNIST is shipped, as observed cells of a tensor with
/// a mode for each pixel (Razin, Maman, Cohen 2021).
struct ImageOptions {
  ImageVariant variant = ImageVariant::natural;
  Index positive = 6;
  double positive_value = 2;  // of the cells of that class; of all others 0
  Index grey_levels = 2;      // pixels are rounded to so many values: the size of each mode
  Index most_train = 0;       // only the first so many images are learned from; 0 = all
};
std::vector<OptionField> fields(ImageOptions& options);

struct ImageModelOptions {
  Index components = 5;
  TensorInitializationOptions start{.mean = 1, .deviation = 1e-3};
};
std::vector<OptionField> fields(ImageModelOptions& options);

/// The names of the files of a set below its folder: images and labels to learn from, then those of the test.
std::vector<std::string> image_files();

}  // namespace rankflow::experiment
