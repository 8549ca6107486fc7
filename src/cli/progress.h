// What a long run says while it runs: one moving line on a terminal, a plain line now and then elsewhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "rankflow/fit.h"

namespace rankflow::cli {

class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  /// Shows a step if enough time has gone by since the last one shown.
  void show(const Step& step);
  /// Removes the moving line.
  void clear();

 private:
  bool quiet_, terminal_, drawn_ = false;
  std::chrono::steady_clock::time_point begin_, last_;
};

/// A signal that ends the process first removes what is half-written.
void clean_up_on_signals();

/// Ctrl-C (SIGINT) and SIGTERM ask for an orderly end: the step is finished, the checkpoint written.
void catch_interrupts();
bool interrupted();

}  // namespace rankflow::cli
