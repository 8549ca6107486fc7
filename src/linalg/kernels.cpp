// Which kernels this processor runs.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/kernels.h"

#include <atomic>

namespace rankflow {
namespace {

std::atomic<const Kernels*> chosen = nullptr;

}  // namespace

int runnable_kernels(const Kernels** tables, int capacity) {
  int count = 0;
  const auto add = [&](const Kernels& table) {
    if (count < capacity) tables[count++] = &table;
  };
  add(kBaselineKernels);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    add(kAvx2Kernels);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
      add(kAvx512Kernels);
  }
#endif
  return count;
}

const Kernels& kernels() {
  const Kernels* table = chosen.load(std::memory_order_acquire);
  if (table == nullptr) {
    const Kernels* tables[kMaxKernelTables];
    table = tables[runnable_kernels(tables, kMaxKernelTables) - 1];
    chosen.store(table, std::memory_order_release);
  }
  return *table;
}

void override_kernels(const Kernels* table) {
  chosen.store(table, std::memory_order_release);
}

}  // namespace rankflow
