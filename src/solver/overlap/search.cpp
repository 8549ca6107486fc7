// The search is replayed over known trials until it asks for one that is not known.
// SPDX-License-Identifier: Apache-2.0
#include "solver/overlap/search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rankflow::overlap {
namespace {

constexpr double kFactor = 3;
constexpr Index kManyUnfoldings = 5;  // beyond, the search begins with fewer settings: it found the same ones
constexpr double kSame = 1e-9;        // relative difference below which two settings are the same

OverlapSetting normalized(OverlapSetting setting) {
  const double sum = std::accumulate(setting.weight.begin(), setting.weight.end(), 0.0);
  for (double& w : setting.weight) w *= static_cast<double>(setting.weight.size()) / sum;
  return setting;
}

bool same(const OverlapSetting& a, const OverlapSetting& b) {
  const auto close = [](double x, double y) { return std::abs(x - y) <= kSame * std::max(x, y); };
  return close(a.strength, b.strength) && std::equal(a.weight.begin(), a.weight.end(), b.weight.begin(), close);
}

std::vector<OverlapSetting> starts(Index unfoldings) {
  OverlapSetting equal;
  equal.weight.assign(static_cast<std::size_t>(unfoldings), 1.0);
  std::vector<OverlapSetting> list = {equal};
  if (unfoldings < 2) return list;
  const std::vector<double> few = {10}, all = {10, .1};
  for (const double factor : unfoldings > kManyUnfoldings ? few : all) {
    for (Index n = 0; n < unfoldings; ++n) {
      OverlapSetting other = equal;
      other.weight[n] = factor;
      list.push_back(normalized(other));
    }
  }
  return list;
}

// Settings one change away from `from`.
std::vector<OverlapSetting> neighbours(const OverlapSetting& from) {
  std::vector<OverlapSetting> list;
  for (const double factor : {kFactor, 1 / kFactor}) {
    OverlapSetting other = from;
    other.strength *= factor;
    list.push_back(other);
  }
  for (std::size_t n = 0; from.weight.size() > 1 && n < from.weight.size(); ++n) {
    for (const double factor : {kFactor, 1 / kFactor}) {
      OverlapSetting other = from;
      other.weight[n] *= factor;
      list.push_back(normalized(other));
    }
  }
  return list;
}

}  // namespace

const OverlapTrial* best_trial(const std::vector<OverlapTrial>& trials) {
  const OverlapTrial* best = nullptr;
  for (const OverlapTrial& trial : trials)
    if (!best || trial.rmse < best->rmse) best = &trial;
  return best;
}

std::optional<OverlapSetting> next_setting(Index unfoldings, const OverlapOptions& options,
                                           const std::vector<OverlapTrial>& trials) {
  const auto find = [&](const OverlapSetting& setting) -> const OverlapTrial* {
    for (const OverlapTrial& trial : trials)
      if (same(trial.setting, setting)) return &trial;
    return nullptr;
  };
  const OverlapTrial* best = nullptr;
  for (const OverlapSetting& setting : starts(unfoldings)) {
    const OverlapTrial* trial = find(setting);
    if (!trial) return setting;
    if (!best || trial->rmse < best->rmse) best = trial;
  }
  for (Index round = 0; round < options.rounds; ++round) {
    bool better = false;
    // A round goes over the changes; each starts from the best so far and is repeated as long as it helps.
    const std::size_t changes = neighbours(best->setting).size();
    for (std::size_t k = 0; k < changes;) {
      const OverlapSetting setting = neighbours(best->setting)[k];
      const OverlapTrial* trial = find(setting);
      if (!trial) return setting;
      if (trial->rmse < (1 - options.gain) * best->rmse) {
        best = trial;  // and the same change once more
        better = true;
      } else {
        ++k;
      }
    }
    if (!better) break;
  }
  return std::nullopt;
}

}  // namespace rankflow::overlap
