// A page as a real browser draws it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "support/files.h"

namespace rankflow::test {

inline bool has_browser() {
  return std::system("command -v chromium > /dev/null") == 0;
}

/// Fails unless the page draws all its figures, more than `least`, without an error.
inline void expect_drawn(const std::string& page, int least) {
  const Folder folder;
  const auto run = run_shell(
      "timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking --disable-component-update --disable-sync --virtual-time-budget=20000 "
      "--user-data-dir=" +
      (folder / "profile") + " --dump-dom file://" + page);
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string head = run.out.substr(0, run.out.find('>', run.out.find("<html")));
  EXPECT_THAT(head, testing::HasSubstr("data-errors=\"0\""));
  const auto number = [&](const std::string& attribute) {
    const std::size_t at = head.find(attribute + "=\"");
    return at == std::string::npos ? -1 : std::atoi(head.c_str() + at + attribute.size() + 2);
  };
  EXPECT_GT(number("data-figures"), least) << head;
  EXPECT_EQ(number("data-drawn"), number("data-figures")) << head;
}

}  // namespace rankflow::test
