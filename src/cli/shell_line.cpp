// Command lines for people to paste.
// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

namespace rankflow::cli {

std::string shell_line(const std::vector<std::string>& words) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
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

}  // namespace rankflow::cli
