// Sizes of numbers that the engines can compute with.
// SPDX-License-Identifier: Apache-2.0
#include "completion/magnitude.h"

#include <fmt/format.h>

#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr double kLargest = 1e30;

}  // namespace

void check_magnitude(double largest, const std::string& source, const std::string& what) {
  if (largest == 0 || (largest <= kLargest && largest >= 1 / kLargest)) return;
  throw InputError(source,
                   fmt::format("the largest {} has size {:.3g}; sizes from {:g} to {:g} can be computed with", what,
                               largest, 1 / kLargest, kLargest),
                   "give the values in another unit");
}

}  // namespace rankflow::completion
