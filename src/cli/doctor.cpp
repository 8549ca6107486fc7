// rankflow doctor: is this machine used as well as it could be?
// SPDX-License-Identifier: Apache-2.0
#include <cblas.h>
#include <fmt/format.h>
#include <omp.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_text.h"
#include "base/processor.h"
#include "base/threads.h"
#include "cli/verbs.h"

namespace rankflow::cli {
namespace {

std::set<std::string> processor_flags() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("flags", 0) != 0) continue;
    std::set<std::string> flags;
    std::istringstream words(line.substr(line.find(':') + 1));
    for (std::string word; words >> word;) flags.insert(word);
    return flags;
  }
  return {};
}

// Libraries of this process, as the loader mapped them.
std::string mapped_library(const std::string& part) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (const std::size_t slash = line.find('/'); slash != std::string::npos && line.find(part) != std::string::npos)
      return line.substr(slash);
  return "";
}

struct Finding {
  std::string text, hint;
};

std::vector<Finding> findings(const std::string& core) {
  std::vector<Finding> list;
  const std::set<std::string> flags = processor_flags();
  const bool wide = flags.count("avx512f") && flags.count("avx512dq") && flags.count("avx512bw");
  const bool blas_wide = core == "SkylakeX" || core == "Cooperlake" || core == "COOPERLAKE" || core == "SKYLAKEX" ||
                         core == "SAPPHIRERAPIDS" || core == "Sapphirerapids";
  if (wide && !blas_wide)
    list.push_back({"OpenBLAS uses its " + core + " kernels on a processor with AVX-512",
                    "start with OPENBLAS_CORETYPE=SkylakeX in the environment: dense products about twice as fast"});
  if (const std::string lapack = mapped_library("liblapack.so");
      !lapack.empty() && lapack.find("openblas") == std::string::npos && mapped_library("openblas").empty())
    list.push_back({"LAPACK is " + lapack + ", not OpenBLAS's",
                    "install libopenblas-dev, or choose it with "
                    "update-alternatives --config liblapack.so.3-x86_64-linux-gnu"});
  return list;
}

void run(bool json, int threads) {
  const int used = set_num_threads(threads);
  const std::string core = openblas_get_corename();
  const std::vector<Finding> problems = findings(core);
  if (json) {
    nlohmann::ordered_json out = {{"version", RANKFLOW_VERSION},
                                  {"processor", processor_name()},
                                  {"kernels", name(instruction_set())},
                                  {"blas", openblas_get_config()},
                                  {"blas_kernel", core},
                                  {"lapack", mapped_library("liblapack.so")},
                                  {"cores", omp_get_num_procs()},
                                  {"threads", used},
                                  {"compiler", __VERSION__},
                                  {"findings", nlohmann::ordered_json::array()}};
    for (const Finding& finding : problems)
      out["findings"].push_back({{"problem", finding.text}, {"hint", finding.hint}});
    fmt::print("{}\n", json_text(out, 2));
    return;
  }
  fmt::print("rankflow {}, built with GCC {}\n", RANKFLOW_VERSION, __VERSION__);
  fmt::print("processor      {}\n", processor_name());
  fmt::print("own kernels    {}\n", name(instruction_set()));
  fmt::print("BLAS           {}\n", openblas_get_config());
  fmt::print("BLAS kernels   {}\n", core);
  fmt::print("LAPACK         {}\n", mapped_library("liblapack.so"));
  fmt::print("threads        {} of {} cores (BLAS itself: 1; what is threaded is threaded by rankflow)\n", used,
             omp_get_num_procs());
  fmt::print("optional parts MPI, GPU, LibTorch: not part of this version\n");
  for (const Finding& finding : problems) fmt::print("problem: {}\n  hint: {}\n", finding.text, finding.hint);
  if (problems.empty()) fmt::print("nothing to mend\n");
}

}  // namespace

void add_doctor(CLI::App& program, Outcome&) {
  struct Settings {
    bool json = false;
    int threads = 0;
  };
  const auto settings = std::make_shared<Settings>();
  CLI::App* verb = program.add_subcommand("doctor", "which kernels and libraries are in use, and what could be better");
  verb->add_flag("--json", settings->json, "as one JSON object");
  verb->add_option("--threads", settings->threads, "0 = as many as there are cores")->check(CLI::Range(0, 1024));
  verb->callback([settings] { run(settings->json, settings->threads); });
}

}  // namespace rankflow::cli
