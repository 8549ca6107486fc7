// Writing and reading checkpoints.
// SPDX-License-Identifier: Apache-2.0
#include "completion/checkpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>

#include "completion/fit_archive.h"
#include "rankflow/error.h"

namespace rankflow::completion {
namespace {

constexpr const char* kMagic = "rankflow completion checkpoint 1";
// A save writes everything there is, the whole history too. Saves are spaced so that they take at most this share of
// the time, however long the history gets.
constexpr double kMostWriting = 0.03;
const std::string kFinished = "finished/", kInProgress = "in progress/", kHistory = "history", kChecksum = "checksum";

// FNV-1a over 64-bit words: not cryptographic, only meant to notice another file.
class Hash {
 public:
  void word(std::uint64_t w) {
    state_ = (state_ ^ w) * 0x100000001B3ull;
    state_ ^= state_ >> 29;
  }
  void number(double x) {
    std::uint64_t w;
    static_assert(sizeof w == sizeof x);
    std::memcpy(&w, &x, sizeof w);
    word(w);
  }
  void text(const std::string& s) {
    for (const char c : s) word(static_cast<unsigned char>(c));
    word(s.size());
  }
  // Whole words first, so that the large arrays of a state cost little.
  void bytes(const void* data, std::size_t size) {
    const char* from = static_cast<const char*>(data);
    for (; size >= sizeof(std::uint64_t); from += sizeof(std::uint64_t), size -= sizeof(std::uint64_t)) {
      std::uint64_t w;
      std::memcpy(&w, from, sizeof w);
      word(w);
    }
    for (; size > 0; ++from, --size) word(static_cast<unsigned char>(*from));
  }
  std::string shown() const { return fmt::format("{:016x}", state_); }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ull;
};

// Of names, types, shapes and contents of all arrays but the one that holds it. The zip file's own checksums notice
// damaged bytes; this notices arrays that are gone, exchanged or changed.
std::string checksum(const Archive& archive) {
  Hash hash;
  for (const std::string& name : archive.names()) {
    if (name == kChecksum) continue;
    const Array& array = archive.at(name);
    hash.text(name);
    hash.word(array.data.index());
    hash.word(array.shape.size());
    for (const Index extent : array.shape) hash.word(static_cast<std::uint64_t>(extent));
    std::visit(
        [&]<class T>(const std::vector<T>& items) {
          if constexpr (std::is_same_v<T, std::string>) {
            for (const std::string& item : items) hash.text(item);
          } else {
            hash.bytes(items.data(), items.size() * sizeof(T));
          }
        },
        array.data);
  }
  return hash.shown();
}

double seconds_since(std::chrono::steady_clock::time_point moment) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - moment).count();
}

void put(Archive& into, const std::string& prefix, const std::map<std::string, Archive>& archives) {
  for (const auto& [fit, archive] : archives)
    for (const std::string& name : archive.names()) into.set(prefix + fit + "/" + name, archive.at(name));
}

std::map<std::string, Archive> take(const Archive& from, const std::string& prefix) {
  std::map<std::string, Archive> archives;
  for (const std::string& name : from.names()) {
    if (name.rfind(prefix, 0) != 0) continue;
    const std::size_t slash = name.find('/', prefix.size());
    if (slash == std::string::npos) continue;
    Archive& archive = archives[name.substr(prefix.size(), slash - prefix.size())];
    archive.set(name.substr(slash + 1), from.at(name));
    archive.set_source(from.source() + ", " + name.substr(0, slash));
  }
  return archives;
}

}  // namespace

Checkpoint::Checkpoint(const CheckpointOptions& options, std::string fingerprint)
    : options_(options), fingerprint_(std::move(fingerprint)), last_write_(std::chrono::steady_clock::now()) {
  if (options_.resume_path.empty()) return;
  const Archive archive = Archive::read(options_.resume_path);
  if (!archive.has("format") || archive.get_text("format") != kMagic)
    throw InputError(options_.resume_path, "this is not a checkpoint of `rankflow complete`");
  if (const std::string version = archive.get_text("program"); version != RANKFLOW_VERSION)
    throw InputError(
        options_.resume_path, "this checkpoint was written by rankflow " + version + ", this is " RANKFLOW_VERSION,
        "go on with that version, or start again without --resume: another version's fits are not the same "
        "bits");
  if (archive.get_text("fingerprint") != fingerprint_)
    throw InputError(options_.resume_path, "this checkpoint belongs to other data or other options",
                     "give the same file, options and seed as the interrupted run, or leave --resume out");
  if (archive.get_text(kChecksum) != checksum(archive))
    throw InputError(options_.resume_path, "the checkpoint was changed or is damaged: its checksum is another one",
                     "start again without --resume");
  finished_ = take(archive, kFinished);
  in_progress_ = take(archive, kInProgress);
}

const Archive* Checkpoint::finished(const std::string& fit) const {
  const auto found = finished_.find(fit);
  return found == finished_.end() ? nullptr : &found->second;
}

const Archive* Checkpoint::in_progress(const std::string& fit) const {
  const auto found = in_progress_.find(fit);
  return found == in_progress_.end() ? nullptr : &found->second;
}

bool Checkpoint::due() const {
  return writes() && seconds_since(last_write_) >= std::max(options_.every_seconds, write_seconds_ / kMostWriting);
}

std::vector<Step> Checkpoint::history() const {
  const Archive* saved = finished(kHistory);
  return saved ? history_from_archive(*saved) : std::vector<Step>{};
}

void Checkpoint::save_progress(const std::string& fit, Archive state, const std::vector<Step>& history) {
  if (!writes()) return;
  in_progress_[fit] = std::move(state);
  write(history);
}

void Checkpoint::save_finished(const std::string& fit, Archive result, const std::vector<Step>& history) {
  if (!writes()) return;
  in_progress_.erase(fit);
  finished_[fit] = std::move(result);
  if (due()) write(history);
}

void Checkpoint::write(const std::vector<Step>& history) {
  const auto begin = std::chrono::steady_clock::now();
  finished_[kHistory] = history_to_archive(history);
  Archive archive;
  archive.set("format", std::string(kMagic));
  archive.set("program", std::string(RANKFLOW_VERSION));
  archive.set("fingerprint", fingerprint_);
  put(archive, kFinished, finished_);
  put(archive, kInProgress, in_progress_);
  archive.set(kChecksum, checksum(archive));
  archive.write(options_.path, /*compress=*/false);
  last_write_ = std::chrono::steady_clock::now();
  write_seconds_ = seconds_since(begin);
}

std::string fingerprint(const Table& table, const CompleteOptions& options) {
  Hash hash;
  hash.word(static_cast<std::uint64_t>(table.num_rows()));
  hash.word(static_cast<std::uint64_t>(table.num_columns()));
  for (const Index begin : table.row_begin) hash.word(static_cast<std::uint64_t>(begin));
  for (const std::int32_t j : table.column) hash.word(static_cast<std::uint64_t>(j));
  for (const double value : table.value) hash.number(value);
  for (const float weight : table.weight) hash.number(static_cast<double>(weight));
  CompleteOptions copy = options;
  for (const OptionField& option : fields(copy))
    if (option.name != "time_limit" && option.name != "refit") hash.text(option.name + "=" + option.get());
  return hash.shown();
}

std::string fingerprint(const Tensor& tensor, const ArrayOptions& options) {
  Hash hash;
  hash.word(static_cast<std::uint64_t>(tensor.order()));
  for (const Index size : tensor.shape()) hash.word(static_cast<std::uint64_t>(size));
  hash.word(static_cast<std::uint64_t>(tensor.layout));
  for (const std::vector<std::int32_t>& index : tensor.index) hash.bytes(index.data(), index.size() * sizeof index[0]);
  for (const double value : tensor.value) hash.number(value);
  for (const float weight : tensor.weight) hash.number(static_cast<double>(weight));
  ArrayOptions copy = options;
  for (const std::vector<OptionField>& list : {record_fields(copy), fields(copy.grow), fields(copy.overlap)})
    for (const OptionField& option : list)
      if (option.name != "time_limit" && option.name != "refit" && option.name != "max_seconds")
        hash.text(option.name + "=" + option.get());
  return hash.shown();
}

}  // namespace rankflow::completion

namespace rankflow {
namespace {

bool is_checkpoint(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  try {
    const Archive archive = Archive::read(path);
    return archive.has("format") && archive.get_text("format") == completion::kMagic;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

void check_checkpoint(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (!std::filesystem::is_directory(folder) || access(folder.c_str(), W_OK) != 0)
    throw InputError(path, "a checkpoint cannot be written to the folder " + folder.string(), "name another place");
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !is_checkpoint(path))
    throw InputError(path, "this exists and is not a checkpoint; it would be lost", "name another file");
}

void remove_checkpoint(const std::string& path) {
  std::error_code ignored;
  if (is_checkpoint(path)) std::filesystem::remove(path, ignored);
}

}  // namespace rankflow
