// How fast is a list of ratings read, per core? Megabytes of text per second of processor time, for read_table() alone,
// beside a plain scan for line ends over the same bytes.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "rankflow/read.h"
#include "rankflow/rng.h"

namespace {

using namespace rankflow;

// About 120 MB shaped like MovieLens: userId,movieId,rating,timestamp; users one after the other.
const std::string& ratings_file() {
  static const std::string path = [] {
    const std::string file = (std::filesystem::temp_directory_path() / "rankflow_read_bench.csv").string();
    std::ofstream out(file);
    out << "userId,movieId,rating,timestamp\n";
    Rng rng(1);
    for (int user = 1; user <= 40'000; ++user)
      for (int k = 0, movie = 0; k < 125; ++k) {
        movie += 1 + static_cast<int>(rng.below(900));
        out << fmt::format("{},{},{:.1f},{}\n", user, movie, 0.5 * static_cast<double>(1 + rng.below(10)),
                           1'100'000'000 + rng.below(400'000'000));
      }
    std::atexit([] { std::filesystem::remove(ratings_file()); });
    return file;
  }();
  return path;
}

void report_rate(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(std::filesystem::file_size(ratings_file())));
}

void BM_ReadTable(benchmark::State& state) {
  ratings_file();
  for (auto unused : state) {
    (void)unused;
    const Table table = read_table(ratings_file());
    if (table.num_observed() != 40'000 * 125) state.SkipWithError("wrong number of observations");
  }
  report_rate(state);
}
BENCHMARK(BM_ReadTable)->Unit(benchmark::kMillisecond)->MinTime(3);

void BM_CountLines(benchmark::State& state) {
  ratings_file();
  for (auto unused : state) {
    (void)unused;
    std::ifstream in(ratings_file(), std::ios::binary);
    std::vector<char> piece(1 << 20);
    std::int64_t lines = 0;
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0)
      lines += std::count(piece.begin(), piece.begin() + in.gcount(), '\n');
    if (lines != 1 + 40'000 * 125) state.SkipWithError("wrong number of lines");
  }
  report_rate(state);
}
BENCHMARK(BM_CountLines)->Unit(benchmark::kMillisecond)->MinTime(1);

}  // namespace

BENCHMARK_MAIN();
