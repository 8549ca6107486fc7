// The program: finds the verb, hands over, and turns exceptions into exit statuses.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <system_error>

#include "base/json_text.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "rankflow/error.h"

namespace {

// A program that asked for --json finds what went wrong there too.
int failed(std::span<char* const> words, int status, const std::string& message) {
  fmt::print(stderr, "error: {}\n", message);
  const auto said = [words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (said("--json") && !said("-"))
    fmt::print("{}\n", rankflow::json_text(nlohmann::ordered_json({{"error", message}, {"exit_status", status}})));
  return status;
}

// As CLI11 prints help, without the values behind the names of flags (--no-clip{false}).
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, positional);
    for (std::size_t begin = 0; (begin = name.find('{')) != std::string::npos;)
      name.erase(begin, name.find('}', begin) + 1 - begin);
    return name;
  }
};

// 0 the answer is complete; 1 it ran but did not reach what was asked; 2 usage or options; 3 bad input data; 70 our
// bug.
int run(int argc, char** argv) {
  CLI::App program{"learns matrices of low rank without being told the rank", "rankflow"};
  program.formatter(std::make_shared<HelpFormatter>());
  program.require_subcommand(1);
  program.set_version_flag("--version", "rankflow " RANKFLOW_VERSION);
  rankflow::cli::Outcome outcome;
  outcome.command.assign(argv, argv + argc);
  rankflow::cli::add_complete(program, outcome);
  rankflow::cli::add_predict(program, outcome);
  rankflow::cli::add_sense(program, outcome);
  rankflow::cli::add_check(program, outcome);
  rankflow::cli::add_convert(program, outcome);
  rankflow::cli::add_reproduce(program, outcome);
  rankflow::cli::add_run(program, outcome);
  rankflow::cli::add_sweep(program, outcome);
  rankflow::cli::add_doctor(program, outcome);
  rankflow::cli::add_options(program, outcome);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
    const bool rank = std::any_of(words.begin(), words.end(), [](std::string_view word) {
      return word == "--rank" || word.starts_with("--rank=");
    });
    return failed(words, 2,
                  fmt::format("{}\n  hint: {}rankflow {}--help lists what there is", error.what(),
                              rank ? "the rank is found, not given; --max-rank limits it; " : "",
                              argc > 1 && argv[1][0] != '-' ? std::string(argv[1]) + " " : ""));
  }
  return outcome.status;
}

}  // namespace

int main(int argc, char** argv) {
  rankflow::cli::clean_up_on_signals();
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw rankflow::InputError("standard output", errno != 0 ? std::strerror(errno) : "cannot be written");
    return status;
  } catch (const rankflow::OptionError& error) {
    return failed(words, 2, error.what());
  } catch (const rankflow::InputError& error) {
    return failed(words, 3, error.what());
  } catch (const std::system_error& error) {
    return failed(words, 3, error.what());
  } catch (const std::bad_alloc&) {
    return failed(words, 3, "out of memory\n  hint: use fewer entries, or a machine with more memory");
  } catch (const std::exception& error) {
    return failed(words, 70, fmt::format("this is a bug in rankflow: {}", error.what()));
  }
}
