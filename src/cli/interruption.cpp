// Where interrupted runs are kept, and the line that goes on with one.
// SPDX-License-Identifier: Apache-2.0
#include "cli/interruption.h"

#include <fmt/format.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/option_binding.h"
#include "cli/verbs.h"
#include "rankflow/error.h"

namespace rankflow::cli {
namespace {

std::string default_checkpoint(const std::string& output, const std::string& report_folder) {
  if (!output.empty() && output != "-" && !output.starts_with("/dev/")) return output + ".checkpoint.npz";
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
                                     const std::string& report_folder, bool quiet) {
  CheckpointOptions options;
  options.resume_path = settings.resume;
  options.path = !settings.path.empty()     ? settings.path
                 : !settings.resume.empty() ? settings.resume
                                            : default_checkpoint(output, report_folder);
  options.every_seconds = settings.asked() ? settings.every_seconds : std::numeric_limits<double>::infinity();
  try {
    check_checkpoint(options.path);
  } catch (const InputError& error) {
    if (settings.asked()) throw;
    options.path.clear();
    if (!quiet)
      fmt::print(stderr, "an interruption would lose this run, since its state cannot be kept beside its output: {}\n",
                 error.what());
  }
  return options;
}

namespace {

std::string resume_line(std::vector<std::string> command, const std::string& checkpoint) {
  std::erase_if(command, [](const std::string& word) { return word.starts_with("--resume="); });
  for (std::size_t k = 0; k < command.size(); ++k)
    if (command[k] == "--resume" && k + 1 < command.size())
      command.erase(command.begin() + static_cast<std::ptrdiff_t>(k),
                    command.begin() + static_cast<std::ptrdiff_t>(k) + 2);
  command.insert(command.end(), {"--resume", checkpoint});
  return shell_line(command);
}

}  // namespace

void say_interrupted(const std::vector<std::string>& command, const CheckpointOptions& checkpoint, bool json) {
  nlohmann::ordered_json object = {{"stop", "interrupted"}, {"resume", nullptr}};
  if (checkpoint.path.empty()) {
    fmt::print(stderr, "interrupted; nothing was kept\n");
  } else {
    const std::string line = resume_line(command, checkpoint.path);
    fmt::print(stderr, "interrupted; to go on:\n  {}\n", line);
    object["resume"] = line;
  }
  if (json) fmt::print("{}\n", json_text(object));
}

}  // namespace rankflow::cli
