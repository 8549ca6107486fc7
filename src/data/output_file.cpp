// Buffered writing.
// SPDX-License-Identifier: Apache-2.0
#include "data/output_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "rankflow/error.h"

namespace rankflow {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

}  // namespace

struct OutputFile::Deflater {
  z_stream stream{};
  std::unique_ptr<char[]> out = std::make_unique<char[]>(kBuffer);

  Deflater() {
    constexpr int kGzip = 15 + 16, kLevel = 4;
    RANKFLOW_ASSERT(deflateInit2(&stream, kLevel, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib");
  }
  ~Deflater() { deflateEnd(&stream); }
};

OutputFile::OutputFile(const std::string& path) : file_(path), buffer_(std::make_unique<char[]>(kBuffer)) {
  if (path.ends_with(".gz")) deflater_ = std::make_unique<Deflater>();
  descriptor_ = path == "-" ? ::dup(STDOUT_FILENO)
                            : ::open(file_.part().c_str(),
                                     O_WRONLY | O_CLOEXEC | (file_.in_place() ? 0 : O_CREAT | O_EXCL), 0666);
  if (descriptor_ < 0) throw_cannot_write(path, errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::to_descriptor(const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_cannot_write(file_.path(), errno);
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

void OutputFile::deflate_piece(const char* bytes, std::size_t size, bool last) {
  z_stream& stream = deflater_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes));
  stream.avail_in = static_cast<uInt>(size);
  do {
    stream.next_out = reinterpret_cast<Bytef*>(deflater_->out.get());
    stream.avail_out = kBuffer;
    deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
    to_descriptor(deflater_->out.get(), kBuffer - stream.avail_out);
  } while (stream.avail_out == 0);
}

void OutputFile::flush() {
  if (deflater_ != nullptr) {
    deflate_piece(buffer_.get(), used_, false);
  } else {
    to_descriptor(buffer_.get(), used_);
  }
  used_ = 0;
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (used_ == kBuffer) flush();
    const std::size_t now = std::min(bytes.size(), kBuffer - used_);
    std::memcpy(buffer_.get() + used_, bytes.data(), now);
    used_ += now;
    bytes.remove_prefix(now);
  }
}

char* OutputFile::room(std::size_t size) {
  RANKFLOW_ASSERT(size <= kBuffer, "more room than the buffer has");
  if (kBuffer - used_ < size) flush();
  return buffer_.get() + used_;
}

void OutputFile::finish() {
  flush();
  if (deflater_ != nullptr) deflate_piece(nullptr, 0, true);
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) throw_cannot_write(file_.path(), errno);
  file_.publish();
}

void copy_file(const std::string& from, const std::string& to) {
  std::ifstream in(from, std::ios::binary);
  OutputFile out(to);
  std::string piece(kBuffer, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0)
    out.write(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
  out.finish();
}

void write_file(const std::string& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.finish();
}

}  // namespace rankflow
