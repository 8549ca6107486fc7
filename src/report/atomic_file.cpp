// How does a file appear whole or not at all?
// SPDX-License-Identifier: Apache-2.0
#include "report/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "rankflow/error.h"

namespace rankflow::report {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& action) {
  const int reason = errno;
  throw InputError(path, action + ": " + std::strerror(reason),
                   reason == ENOSPC ? "free some space or choose another folder" : "");
}

// false with errno set when the system refuses.
bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 || errno == EINVAL;  // EINVAL: a file system without fsync
}

// The rename itself must reach the disk too; a file system that cannot do that is no error.
void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view content) {
  const std::string partial = path + ".part";
  const int file = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail(path, "cannot be written");
  if (!write_all(file, content)) {
    const int reason = errno;
    ::close(file);
    ::unlink(partial.c_str());
    errno = reason;
    fail(path, "cannot be written");
  }
  if (::close(file) != 0 || ::rename(partial.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(partial.c_str());
    errno = reason;
    fail(path, "cannot be put in place");
  }
  sync_folder_of(path);
}

}  // namespace rankflow::report
