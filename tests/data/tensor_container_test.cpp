// Arrays in MATLAB and HDF5 files that other programs wrote (tests/refdata/tensor/files/make_files.py), and every way
// in which such files can be wrong. SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rankflow/write_tensor.h"
#include "support/shared_data.h"
#include "support/tensors.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::message;
using test::observations;
using test::read_bytes;
using test::read_bytes_as_tensor;
using test::tensor_message_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::string file(const std::string& name) {
  return RANKFLOW_TEST_DATA "/tensor/files/" + name;
}

TensorReadOptions array(const std::string& name) {
  TensorReadOptions options;
  options.table.array = name;
  return options;
}

std::string message_of_file(const std::string& name, const TensorReadOptions& options = {}) {
  return message([&] { read_tensor(file(name), options); });
}

// Cell (i, j, k) of a 2 x 3 x 4 array is 12 i + 4 j + k + 0.5; the last one is a hole.
void expect_cube(const Tensor& tensor) {
  tensor.validate();
  EXPECT_THAT(tensor.shape(), ElementsAre(2, 3, 4));
  ASSERT_EQ(tensor.num_observed(), 23);
  for (Index k = 0; k < 23; ++k)
    EXPECT_EQ(tensor.value[k], 12 * tensor.index[0][k] + 4 * tensor.index[1][k] + tensor.index[2][k] + 0.5);
  EXPECT_EQ(tensor.holes, "NaN");
  EXPECT_FALSE(tensor.integer_values);
}

// 0, 1, 2, ... in the order of the modes.
void expect_counting(const Tensor& tensor) {
  ASSERT_EQ(tensor.num_observed(), 24);
  for (Index k = 0; k < 24; ++k) EXPECT_EQ(tensor.value[k], k);
  EXPECT_TRUE(tensor.integer_values);
  EXPECT_EQ(tensor.holes, "nothing: every cell is a number");
}

TEST(Matlab, KeepsTheOrderOfModesWhateverTheVersion) {
  for (const char* name : {"plain.mat", "packed.mat", "v73.mat"}) {
    const Tensor tensor = read_tensor(file(name));
    expect_cube(tensor);
    EXPECT_EQ(tensor.format, "mat variable 'x'") << name;
    EXPECT_EQ(tensor.modes[0].name(0), "1") << name;
    EXPECT_TRUE(any_contains(tensor.notes, "modes in MATLAB's order; indices count from 1")) << name;
    EXPECT_TRUE(holds_tensor(file(name)));
  }
}

TEST(Matlab, ReadsIntegersAndTruthValues) {
  expect_counting(read_tensor(file("ints.mat")));
  const Tensor truth = read_tensor(file("bool.mat"));
  for (Index k = 0; k < 24; ++k) EXPECT_EQ(truth.value[k], (k + 1) % 2);
  EXPECT_TRUE(truth.integer_values);
}

TEST(Matlab, SaysWhatItCannotRead) {
  EXPECT_THAT(message_of_file("struct.mat"), HasSubstr("no array of numbers, but 's' (struct), 'c' (cell array)"));
  EXPECT_THAT(message_of_file("struct.mat", array("s")), HasSubstr("the variable 's' is a struct"));
  EXPECT_THAT(message_of_file("complex.mat"), HasSubstr("complex; expected real numbers"));
  EXPECT_THAT(message_of_file("sparse.mat", array("x")), HasSubstr("is a sparse matrix"));
  EXPECT_THAT(message_of_file("v4.mat"), HasSubstr("expected version 5 to 7.3"));
  EXPECT_THAT(message_of_file("plain.mat", array("y")), HasSubstr("no variable 'y'; the file has 'x' (2 x 3 x 4"));
  EXPECT_THAT(message_of_file("v73.mat", array("name")), HasSubstr("holds char; expected numbers"));
}

// A file of one variable in the other byte order.
std::string big_endian() {
  const auto word = [](std::uint32_t x) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(x >> shift);
    return bytes;
  };
  std::string inside = word(6) + word(8) + word(6) + word(0);            // a double
  inside += word(5) + word(12) + word(2) + word(1) + word(2) + word(0);  // 2 x 1 x 2
  inside += word(1 << 16 | 1) + std::string("x\0\0\0", 4);               // its name, a small element
  inside += word(3) + word(8) + std::string("\0\1\0\2\0\3\1\0", 8);      // 1 2 3 256 as int16
  std::string header = "MATLAB 5.0 MAT-file";
  header.resize(124, ' ');
  return header + std::string("\1\0MI", 4) + word(14) + word(static_cast<std::uint32_t>(inside.size())) + inside;
}

TEST(Matlab, ReadsTheOtherByteOrderAndSmallElements) {
  const Tensor tensor = read_bytes_as_tensor(big_endian(), {}, "a.mat");
  EXPECT_EQ(observations(tensor), "0 0 0: 1, 0 0 1: 3, 1 0 0: 2, 1 0 1: 256");
  EXPECT_TRUE(tensor.integer_values);  // doubles that were stored as integers
}

TEST(Matlab, RefusesEveryFileThatIsCutOff) {
  for (const std::string& bytes : {read_bytes(file("plain.mat")), read_bytes(file("packed.mat")), big_endian()})
    for (std::size_t size = 10; size < bytes.size(); ++size)  // shorter ones do not say what they are
      EXPECT_NE(tensor_message_of(bytes.substr(0, size), {}, "a.mat"), "no InputError")
          << size << " of " << bytes.size();
}

TEST(Matlab, RefusesSizesThatTheBytesDoNotBear) {
  std::string bytes = big_endian();
  const std::size_t shape = 128 + 8 + 16 + 8;
  bytes.replace(shape, 4, std::string("\x7f\xff\xff\xfe", 4));
  EXPECT_THAT(tensor_message_of(bytes, {}, "a.mat"), HasSubstr("the variable 'x' is 2147483646 x 1 x 2"));
  bytes.replace(shape, 4, std::string("\xff\xff\xff\xff", 4));
  EXPECT_THAT(tensor_message_of(bytes, {}, "a.mat"), HasSubstr("a dimension is negative"));
  std::string damaged = read_bytes(file("packed.mat"));
  damaged[160] = static_cast<char>(damaged[160] ^ 0x55);
  EXPECT_NE(tensor_message_of(damaged, {}, "a.mat"), "no InputError");
}

TEST(Matlab, AgreesWithTheSameTaxisInNumpy) {
  RANKFLOW_REQUIRE_SHARED(mat, "traffic/nyc_taxi.mat");
  RANKFLOW_REQUIRE_SHARED(npy, "traffic/nyc_taxi.npy");
  const Tensor a = read_tensor(mat), b = read_tensor(npy);
  EXPECT_EQ(a.shape(), b.shape());
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.index, b.index);
  EXPECT_EQ(a.integer_values, b.integer_values);
}

TEST(Matlab, AgreesWithTheSameMixturesInNumpy) {
  RANKFLOW_REQUIRE_SHARED(mat, "fluorescence/claus.mat");
  RANKFLOW_REQUIRE_SHARED(npy, "fluorescence/amino_acids.npy");
  EXPECT_THAT(message([&] { read_tensor(mat); }),
              HasSubstr("several variables: 'X' (5 x 201 x 61, double), 'y' (5 x 3, double)"));
  const Tensor a = read_tensor(mat, array("X")), b = read_tensor(npy);
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.index, b.index);
}

TEST(Hdf5, ReadsDataSetsByTheirPath) {
  for (const char* name : {"a", "/a", "g/b", "/g/b"}) expect_cube(read_tensor(file("several.h5"), array(name)));
  const Tensor tensor = read_tensor(file("several.h5"), array("g/b"));
  EXPECT_EQ(tensor.format, "hdf5 data set 'g/b'");
  EXPECT_TRUE(any_contains(tensor.notes, "modes in HDF5's order"));
  expect_counting(read_tensor(file("several.h5"), array("i8")));
  const Tensor truth = read_tensor(file("several.h5"), array("g/bool"));
  for (Index k = 0; k < 24; ++k) EXPECT_EQ(truth.value[k], (k + 1) % 2);
  EXPECT_TRUE(any_contains(read_tensor(file("several.h5"), array("u8")).warnings, "4 value(s) beyond 2^53"));
}

TEST(Hdf5, ListsWhatItCannotChooseFrom) {
  EXPECT_THAT(message_of_file("several.h5"),
              HasSubstr("several data sets: 'a' (2 x 3 x 4, floating point), 'empty' (0 x 3, floating point), 'g/b'"));
  EXPECT_THAT(message_of_file("several.h5", array("z")), HasSubstr("there is no data set 'z'"));
  EXPECT_THAT(message_of_file("several.h5", array("text")), HasSubstr("holds text; expected numbers"));
  EXPECT_THAT(message_of_file("several.h5", array("c")), HasSubstr("records or complex numbers"));
  EXPECT_THAT(message_of_file("several.h5", array("scalar")), HasSubstr("a single number"));
  EXPECT_THAT(message_of_file("several.h5", array("empty")), HasSubstr("the array is empty"));
}

TEST(Hdf5, BelievesNoSizeWithoutBytes) {
  EXPECT_THAT(message_of_file("unwritten.h5"), HasSubstr("declares 100000 x 100000 x 1000 cells (8e+13 bytes)"));
  const Tensor filled = read_tensor(file("fill.h5"));  // small: what was never written is the fill value
  EXPECT_THAT(filled.value, testing::Each(7));
}

TEST(Hdf5, IsReadFromMemoryAsFromAFile) {
  expect_cube(read_bytes_as_tensor(read_bytes(file("several.h5")), array("a"), "a.h5"));
  const test::Folder folder;
  const std::string bytes = read_bytes(file("v73.mat"));
  test::write_bytes(folder / "a.mat", bytes);
  ASSERT_EQ(std::system(("gzip " + (folder / "a.mat")).c_str()), 0);
  expect_cube(read_tensor(folder / "a.mat.gz"));
}

TEST(Hdf5, PrintsNothingWhenAFileIsDamaged) {
  const std::string bytes = read_bytes(file("several.h5"));
  const test::Folder folder;
  testing::internal::CaptureStderr();
  for (const std::size_t size : {std::size_t{9}, std::size_t{96}, std::size_t{3000}, bytes.size() - 1}) {
    test::write_bytes(folder / "a.h5", bytes.substr(0, size));
    EXPECT_THAT(message([&] { read_tensor(folder / "a.h5", array("a")); }),
                HasSubstr("the HDF5 file cannot be opened"));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Tables, AreReadFromMatlabAndHdf5Files) {
  const test::Folder folder;
  const Tensor matrix = to_tensor(test::read_bytes_as_table("1.5,,3\n4,5,\n"));
  for (const char* name : {"a.mat", "a.h5"}) {
    write_tensor(folder / name, matrix);
    EXPECT_FALSE(holds_tensor(folder / name));
    EXPECT_EQ(test::cells(read_table(folder / name)), "1.5 . 3\n4 5 .\n") << name;
  }
  EXPECT_THAT(message([&] { read_table(file("plain.mat")); }), HasSubstr("an array of order 3, expected a matrix"));
}

}  // namespace
}  // namespace rankflow
