// Options and machine as a report names them.
// SPDX-License-Identifier: Apache-2.0
#include "report/run_facts.h"

#include <string>

#include "base/processor.h"
#include "base/threads.h"

namespace rankflow::report {

std::vector<ReportOption> options_shown(const std::vector<OptionField>& given,
                                        const std::vector<OptionField>& otherwise) {
  std::vector<ReportOption> list;
  for (std::size_t k = 0; k < given.size(); ++k)
    list.push_back({given[k].name, given[k].get(), otherwise[k].get(), given[k].help});
  return list;
}

std::vector<ReportFact> run_facts(std::uint64_t seed) {
  return {{"seed", std::to_string(seed)},
          {"version", RANKFLOW_VERSION},
          {"processor", processor_name()},
          {"kernels", name(instruction_set())},
          {"threads", std::to_string(num_threads())}};
}

}  // namespace rankflow::report
