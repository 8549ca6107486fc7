// Ranking held-out facts among all that could stand in their place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/complete_array.h"

namespace rankflow::completion {

/// Modes (from 0) that "1,3" names. Empty text: the largest set of modes whose ids are the same for the greater part
/// (intersection over union of the ids that occur at least one half), or all modes. Throws OptionError.
std::vector<Index> ranked_modes(const Tensor& tensor, const std::string& text);

/// The observations with value 1 among `numbers` are ranked; those among `known` are never competitors.
class FactRanker {
 public:
  FactRanker(const Tensor& tensor, const std::vector<Index>& numbers, const std::vector<Index>& known,
             std::vector<Index> modes);
  /// Everything but the AUC.
  FactRanking rank(const GeneralizedCp& model) const;

 private:
  struct Competition {
    std::vector<std::int32_t> index;  // of the fact
    Index mode = 0;
    std::vector<std::int32_t> others;  // known facts of the same fibre
  };
  std::vector<Competition> competitions_;
  std::vector<Index> modes_;
  Index facts_ = 0;
};

/// Against all cells that no observation says to be a fact; against a sample of them where there are too many.
double area_under_curve(const Tensor& tensor, const std::vector<Index>& numbers, const GeneralizedCp& model,
                        std::uint64_t seed);

}  // namespace rankflow::completion
