// The HDF5 reader against files that are nearly sound: the bytes choose types, shapes, layouts and attributes of a file
// that the HDF5 library itself makes in memory. (Arbitrary bytes would search for faults of that library.)
// SPDX-License-Identifier: Apache-2.0
#include <hdf5.h>

#include <vector>

#include "data/tensor/hdf5_handle.h"
#include "fuzz_tensor_reader.h"

namespace {

using rankflow::Hdf5Handle;

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  unsigned next(unsigned below) {
    if (at_ == size_) return 0;
    return data_[at_++] % below;
  }
  bool any() const { return at_ < size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

hid_t type_of(unsigned choice) {
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_STD_I64LE, H5T_STD_U64BE,   H5T_STD_I8LE,
                         H5T_STD_U16BE,  H5T_STD_B8LE,   H5T_C_S1,      H5T_STD_REF_OBJ, H5T_NATIVE_LDOUBLE};
  return types[choice];
}

void add_data_set(hid_t file, const std::string& name, Choices& choices) {
  const hid_t type = type_of(choices.next(10));
  std::vector<hsize_t> shape(choices.next(5)), chunk;
  const hsize_t sizes[] = {1, 2, 3, 7, 0, 300, 1'000'000, hsize_t{1} << 40};
  const unsigned largest = choices.next(8);
  for (hsize_t& size : shape) size = sizes[choices.next(largest + 1)];
  for (const hsize_t size : shape) chunk.push_back(size == 0 ? 1 : size > 4 ? 4 : size);
  const Hdf5Handle space(choices.next(9) == 8 ? H5Screate(H5S_NULL)
                                              : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
                         H5Sclose);
  const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (choices.next(2) == 1 && !shape.empty()) {
    H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
    if (choices.next(2) == 1) H5Pset_deflate(creation.get(), 3);
  }
  if (choices.next(20) == 19) H5Pset_external(creation.get(), "/dev/zero", 0, H5F_UNLIMITED);
  H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_LATE);
  const Hdf5Handle set(H5Dcreate2(file, name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                       H5Dclose);
  if (!set.valid()) return;
  const hssize_t cells = H5Sget_simple_extent_npoints(space.get());
  if (choices.next(4) > 0 && cells > 0 && cells < 10'000) {
    std::vector<double> values(static_cast<std::size_t>(cells));
    const double some[] = {0, 1, -2.5, 1e300, rankflow::kNaN, 255, 1e-300, std::numeric_limits<double>::infinity()};
    for (double& value : values) value = some[choices.next(8)];
    H5Dwrite(set.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }
  const char* attributes[] = {"MATLAB_class", "MATLAB_empty", "other"};
  for (unsigned k = choices.next(3); k > 0; --k) {
    const Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose), one(H5Screate(H5S_SCALAR), H5Sclose);
    H5Tset_size(text.get(), 1 + choices.next(8));
    const Hdf5Handle attribute(
        H5Acreate2(set.get(), attributes[choices.next(3)], choices.next(3) == 0 ? H5T_STD_I32LE : text.get(), one.get(),
                   H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    const char* words[] = {"double\0\0\0", "char\0\0\0\0\0", "cell\0\0\0\0\0"};
    if (attribute.valid()) H5Awrite(attribute.get(), text.get(), words[choices.next(3)]);
  }
}

std::string make_file(Choices& choices) {
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose), creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_fapl_core(access.get(), 1 << 12, false);
  if (choices.next(3) == 1) H5Pset_userblock(creation.get(), 512);
  const Hdf5Handle file(H5Fcreate("fuzz", H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  const char* names[] = {"a", "b", "#refs#x", "g", "value"};
  do {
    add_data_set(file.get(), names[choices.next(5)], choices);
  } while (choices.any() && choices.next(2) == 1);
  H5Fflush(file.get(), H5F_SCOPE_GLOBAL);
  const ssize_t size = H5Fget_file_image(file.get(), nullptr, 0);
  std::string image(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  if (size > 0) H5Fget_file_image(file.get(), image.data(), image.size());
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  rankflow::TensorReadOptions options;
  if (choices.next(2) == 1) options.table.array = "a";
  if (choices.next(4) == 3) options.table.missing = "255";
  const unsigned cut = choices.next(40);
  std::string bytes;
  {
    const rankflow::QuietHdf5 quiet;
    bytes = make_file(choices);
  }
  if (cut > 30) bytes.resize(bytes.size() * (cut - 30) / 10);
  rankflow::fuzz::read_tensor_both_ways(bytes, options, "fuzz.h5");
  return 0;
}
