// A small list of ratings with structure in it: a low-rank part, biases, noise, half-star values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "rankflow/rng.h"

namespace rankflow::test {

/// CSV text: user,item,rating of about share * users * items ratings between .5 and 5.
inline std::string ratings_csv(int users, int items, double share, std::uint64_t seed) {
  std::string text = "user,item,rating\n";
  const auto taste = [&](std::uint64_t side, int i, int k) { return Rng(seed, side, i, k).normal(); };
  Rng rng(seed, 99);
  for (int i = 0; i < users; ++i)
    for (int j = 0; j < items; ++j) {
      if (rng.uniform() >= share) continue;
      double value = 3.2 + 0.4 * taste(1, i, 9) + 0.5 * taste(2, j, 9) + 0.4 * rng.normal();
      for (int k = 0; k < 2; ++k) value += 0.6 * taste(1, i, k) * taste(2, j, k);
      text += fmt::format("u{},i{},{}\n", i, j, std::clamp(std::round(2 * value) / 2, 0.5, 5.0));
    }
  return text;
}

}  // namespace rankflow::test
