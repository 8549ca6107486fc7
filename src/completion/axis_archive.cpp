// The names along one axis as named arrays.
// SPDX-License-Identifier: Apache-2.0
#include "completion/axis_archive.h"

#include "rankflow/error.h"

namespace rankflow::completion {

void set_axis(Archive& archive, const std::string& name, const Axis& axis) {
  archive.set(name + "_size", static_cast<std::int64_t>(axis.size()));
  archive.set(name + "_title", axis.title);
  switch (axis.kind()) {
    case Axis::Kind::positions:
      archive.set(name + "_base", static_cast<std::int64_t>(axis.base()));
      break;
    case Axis::Kind::integers:
      archive.set(name + "_ids", axis.integer_ids());
      break;
    case Axis::Kind::strings: {
      std::string pool;
      std::vector<std::int64_t> ends;
      for (Index i = 0; i < axis.size(); ++i) {
        pool += axis.name(i);
        ends.push_back(static_cast<std::int64_t>(pool.size()));
      }
      archive.set(name + "_names", pool);
      archive.set(name + "_name_ends", ends);
    }
  }
}

Axis get_axis(const Archive& archive, const std::string& name, Index size) {
  Axis axis;
  if (archive.has(name + "_ids")) {
    axis = Axis::integers(archive.get_ints(name + "_ids", size));
  } else if (archive.has(name + "_name_ends")) {
    const std::vector<std::int64_t> ends = archive.get_ints(name + "_name_ends", size);
    const std::string pool = archive.get_text(name + "_names");
    std::vector<std::string> names;
    std::int64_t begin = 0;
    for (const std::int64_t end : ends) {
      if (end < begin || end > static_cast<std::int64_t>(pool.size()))
        throw InputError(archive.source(), "the names in " + name + "_names do not fit their ends");
      names.push_back(pool.substr(begin, end - begin));
      begin = end;
    }
    axis = Axis::strings(std::move(names));
  } else {
    if (size < 0)
      throw InputError(archive.source(), "a negative number of names in " + name + "_size", "the file is damaged");
    axis = Axis::positions(size, archive.get_int(name + "_base"));
  }
  axis.title = archive.get_text(name + "_title");
  return axis;
}

}  // namespace rankflow::completion
