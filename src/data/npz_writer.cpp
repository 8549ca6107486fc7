// Writing arrays into a zip file; what is in memory already is not copied.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <exception>
#include <filesystem>

#include "data/npz.h"
#include "data/output_file.h"
#include "rankflow/error.h"

namespace rankflow {

struct NpzWriter::Member {
  std::string header, storage;  // .npy header; padded text
  std::vector<zip_buffer_fragment_t> fragments;
  ByteSupply supply;                 // of a streamed member
  zip_uint64_t size = 0, given = 0;  // its bytes with header; how many libzip has
  std::exception_ptr failure;        // of supply: must not fly through libzip

  static zip_int64_t answer(void* self, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    auto& member = *static_cast<Member*>(self);
    switch (command) {
      case ZIP_SOURCE_OPEN:
        member.given = 0;
        return 0;
      case ZIP_SOURCE_READ: {
        const zip_uint64_t now = std::min(length, member.size - member.given);
        const zip_uint64_t of_header =
            member.given < member.header.size() ? std::min(now, member.header.size() - member.given) : 0;
        std::memcpy(data, member.header.data() + (of_header > 0 ? member.given : 0), of_header);
        try {
          if (now > of_header) member.supply(static_cast<char*>(data) + of_header, now - of_header);
        } catch (...) {
          member.failure = std::current_exception();
          return -1;
        }
        member.given += now;
        return static_cast<zip_int64_t>(now);
      }
      case ZIP_SOURCE_STAT: {
        auto* status = static_cast<zip_stat_t*>(data);
        zip_stat_init(status);
        status->size = member.size;
        status->valid = ZIP_STAT_SIZE;
        return sizeof(*status);
      }
      case ZIP_SOURCE_ERROR:
        std::memset(data, 0, 2 * sizeof(int));
        return 2 * sizeof(int);
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, -1);
      default:
        return 0;
    }
  }
};

NpzWriter::NpzWriter(const std::string& path, bool compress) : file_(path), compress_(compress) {
  zip_path_ = file_.part();
  if (file_.in_place()) {  // a zip needs a file it can seek in: make one and copy it
    std::string pattern = (std::filesystem::temp_directory_path() / "rankflow-XXXXXX").string();
    const int made = ::mkstemp(pattern.data());
    if (made < 0) throw_cannot_write(pattern, errno);
    ::close(made);
    zip_path_ = pattern;
  }
  // libzip itself finds out only at the very end whether it may write here: ask at once.
  const int probe = ::open(zip_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (probe < 0) throw_cannot_write(path, errno);
  ::close(probe);
  int code = 0;
  archive_ = zip_open(zip_path_.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive_ == nullptr) fail(code == ZIP_ER_OPEN ? errno : 0, "the zip file cannot be made");
}

NpzWriter::~NpzWriter() {
  if (archive_ != nullptr) zip_discard(archive_);
  if (file_.in_place()) ::unlink(zip_path_.c_str());
}

void NpzWriter::fail(int system_error, const char* text) const {
  if (system_error != 0) throw_cannot_write(file_.path(), system_error);
  throw InputError(file_.path(), std::string("cannot write: ") + text);
}

void NpzWriter::insert(const std::string& name, void* source) {
  if (source == nullptr) fail(0, zip_strerror(archive_));
  const zip_int64_t position =
      zip_file_add(archive_, (name + ".npy").c_str(), static_cast<zip_source_t*>(source), ZIP_FL_ENC_UTF_8);
  if (position < 0) {
    zip_source_free(static_cast<zip_source_t*>(source));
    fail(0, zip_strerror(archive_));
  }
  // Level 3: doubles hardly shrink further, and 6 takes three times as long.
  zip_set_file_compression(archive_, position, compress_ ? ZIP_CM_DEFLATE : ZIP_CM_STORE, compress_ ? 3 : 0);
  zip_file_set_dostime(archive_, position, 0, (1 << 5) | 1, 0);  // 1980-01-01: the same arrays give the same file
}

void NpzWriter::add(const std::string& name, const Array& array) {
  Member& member = *members_.emplace_back(std::make_unique<Member>());
  std::string descr;
  const std::string_view data = npy_bytes(array, descr, member.storage);
  member.header = npy_header(descr, array.shape);
  const auto fragment = [](std::string_view bytes) {
    return zip_buffer_fragment_t{reinterpret_cast<zip_uint8_t*>(const_cast<char*>(bytes.data())), bytes.size()};
  };
  member.fragments = {fragment(member.header), fragment(data)};
  if (data.empty()) member.fragments.pop_back();
  insert(name, zip_source_buffer_fragment(archive_, member.fragments.data(), member.fragments.size(), 0));
}

void NpzWriter::add_streamed(const std::string& name, const std::vector<Index>& shape, ByteSupply supply) {
  Member& member = *members_.emplace_back(std::make_unique<Member>());
  member.header = npy_header("<f8", shape);
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  member.size = member.header.size() + static_cast<zip_uint64_t>(count) * sizeof(double);
  member.supply = std::move(supply);
  insert(name, zip_source_function(archive_, Member::answer, &member));
}

void NpzWriter::finish() {
  RANKFLOW_ASSERT(!members_.empty(), "a zip file without members cannot be written");
  if (zip_close(archive_) != 0) {
    for (const auto& member : members_)
      if (member->failure) std::rethrow_exception(member->failure);
    zip_error_t* error = zip_get_error(archive_);
    const int system_error = zip_error_system_type(error) == ZIP_ET_SYS ? zip_error_code_system(error) : 0;
    fail(system_error, zip_error_strerror(error));
  }
  archive_ = nullptr;
  if (file_.in_place()) copy_file(zip_path_, file_.path());
  file_.publish();
}

}  // namespace rankflow
