// Whether the observations determine a factorization that matches them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "solver/grow/family.h"

namespace rankflow::grow {

/// A solution whose amplification is above this may be one of many: it is not called solved.
inline constexpr double kMostAmplification = 1e4;
/// Share of the observations that a solution's degrees of freedom may reach.
inline constexpr double kMostFreedom = .8;

/// max over directions z of rms(J z on typical cells) / rms(J z on observed cells), J = derivative of the cells by the
/// weights: by how much an error that the observations cannot see to first order may show elsewhere. Directions that
/// change no cell at all (rescaling of vectors) do not count.
double amplification(const Family& family, const Cells& cells, const Point& point, std::uint64_t seed,
                     const Budget& budget);

}  // namespace rankflow::grow
