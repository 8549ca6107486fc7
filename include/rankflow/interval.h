// A range that a new observation falls into with a stated probability.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rankflow {

struct Interval {
  double low, high;
};

}  // namespace rankflow
