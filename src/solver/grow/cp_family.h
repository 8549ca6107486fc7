// CP as the growing engine sees it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rankflow/cp_factorization.h"
#include "solver/grow/family.h"

namespace rankflow::grow {

std::unique_ptr<Family> cp_family(const std::vector<Index>& shape);
/// The factors of a point whose values are those of the scaled problem times `scale`, and back.
CpFactorization<double> to_cp(const std::vector<Index>& shape, const Point& point, double scale);
Point from_cp(const CpFactorization<double>& model, double scale);

/// Unit vectors per mode, stacked, one column a direction; gamma descending. The rank-one tensors that the residual
/// is most like, found from several random starts by alternating power iteration.
struct CpDirections {
  Matrix vectors;
  Vector gamma;
};
CpDirections cp_directions(const Cells& cells, const std::vector<double>& slope, const DrawKey& key,
                           const Budget& budget);

}  // namespace rankflow::grow
