// Progress lines and orderly interruption.
// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <csignal>

#include "data/atomic_file.h"

namespace rankflow::cli {
namespace {

constexpr double kTerminalSeconds = 0.2, kPlainSeconds = 10;

volatile std::sig_atomic_t interrupt_count = 0;

// Nothing half-written is left behind, and the caller sees by which signal the process ended.
void end_by(int signal) {
  remove_unfinished_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void on_interrupt(int signal) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) {  // the second one means it
    end_by(signal);
  }
}

double seconds_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

std::string line(const Step& step) {
  std::string text = fmt::format("{}: step {}", step.stage, step.iteration);
  if (std::isfinite(step.progress)) text += fmt::format(" ({:.0f} %)", 100 * step.progress);
  if (std::isfinite(step.train_rmse)) text += fmt::format(", train RMSE {:.4g}", step.train_rmse);
  if (std::isfinite(step.validation_rmse)) text += fmt::format(", validation RMSE {:.4g}", step.validation_rmse);
  if (step.rank > 0) text += fmt::format(", rank {}", step.rank);
  if (std::isfinite(step.rate)) text += fmt::format(", {:.3g} observations/s", step.rate);
  if (std::isfinite(step.progress) && step.progress > 0)
    text += fmt::format(", {:.0f} s left in this fit", step.seconds * (1 - step.progress) / step.progress);
  return text;
}

}  // namespace

Progress::Progress(bool quiet)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), begin_(std::chrono::steady_clock::now()), last_(begin_) {}

Progress::~Progress() {
  clear();
}

void Progress::show(const Step& step) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (seconds_between(last_, now) < (terminal_ ? kTerminalSeconds : kPlainSeconds)) return;
  last_ = now;
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{}", line(step));
    std::fflush(stderr);
    drawn_ = true;
  } else {
    fmt::print(stderr, "{:.0f} s: {}\n", seconds_between(begin_, now), line(step));
  }
}

void Progress::clear() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

void clean_up_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    if (std::signal(number, end_by) == SIG_IGN) std::signal(number, SIG_IGN);  // nohup stays nohup
}

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

bool interrupted() {
  return interrupt_count > 0;
}

}  // namespace rankflow::cli
