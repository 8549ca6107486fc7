// Damaged models and checkpoints: whatever is wrong with them, the answer is an InputError.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "completion/checkpoint.h"
#include "completion/fit_archive.h"
#include "rankflow/complete.h"
#include "rankflow/error.h"
#include "support/ratings.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::Folder;

Table small_table() {
  Table table = test::read_bytes_as_table(test::ratings_csv(40, 30, 0.5, 1));
  Rng rng(3);
  for (Index k = 0; k < table.num_observed(); ++k) table.weight.push_back(static_cast<float>(1 + rng.uniform()));
  return table;
}

CompleteOptions quick() {
  CompleteOptions options;
  options.posterior.sweeps = 12;
  options.posterior.burn_in = 4;
  options.refit = false;
  return options;
}

// A checkpoint of a run that was interrupted when `when` first held.
void interrupt(const Table& table, const CompleteOptions& options, const std::string& path,
               const std::function<bool(const Step&)>& when) {
  const Observer stop = [&](const Step& step) { return when(step) ? Next::finish : Next::proceed; };
  const Completion result =
      complete(table, options, {&stop, 1}, {.path = path, .resume_path = {}, .every_seconds = 1e9});
  ASSERT_EQ(result.stop, Stop::interrupted);
}

struct Damage {
  std::string what;
  std::function<void(Archive&)> act;
};

// Every array gone, of another shape, of another type, and with NaN where it holds doubles.
std::vector<Damage> damages(const Archive& sound) {
  std::vector<Damage> list;
  for (const std::string& name : sound.names()) {
    const Array array = sound.at(name);
    list.push_back({name + " removed", [=](Archive& a) { a.erase(name); }});
    list.push_back({name + " of shape 3 x 1 x 1", [=](Archive& a) {
                      a.set(name, Array{{3, 1, 1}, std::vector<double>{1, 2, 3}});
                    }});
    list.push_back({name + " as text", [=](Archive& a) { a.set(name, std::vector<std::string>{"x"}); }});
    list.push_back({name + " empty", [=](Archive& a) { a.set(name, Array{{0}, std::vector<std::int32_t>{}}); }});
    if (const auto* doubles = std::get_if<std::vector<double>>(&array.data); doubles && !doubles->empty())
      for (const double bad : {kNaN, std::numeric_limits<double>::infinity()}) {
        std::vector<double> items = *doubles;
        if (std::isnan(bad) && std::isnan(items[items.size() / 2])) continue;  // it may be there, and is
        items[items.size() / 2] = bad;
        list.push_back({name + " with " + std::to_string(bad), [=](Archive& a) {
                          a.set(name, Array{array.shape, items});
                        }});
      }
  }
  return list;
}

// What a damaged copy of the bytes does: refused, or (bytes that mean nothing, such as a date) read as the same.
template <class Use>
void try_damaged_bytes(const std::string& path, const Use& use) {
  const std::string bytes = test::read_bytes(path);
  for (int k = 0; k < 40; ++k) {
    const std::size_t length = bytes.size() * k / 40;
    test::write_bytes(path, bytes.substr(0, length));
    EXPECT_THROW(use(), InputError) << "cut after " << length << " of " << bytes.size() << " bytes";
  }
  Rng rng(5);
  for (int k = 0; k < 300; ++k) {
    std::string damaged = bytes;
    // Half of the flips near the end, where the zip's table of contents is.
    const std::size_t span = k % 2 == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 3000);
    const std::size_t at = bytes.size() - 1 - rng.below(span);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << rng.below(8)));
    test::write_bytes(path, damaged);
    try {
      use();
    } catch (const InputError&) {
    }
  }
  test::write_bytes(path, bytes);
}

TEST(DamagedModel, IsRefusedWhateverIsWrong) {
  const Folder folder;
  const std::string path = folder / "model.npz";
  const Completion result = complete(small_table(), quick());
  result.model.write(path);
  const CompletionModel sound = CompletionModel::read(path);
  try_damaged_bytes(path, [&] {
    const CompletionModel read = CompletionModel::read(path);
    EXPECT_EQ(read.predict(3, 4), sound.predict(3, 4));
    EXPECT_EQ(read.interval(3, 4, 0.9).low, sound.interval(3, 4, 0.9).low);
  });
  const Archive archive = Archive::read(path);
  for (const Damage& damage : damages(archive)) {
    Archive damaged = archive;
    damage.act(damaged);
    damaged.write(path);
    EXPECT_THROW(CompletionModel::read(path), InputError) << damage.what;
  }
}

TEST(DamagedCheckpoint, IsRefusedWhateverIsWrong) {
  const Folder folder;
  const std::string path = folder / "run.npz";
  const Table table = small_table();
  const CompleteOptions options = quick();
  const CompletionModel whole = complete(table, options).model;
  const auto resume = [&] {
    const Completion result = complete(table, options, {}, {.path = {}, .resume_path = path, .every_seconds = 1e9});
    EXPECT_EQ(result.model.predict(3, 4), whole.predict(3, 4));
  };
  interrupt(table, options, path, [](const Step& s) { return s.engine == "posterior" && s.iteration == 7; });
  EXPECT_NO_THROW(resume());
  try_damaged_bytes(path, resume);
  for (const char* engine : {"flow", "posterior"}) {
    interrupt(table, options, path, [&](const Step& s) { return s.engine == engine && s.iteration == 7; });
    const Archive archive = Archive::read(path);
    for (const Damage& damage : damages(archive)) {
      Archive damaged = archive;
      damage.act(damaged);
      damaged.write(path, false);
      EXPECT_THROW(resume(), InputError) << engine << ": " << damage.what;
    }
    Archive other = archive;
    other.set("program", std::string("0.0.9"));
    other.write(path, false);
    EXPECT_NE(test::message(resume).find("written by rankflow 0.0.9"), std::string::npos);
  }
}

// Without the checkpoint's checksum in front.
TEST(DamagedFit, IsRefusedWhateverIsWrong) {
  const Table table = small_table();
  const Index m = table.num_rows(), n = table.num_columns();
  completion::Fit fit;
  fit.engine = "flow";
  fit.model.row_bias = Vector::Ones(m);
  fit.model.column_bias = Vector::Ones(n);
  fit.model.u = Matrix::Ones(m, 2);
  fit.model.v = Matrix::Ones(n, 2);
  fit.model.s = Vector::Ones(2);
  fit.spread = {Vector::Ones(m), Vector::Ones(n), Vector::Ones(m), Vector::Ones(n)};
  fit.train_rmse = fit.validation_rmse = 1;
  const Archive sound = completion::fit_to_archive(fit);
  EXPECT_NO_THROW(completion::fit_from_archive(sound, table));
  for (const Damage& damage : damages(sound)) {
    if (damage.what.starts_with("message")) continue;  // any text will do
    Archive damaged = sound;
    damage.act(damaged);
    EXPECT_THROW(completion::fit_from_archive(damaged, table), InputError) << damage.what;
  }
  const std::vector<double> numbers = sound.get_doubles("numbers");
  for (const auto& [at, bad] : std::vector<std::pair<int, double>>{
           {2, -1}, {2, kNaN}, {3, -1}, {3, 7}, {3, 1.5}, {4, 4}, {5, -0.5}, {6, 1e300}, {8, 3}, {8, kNaN}}) {
    Archive damaged = sound;
    std::vector<double> changed = numbers;
    changed[at] = bad;
    damaged.set("numbers", changed);
    EXPECT_THROW(completion::fit_from_archive(damaged, table), InputError) << at << ": " << bad;
  }
  Archive damaged = sound;
  damaged.set("engine", std::string("oracle"));
  EXPECT_THROW(completion::fit_from_archive(damaged, table), InputError);
}

// A save writes the whole history; the longer that takes, the longer until the next one.
TEST(Checkpoint, SpacesSavesByWhatTheyCost) {
  const Folder folder;
  completion::Checkpoint checkpoint({.path = folder / "run.npz", .resume_path = {}, .every_seconds = 0}, "data");
  EXPECT_TRUE(checkpoint.due());
  Step step;
  step.singular_values.assign(20, 1.0);
  checkpoint.save_progress("fit", Archive{}, std::vector<Step>(100'000, step));
  EXPECT_FALSE(checkpoint.due());
  const completion::Checkpoint resumed({.path = {}, .resume_path = folder / "run.npz", .every_seconds = 0}, "data");
  EXPECT_EQ(resumed.history().size(), 100'000u);
}

}  // namespace
}  // namespace rankflow
