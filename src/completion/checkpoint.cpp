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
const std::string kFinished = "finished/", kInProgress = "in progress/", kHistory = "history";

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
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xCBF29CE484222325ull;
};

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
    archives[name.substr(prefix.size(), slash - prefix.size())].set(name.substr(slash + 1), from.at(name));
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
  if (archive.get_text("fingerprint") != fingerprint_)
    throw InputError(options_.resume_path, "this checkpoint belongs to other data or other options",
                     "give the same file, options and seed as the interrupted run, or leave --resume out");
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
  return writes() && std::chrono::duration<double>(std::chrono::steady_clock::now() - last_write_).count() >=
                         options_.every_seconds;
}

std::vector<Step> Checkpoint::history() const {
  const Archive* saved = finished(kHistory);
  return saved ? history_from_archive(*saved) : std::vector<Step>{};
}

void Checkpoint::save_progress(const std::string& fit, Archive state, const std::vector<Step>& history) {
  if (!writes()) return;
  in_progress_[fit] = std::move(state);
  finished_[kHistory] = history_to_archive(history);
  write();
}

void Checkpoint::save_finished(const std::string& fit, Archive result, const std::vector<Step>& history) {
  if (!writes()) return;
  in_progress_.erase(fit);
  finished_[fit] = std::move(result);
  finished_[kHistory] = history_to_archive(history);
  if (due()) write();
}

void Checkpoint::write() {
  Archive archive;
  archive.set("format", std::string(kMagic));
  archive.set("fingerprint", fingerprint_);
  put(archive, kFinished, finished_);
  put(archive, kInProgress, in_progress_);
  archive.write(options_.path, /*compress=*/false);
  last_write_ = std::chrono::steady_clock::now();
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
  return fmt::format("{:016x}", hash.value());
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
