// What happens when something in a file is wrong: stop at the first flaw, or collect them and read on?
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rankflow/read.h"

namespace rankflow {

class Flaws {
 public:
  /// @param collect  false: add() throws
  explicit Flaws(std::string path, bool collect = false, Index limit = 0)
      : path_(std::move(path)), collect_(collect), limit_(limit) {}

  /// Throws InputError, or keeps the flaw; then the reader goes on as `repair` says.
  void add(Index line, const std::string& problem, const std::string& hint, const std::string& repair);
  /// A flaw nothing can be read after. Always throws.
  [[noreturn]] void fail(Index line, const std::string& problem, const std::string& hint = "") const;
  /// "path:line", or the path alone for line 0.
  std::string where(Index line) const;

  const std::string& path() const { return path_; }
  bool collect() const { return collect_; }
  /// Whether the text of another flaw would still be kept; finding its place may be costly.
  bool wants_more() const { return !collect_ || static_cast<Index>(list_.size()) < limit_; }
  Index count() const { return count_; }
  /// The first one that was kept; null if there is none.
  const Flaw* first() const { return list_.empty() ? nullptr : &list_.front(); }
  std::vector<Flaw> take() { return std::move(list_); }

 private:
  std::string path_;
  bool collect_;
  Index limit_, count_ = 0;
  std::vector<Flaw> list_;
};

}  // namespace rankflow
