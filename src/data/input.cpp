// Mapping, reading and unpacking.
// SPDX-License-Identifier: Apache-2.0
#include "data/input.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20, kMappedPiece = std::size_t{1} << 24;

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

}  // namespace

// Bytes of a descriptor or of memory, unpacked if they are gzip.
struct Input::Stream {
  std::string name;
  int descriptor = -1;
  std::string_view memory;  // instead of a descriptor
  std::string raw;          // packed bytes not yet unpacked, from raw_at on
  std::size_t raw_at = 0;
  bool gzip = false, between_members = true;
  z_stream inflater{};

  ~Stream() {
    if (descriptor > STDIN_FILENO) ::close(descriptor);
    if (gzip) inflateEnd(&inflater);
  }
  void start_gzip() {
    constexpr int kGzip = 15 + 16;
    RANKFLOW_ASSERT(inflateInit2(&inflater, kGzip) == Z_OK, "zlib");
    gzip = true;
  }
  std::size_t read_raw(char* to, std::size_t size) {
    if (descriptor < 0) {
      const std::size_t now = std::min(size, memory.size());
      std::memcpy(to, memory.data(), now);
      memory.remove_prefix(now);
      return now;
    }
    while (true) {
      const ssize_t got = ::read(descriptor, to, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw InputError(name, std::string("cannot read: ") + std::strerror(errno));
    }
  }
  // False at the end of the packed bytes.
  bool fill_raw() {
    raw.resize(kPiece);
    raw_at = 0;
    raw.resize(read_raw(raw.data(), kPiece));
    return !raw.empty();
  }
  std::size_t read(char* to, std::size_t size) { return gzip ? read_gzip(to, size) : read_plain(to, size); }
  std::size_t read_plain(char* to, std::size_t size) {
    if (raw_at == raw.size()) return read_raw(to, size);
    const std::size_t now = std::min(size, raw.size() - raw_at);
    std::memcpy(to, raw.data() + raw_at, now);
    raw_at += now;
    return now;
  }
  std::size_t read_gzip(char* to, std::size_t size) {
    inflater.next_out = reinterpret_cast<Bytef*>(to);
    inflater.avail_out = static_cast<uInt>(size);
    while (inflater.avail_out == size) {
      if (raw_at == raw.size() && !fill_raw()) {
        if (between_members) return 0;
        throw InputError(name, "the gzip file is cut off", "copy the file again");
      }
      if (between_members && raw[raw_at] == '\0') {  // tapes pad with zeros
        ++raw_at;
        continue;
      }
      between_members = false;
      inflater.next_in = reinterpret_cast<Bytef*>(raw.data() + raw_at);
      inflater.avail_in = static_cast<uInt>(raw.size() - raw_at);
      const int result = inflate(&inflater, Z_NO_FLUSH);
      raw_at = raw.size() - inflater.avail_in;
      if (result == Z_STREAM_END) {
        between_members = true;
        inflateReset(&inflater);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        const char* reason = inflater.msg == nullptr ? "unknown reason" : inflater.msg;
        throw InputError(name, std::string("the gzip file is damaged: ") + reason, "copy the file again");
      }
    }
    return size - inflater.avail_out;
  }
};

Input::Input(std::string_view bytes, std::string name) : name_(std::move(name)), data_(bytes) {
  known_size_ = bytes.size();
  if (!is_gzip(bytes)) return;
  known_size_ = 0;
  data_ = {};
  stream_ = std::make_unique<Stream>();
  stream_->name = name_;
  stream_->memory = bytes;
  stream_->start_gzip();
}

Input::Input(const std::string& path) : name_(path == "-" ? "standard input" : path) {
  const auto fail = [&](const std::string& problem, const char* hint = "") { throw InputError(name_, problem, hint); };
  stream_ = std::make_unique<Stream>();
  stream_->name = name_;
  stream_->descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (stream_->descriptor < 0)
    fail(std::string("cannot read: ") + std::strerror(errno),
         errno == ENOENT ? "check the path; \"-\" is standard input" : "");
  struct stat status {};
  if (::fstat(stream_->descriptor, &status) != 0) fail(std::string("cannot read: ") + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail("is a folder; expected a file");
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    map_size_ = static_cast<std::size_t>(status.st_size);
    map_ = ::mmap(nullptr, map_size_, PROT_READ, MAP_PRIVATE, stream_->descriptor, 0);
    if (map_ == MAP_FAILED) map_ = nullptr;
  }
  if (map_ != nullptr && ::lseek(stream_->descriptor, 0, SEEK_CUR) == 0) {
    ::madvise(map_, map_size_, MADV_SEQUENTIAL);
    const std::string_view bytes(static_cast<const char*>(map_), map_size_);
    if (!is_gzip(bytes)) {
      data_ = bytes;
      known_size_ = map_size_;
      stream_.reset();
      return;
    }
  }
  stream_->fill_raw();
  if (is_gzip(stream_->raw)) stream_->start_gzip();
}

Input::~Input() {
  if (map_ != nullptr) ::munmap(map_, map_size_);
}

std::string_view Input::inner_name() const {
  std::string_view name = name_;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name;
}

// Makes `size` bytes lie ready if there are so many; false if not one could be added.
bool Input::read_more(std::size_t size) {
  if (stream_ == nullptr) return false;
  if (data_.data() != buffer_.data()) buffer_.erase(0, buffer_.size() - data_.size());
  const std::size_t before = buffer_.size();
  while (buffer_.size() < size) {
    const std::size_t have = buffer_.size();
    buffer_.resize(have + kPiece);
    const std::size_t got = stream_->read(buffer_.data() + have, kPiece);
    buffer_.resize(have + got);
    if (got == 0) break;
  }
  data_ = buffer_;
  return buffer_.size() > before;
}

std::string_view Input::ahead(std::size_t size) {
  skip(std::exchange(given_, 0));
  if (data_.size() < size) read_more(size);
  return data_;
}

void Input::skip(std::size_t size) {
  data_.remove_prefix(std::min(size, data_.size()));
}

// What has been read need not stay in memory: a mapped list may be larger than everything made from it. (Whoever looks
// back for a message finds the bytes again, from the file.)
void Input::release_read_pages() {
  if (map_ == nullptr) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t done = map_size_ - data_.size(), whole = done / page * page;
  if (whole > released_) ::madvise(static_cast<char*>(map_) + released_, whole - released_, MADV_DONTNEED);
  released_ = std::max(released_, whole);
}

std::string_view Input::lines() {
  skip(std::exchange(given_, 0));
  if (stream_ == nullptr) {
    release_read_pages();
    std::size_t piece = data_.size();
    if (piece > kMappedPiece) piece = data_.find('\n', kMappedPiece);
    given_ = piece == std::string_view::npos ? data_.size() : std::min(data_.size(), piece + 1);
    return data_.substr(0, given_);
  }
  if (data_.size() < kPiece) read_more(kPiece);
  std::size_t end = data_.rfind('\n');
  while (end == std::string_view::npos && read_more(2 * data_.size())) end = data_.rfind('\n');
  given_ = end == std::string_view::npos ? data_.size() : end + 1;
  return data_.substr(0, given_);
}

std::string_view Input::rest() {
  skip(std::exchange(given_, 0));
  while (read_more(2 * data_.size() + kPiece)) {
  }
  return data_;
}

}  // namespace rankflow
