// The program: finds the verb, hands over, and turns exceptions into exit statuses.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "cli/progress.h"
#include "cli/verbs.h"
#include "rankflow/error.h"

namespace {

// 0 the answer is complete; 1 it ran but did not reach what was asked; 2 usage or options; 3 bad input data; 70 our
// bug.
int run(int argc, char** argv) {
  CLI::App program{"learns matrices of low rank without being told the rank", "rankflow"};
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
    fmt::print(stderr, "error: {}\n  hint: rankflow {}--help lists what there is\n", error.what(),
               argc > 1 && argv[1][0] != '-' ? std::string(argv[1]) + " " : "");
    return 2;
  }
  return outcome.status;
}

}  // namespace

int main(int argc, char** argv) {
  rankflow::cli::clean_up_on_signals();
  try {
    const int status = run(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw rankflow::InputError("standard output", errno != 0 ? std::strerror(errno) : "cannot be written");
    return status;
  } catch (const rankflow::OptionError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  } catch (const rankflow::InputError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 3;
  } catch (const std::system_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 3;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory\n  hint: use fewer entries, or a machine with more memory\n");
    return 3;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: this is a bug in rankflow: {}\n", error.what());
    return 70;
  }
}
