// Memory that is given back is soon wanted again: a step of an engine makes and drops factors of some megabytes, and
// the C library by default returns such blocks to the system, which then hands out fresh pages, zeroed one by one (half
// of all page faults of a run on ten million observations). Blocks up to 32 MiB, the most that can be set, stay with
// the program instead. SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

namespace {

__attribute__((constructor)) void keep_blocks() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

}  // namespace
