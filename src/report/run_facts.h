// What every report says of its run: the options beside their defaults, and what it ran on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rankflow/options.h"
#include "rankflow/report.h"

namespace rankflow::report {

std::vector<ReportOption> options_shown(const std::vector<OptionField>& given,
                                        const std::vector<OptionField>& otherwise);

/// `otherwise`: the defaults.
template <class Options>
std::vector<ReportOption> options_shown(Options given, Options otherwise = {}) {
  return options_shown(fields(given), fields(otherwise));
}

/// Seed, version, processor, kernels and threads.
std::vector<ReportFact> run_facts(std::uint64_t seed);

}  // namespace rankflow::report
