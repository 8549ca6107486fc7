// The line that goes on with an interrupted run.
// SPDX-License-Identifier: Apache-2.0
#include "cli/interruption.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verbs.h"

namespace rankflow::cli {

std::string resume_line(std::vector<std::string> command, const std::string& checkpoint) {
  std::erase_if(command, [](const std::string& word) { return word.starts_with("--resume="); });
  for (std::size_t k = 0; k < command.size(); ++k)
    if (command[k] == "--resume" && k + 1 < command.size())
      command.erase(command.begin() + static_cast<std::ptrdiff_t>(k),
                    command.begin() + static_cast<std::ptrdiff_t>(k) + 2);
  command.insert(command.end(), {"--resume", checkpoint});
  return shell_line(command);
}

void say_interrupted(const std::string& resume_line, bool json) {
  fmt::print(stderr, "interrupted; to go on:\n  {}\n", resume_line);
  if (json)
    fmt::print("{}\n", nlohmann::ordered_json({{"stop", "interrupted"}, {"resume", resume_line}})
                           .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace rankflow::cli
