// The option tables of runs about sets of images.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/images/image_options.h"

namespace rankflow::experiment {

std::vector<OptionField> fields(ImageOptions& o) {
  return {choice("variant", o.variant,
                 {{"natural", ImageVariant::natural},
                  {"random_images", ImageVariant::random_images},
                  {"random_labels", ImageVariant::random_labels}},
                 "the images with their labels, with every pixel drawn at random, or with the labels permuted"),
          field("positive", o.positive, Range{0, 255}, "the class that is told from all others"),
          field("positive_value", o.positive_value, Range{-1e6, 1e6}, "value of its images; 0 is that of all others"),
          field("grey_levels", o.grey_levels, Range{2, 256}, "values that pixels are rounded to"),
          field("most_train", o.most_train, Range{0, 1e9}, "only the first so many images are learned from; 0 = all")};
}

std::vector<OptionField> fields(ImageModelOptions& o) {
  std::vector<OptionField> list = {field("components", o.components, Range{1, 1e6}, "outer products of the model")};
  for (OptionField& option : rankflow::fields(o.start))  // the seed is that of the data
    if (option.name != "balanced" && option.name != "seed") list.push_back(std::move(option));
  return list;
}

std::vector<std::string> image_files() {
  return {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
          "t10k-labels-idx1-ubyte.gz"};
}

}  // namespace rankflow::experiment
