// Where interrupted runs are kept, and the line that goes on with one.
// SPDX-License-Identifier: Apache-2.0
#include "cli/interruption.h"

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/option_binding.h"
#include "cli/verbs.h"

namespace rankflow::cli {
namespace {

std::string default_checkpoint(const std::string& output, const std::string& report_folder) {
  if (!output.empty() && output != "-") return output + ".checkpoint.npz";
  if (!report_folder.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(report_folder, ignored);
    return (std::filesystem::path(report_folder) / "checkpoint.npz").string();
  }
  return "rankflow.checkpoint.npz";
}

}  // namespace

void bind(CLI::App& verb, CheckpointSettings& settings) {
  verb.add_option("--checkpoint", settings.path, "file that a long run saves its state to");
  verb.add_option("--checkpoint-every", settings.every_seconds,
                  "seconds between two saves; longer apart where saving would take more than 3 % of the time")
      ->check(in_range({0, std::numeric_limits<double>::infinity(), true}));
  verb.add_option("--resume", settings.resume, "go on from this checkpoint");
}

CheckpointOptions checkpoint_options(const CheckpointSettings& settings, const std::string& output,
                                     const std::string& report_folder) {
  CheckpointOptions options;
  options.resume_path = settings.resume;
  options.path = !settings.path.empty()     ? settings.path
                 : !settings.resume.empty() ? settings.resume
                                            : default_checkpoint(output, report_folder);
  options.every_seconds = settings.asked() ? settings.every_seconds : std::numeric_limits<double>::infinity();
  return options;
}

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
