// Writing beside the target and renaming.
// SPDX-License-Identifier: Apache-2.0
#include "data/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kLongestName = 200;  // of 255 bytes that file systems allow, the rest for what makes it unique

// The parts under way, for remove_unfinished_files(). One more than there is room for is only not removed by a signal.
std::array<std::atomic<const char*>, 32> unfinished;

void remember(const char* part) {
  for (auto& slot : unfinished) {
    const char* free = nullptr;
    if (slot.compare_exchange_strong(free, part)) return;
  }
}

void forget(const char* part) {
  for (auto& slot : unfinished) {
    const char* expected = part;
    if (slot.compare_exchange_strong(expected, nullptr)) return;
  }
}

// NAME.<process>-<random>.part in the folder of the target: two writers to one file do not meet.
std::string unique_part(const std::string& target) {
  const std::filesystem::path path = target;
  std::random_device random;
  char ending[64];
  std::snprintf(ending, sizeof ending, ".%ld-%08x%08x.part", static_cast<long>(::getpid()), random(), random());
  return (path.parent_path() / (path.filename().string().substr(0, kLongestName) + ending)).string();
}

// Some file systems cannot flush a folder or a pipe; they say EINVAL, and nothing is lost by it.
void flush(const std::string& path, int flags, const std::string& named) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) throw_cannot_write(named, errno);
  const int result = ::fsync(file);
  const int reason = errno;
  ::close(file);
  if (result != 0 && reason != EINVAL && reason != EROFS) throw_cannot_write(named, reason);
}

}  // namespace

void throw_cannot_write(const std::string& path, int error_number) {
  std::string hint;
  if (error_number == ENOSPC || error_number == EDQUOT) hint = "make room on the disk, or write elsewhere";
  if (error_number == ENOENT) hint = "the folder has to exist";
  if (error_number == EACCES || error_number == EROFS) hint = "write to a folder that you may write to";
  throw InputError(path == "-" ? "standard output" : path, std::string("cannot write: ") + std::strerror(error_number),
                   hint);
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), target_(path_) {
  if (path_.empty()) throw InputError("output", "the file name is empty");
  struct stat status {};
  const bool exists = path_ != "-" && ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) throw_cannot_write(path_, EISDIR);
  in_place_ = path_ == "-" || (exists && !S_ISREG(status.st_mode));
  if (in_place_) {
    part_ = path_;
    return;
  }
  std::error_code unresolved;
  if (exists) target_ = std::filesystem::canonical(path_, unresolved).string();
  if (unresolved) target_ = path_;
  part_ = unique_part(target_);
  remember(part_.c_str());
}

AtomicFile::~AtomicFile() {
  if (in_place_) return;
  if (!published_) ::unlink(part_.c_str());
  forget(part_.c_str());
}

void AtomicFile::publish() {
  if (in_place_ || published_) return;
  flush(part_, O_RDONLY, path_);
  if (std::rename(part_.c_str(), target_.c_str()) != 0) throw_cannot_write(path_, errno);
  published_ = true;
  const std::string folder = std::filesystem::path(target_).parent_path().string();
  flush(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY, path_);
}

void remove_unfinished_files() noexcept {
  for (const auto& slot : unfinished)
    if (const char* part = slot.load()) ::unlink(part);
}

}  // namespace rankflow
