// How does a file appear whole or not at all? Written beside its place, flushed to the disk, renamed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rankflow {

/// A file on its way to `path`. What is written goes to part(), whose name no other writer has; publish() makes it the
/// file; without publish() the part is removed and whatever was at `path` before stays. Of two writers to one path, the
/// one that publishes last wins.
class AtomicFile {
 public:
  /// "-" is standard output. Devices and pipes are written in place: they cannot be renamed onto.
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  bool in_place() const { return in_place_; }
  const std::string& path() const { return path_; }
  /// What to open for writing. Equals path() when in_place().
  const std::string& part() const { return part_; }
  void publish();

 private:
  std::string path_;    // as the user wrote it, for messages
  std::string target_;  // links resolved, so that a link stays a link
  std::string part_;
  bool in_place_ = false, published_ = false;
};

/// Removes what is being written but not published. For signal handlers before they end the process: it calls nothing
/// that is not allowed there.
void remove_unfinished_files() noexcept;

/// Throws InputError "path: cannot write: <the system's reason>".
[[noreturn]] void throw_cannot_write(const std::string& path, int error_number);

}  // namespace rankflow
