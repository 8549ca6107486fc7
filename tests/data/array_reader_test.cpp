// NumPy arrays and Matrix Market files as tables, and every way in which they can be wrong.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/npy.h"
#include "rankflow/archive.h"
#include "support/shared_data.h"
#include "support/tables.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::cells;
using test::message_of;
using test::names;
using test::read_bytes_as_table;
using testing::ElementsAre;
using testing::HasSubstr;

std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                const std::string& fortran = "False") {
  std::string text = fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}", descr, fortran, shape);
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size()) + '\0' + text + data;
}

// The bytes of numbers, in either order.
template <class T>
std::string bytes_of(const std::vector<T>& items, bool big_endian = false) {
  std::string bytes;
  for (const T item : items) {
    std::string one(reinterpret_cast<const char*>(&item), sizeof(T));
    if (big_endian) std::reverse(one.begin(), one.end());
    bytes += one;
  }
  return bytes;
}

template <class T>
class NpyOfType : public testing::Test {};
template <class T>
struct Descr;
template <>
struct Descr<double> {
  static constexpr const char* text = "f8";
};
template <>
struct Descr<float> {
  static constexpr const char* text = "f4";
};
template <>
struct Descr<std::int64_t> {
  static constexpr const char* text = "i8";
};
template <>
struct Descr<std::int32_t> {
  static constexpr const char* text = "i4";
};
template <>
struct Descr<std::int16_t> {
  static constexpr const char* text = "i2";
};
template <>
struct Descr<std::int8_t> {
  static constexpr const char* text = "i1";
};
template <>
struct Descr<std::uint64_t> {
  static constexpr const char* text = "u8";
};
template <>
struct Descr<std::uint32_t> {
  static constexpr const char* text = "u4";
};
template <>
struct Descr<std::uint16_t> {
  static constexpr const char* text = "u2";
};
template <>
struct Descr<std::uint8_t> {
  static constexpr const char* text = "u1";
};
using NumberTypes = testing::Types<double, float, std::int64_t, std::int32_t, std::int16_t, std::int8_t, std::uint64_t,
                                   std::uint32_t, std::uint16_t, std::uint8_t>;
TYPED_TEST_SUITE(NpyOfType, NumberTypes);

TYPED_TEST(NpyOfType, IsReadInBothByteOrdersAndBothLayouts) {
  const std::vector<TypeParam> rows_first = {1, 2, 100, 4, 5, 6}, columns_first = {1, 4, 2, 5, 100, 6};
  for (const bool big : {false, true}) {
    const std::string descr = fmt::format("'{}{}'", big ? '>' : '<', Descr<TypeParam>::text);
    EXPECT_EQ(cells(read_bytes_as_table(npy(descr, "(2, 3)", bytes_of(rows_first, big)))), "1 2 100\n4 5 6\n");
    EXPECT_EQ(cells(read_bytes_as_table(npy(descr, "(2, 3)", bytes_of(columns_first, big), "True"))),
              "1 2 100\n4 5 6\n");
  }
}

TEST(Npy, TakesNaNForAHoleInBothLayouts) {
  const std::string data = bytes_of<double>({1, kNaN, kNaN, 4, 5, kNaN});
  EXPECT_EQ(cells(read_bytes_as_table(npy("'<f8'", "(2, 3)", data))), "1 . .\n4 5 .\n");
  EXPECT_EQ(cells(read_bytes_as_table(npy("'<f8'", "(2, 3)", data, "True"))), "1 . 5\n. 4 .\n");
}

TEST(Npy, ReadsTruthValuesAsZeroAndOne) {
  EXPECT_EQ(cells(read_bytes_as_table(npy("'|b1'", "(1, 2)", std::string("\0\1", 2)))), "0 1\n");
}

TEST(Npy, WarnsAboutIntegersThatADoubleCannotHold) {
  const Table table = read_bytes_as_table(npy("'<i8'", "(1, 2)", bytes_of<std::int64_t>({(1LL << 53) + 2, 1})));
  EXPECT_TRUE(any_contains(table.warnings, "1 value(s) beyond 2^53"));
}

TEST(Npy, AgreesWithTheRealFileOfGenes) {
  RANKFLOW_REQUIRE_SHARED(path, "missing/khan_missing.npy");
  const Table table = read_table(path);
  table.validate();
  EXPECT_EQ(table.num_rows(), 2308);
  EXPECT_EQ(table.num_columns(), 63);
  EXPECT_EQ(table.num_observed(), 2308 * 63 - 1282);
}

TEST(BadNpy, IsRefusedWithItsReason) {
  const std::string six = bytes_of<double>({1, 2, 3, 4, 5, 6});
  EXPECT_THAT(message_of(npy("'<f8'", "(6,)", six)), HasSubstr("1 dimension(s), shape (6,); expected 2"));
  EXPECT_THAT(message_of(npy("'<f8'", "(1, 2, 3)", six)), HasSubstr("3 dimension(s), shape (1, 2, 3)"));
  EXPECT_THAT(message_of(npy("'<f8'", "()", six)), HasSubstr("0 dimension(s)"));
  EXPECT_THAT(message_of(npy("'<f8'", "(2, 4)", six)), HasSubstr("only 48 bytes follow: the file is cut off"));
  EXPECT_THAT(message_of(npy("'<f8'", "(0, 4)", six)), HasSubstr("the array is empty"));
  EXPECT_THAT(message_of(npy("'|O'", "(2, 3)", six)), HasSubstr("Python objects"));
  EXPECT_THAT(message_of(npy("[('a', '<f8')]", "(2, 3)", six)), HasSubstr("structured type"));
  EXPECT_THAT(message_of(npy("'<c16'", "(2, 3)", six)), HasSubstr("type is '<c16'"));
  EXPECT_THAT(message_of(npy("'<f2'", "(2, 3)", six)), HasSubstr("type is '<f2'"));
  EXPECT_THAT(message_of(npy("'<U2'", "(1, 6)", six)), HasSubstr("holds text"));
  EXPECT_THAT(message_of(npy("'<f8'", "(-2, 3)", six)), HasSubstr("damaged"));
  EXPECT_THAT(message_of(npy("'<f8'", "(2, 3", six)), HasSubstr("damaged"));
  EXPECT_THAT(message_of(npy("'<f8'", "(2, 3)", six, "Maybe")), HasSubstr("neither True nor False"));
  EXPECT_THAT(message_of(npy("'<f8', 'x': 'y'", "(2, 3)", six)), HasSubstr("unknown key 'x'"));
  EXPECT_THAT(message_of(npy("'<f8'", "(1, 2)", bytes_of<double>({1, 1 / 0.}))), HasSubstr("[0, 1] is infinite"));
}

TEST(BadNpy, WithASizeThatOnlyTheHeaderBacksAllocatesNothing) {
  EXPECT_THAT(message_of(npy("'|u1'", "(2147483000, 4)", "x")), HasSubstr("cut off"));
  EXPECT_THAT(message_of(npy("'|u1'", "(3000000000, 1)", "x")), HasSubstr("more than 2147483646 rows"));
  EXPECT_THAT(message_of(npy("'<f8'", "(9223372036854775807, 9)", "x")), HasSubstr("larger than any memory"));
  EXPECT_THAT(message_of(npy("'<f8'", "(2147483647, 0)", "")), HasSubstr("array is empty"));
}

TEST(BadNpy, CutAnywhereIsRefused) {
  const std::string whole = npy("'<f8'", "(1, 2)", bytes_of<double>({1, 2}));
  for (std::size_t size = 1; size < whole.size(); ++size)
    EXPECT_THAT(message_of(whole.substr(0, size)), testing::Not(HasSubstr("no InputError"))) << size;
}

std::string npz(const Archive& archive) {
  const test::Folder folder;
  archive.write(folder / "a.npz");
  return test::read_bytes(folder / "a.npz");
}

Archive triplets() {
  Archive archive;
  archive.set("row", std::vector<std::int64_t>{1, 0, 1});
  archive.set("column", std::vector<std::int64_t>{0, 1, 2});
  archive.set("value", std::vector<double>{1.5, 2, 3});
  return archive;
}

TEST(Npz, OfTripletsIsReadWithNamesAndWeights) {
  Archive archive = triplets();
  EXPECT_EQ(cells(read_bytes_as_table(npz(archive))), ". 2 .\n1.5 . 3\n");
  archive.set("row_names", std::vector<std::string>{"ann", "bob"});
  archive.set("column_names", std::vector<std::int64_t>{7, 8, 9, 10});
  archive.set("weight", std::vector<float>{1, 2, 3});
  archive.set("titles", std::vector<std::string>{"user", "item", ""});
  const Table table = read_bytes_as_table(npz(archive));
  EXPECT_EQ(cells(table), ". 2 . .\n1.5 . 3 .\n");
  EXPECT_THAT(names(table.rows), ElementsAre("ann", "bob"));
  EXPECT_THAT(names(table.columns), ElementsAre("7", "8", "9", "10"));
  EXPECT_THAT(table.weight, ElementsAre(2.f, 1.f, 3.f));
  EXPECT_EQ(table.columns.title, "item");
}

TEST(Npz, ListsItsArraysWhenNoneIsNamed) {
  Archive archive;
  archive.set("b", Matrix(Matrix::Constant(1, 2, 3)));
  EXPECT_EQ(cells(read_bytes_as_table(npz(archive))), "3 3\n");
  archive.set("a", Matrix(Matrix::Constant(2, 1, 4)));
  EXPECT_THAT(message_of(npz(archive)), HasSubstr("several arrays: 'a', 'b'"));
  EXPECT_EQ(cells(read_bytes_as_table(npz(archive), {.array = "a"})), "4\n4\n");
  EXPECT_THAT(message_of(npz(archive), {.array = "c"}), HasSubstr("there is no array 'c'; the file has 'a', 'b'"));
}

TEST(BadNpz, OfTripletsIsRefusedFieldByField) {
  const auto with = [](const std::string& name, auto value) {
    Archive archive = triplets();
    archive.set(name, value);
    return npz(archive);
  };
  EXPECT_THAT(message_of(with("row", std::vector<std::int64_t>{1, -1, 0})), HasSubstr("array 'row': element 1 is -1"));
  EXPECT_THAT(message_of(with("row", std::vector<double>{1, .5, 0})), HasSubstr("element 1 is 0.5"));
  EXPECT_THAT(message_of(with("row", std::vector<std::int64_t>{1, 0})), HasSubstr("expected a list of 3"));
  EXPECT_THAT(message_of(with("row", std::vector<std::int64_t>{1, 0, 2000000000})),
              HasSubstr("position 2000000000 is far"));
  EXPECT_THAT(message_of(with("row", std::vector<std::string>{"a", "b", "c"})), HasSubstr("found text"));
  EXPECT_THAT(message_of(with("column", std::vector<std::int64_t>{1, 0, 1LL << 40})), HasSubstr("element 2"));
  EXPECT_THAT(message_of(with("weight", std::vector<double>{1, 0, 1})), HasSubstr("array 'weight': found 0"));
  EXPECT_THAT(message_of(with("row_names", std::vector<std::string>{"a"})),
              HasSubstr("expected a position from 0 to 0"));
  EXPECT_THAT(message_of(with("row_names", std::vector<double>{1, 2})), HasSubstr("expected names"));
  EXPECT_THAT(message_of(with("titles", std::vector<std::string>{"a"})), HasSubstr("expected three words"));
  EXPECT_THAT(message_of(with("shape", std::vector<std::int64_t>{2000000000, 3})),
              HasSubstr("far more than 3 entries"));
  EXPECT_THAT(message_of(with("value", std::vector<double>{1, 1 / 0., 2})), HasSubstr("element 1 is infinite"));
}

const std::string kMtx = "%%MatrixMarket matrix ";

TEST(MatrixMarket, CoordinatesLeaveWhatIsAbsentUnobservedAndKeepZeros) {
  const Table table = read_bytes_as_table(kMtx + "coordinate real general\n% c\n\n2 3 3\n1 1 1.5\n2 3 0\n1 2 -2e1\n");
  EXPECT_EQ(cells(table), "1.5 -20 .\n. . 0\n");
  EXPECT_THAT(names(table.rows), ElementsAre("1", "2"));
  EXPECT_TRUE(any_contains(table.notes, "not observed, not zero"));
}
TEST(MatrixMarket, SymmetryMirrorsEntries) {
  EXPECT_EQ(cells(read_bytes_as_table(kMtx + "coordinate integer symmetric\n2 2 2\n1 1 4\n2 1 5\n")), "4 5\n5 .\n");
  EXPECT_EQ(cells(read_bytes_as_table(kMtx + "coordinate real skew-symmetric\n2 2 1\n2 1 5\n")), ". -5\n5 .\n");
}
TEST(MatrixMarket, PatternsHaveTheValueOne) {
  const Table table = read_bytes_as_table(kMtx + "coordinate pattern general\n1 2 1\n1 2\n");
  EXPECT_EQ(cells(table), ". 1\n");
  EXPECT_TRUE(any_contains(table.warnings, "pattern"));
}
TEST(MatrixMarket, ArraysGoDownTheColumns) {
  EXPECT_EQ(cells(read_bytes_as_table(kMtx + "array real general\n2 3\n1\n2\n3\nnan\n5\n6\n")), "1 3 5\n2 . 6\n");
  EXPECT_EQ(cells(read_bytes_as_table(kMtx + "array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n")),
            "1 2 3\n2 4 5\n3 5 6\n");
  EXPECT_EQ(cells(read_bytes_as_table(kMtx + "array real skew-symmetric\n3 3\n2\n3\n5\n")), ". -2 -3\n2 . -5\n3 5 .\n");
}
TEST(MatrixMarket, IndicesMayBeginAtZeroOnRequest) {
  const Table table = read_bytes_as_table(kMtx + "coordinate real general\n1 2 1\n0 1 7\n",
                                          {.index_base = ReadOptions::IndexBase::zero});
  EXPECT_EQ(cells(table), ". 7\n");
  EXPECT_THAT(names(table.columns), ElementsAre("0", "1"));
}

TEST(BadMatrixMarket, IsRefusedWithItsLine) {
  const auto message = [](const std::string& rest) { return message_of(kMtx + rest); };
  EXPECT_THAT(message("coordinate complex general\n"), HasSubstr("test.csv:1: the values are complex"));
  EXPECT_THAT(message("coordinate real hermitian\n"), HasSubstr("hermitian"));
  EXPECT_THAT(message("coordinate real\n"), HasSubstr("found the symmetry 'nothing'"));
  EXPECT_THAT(message("sparse real general\n"), HasSubstr("found the format 'sparse'"));
  EXPECT_THAT(message("coordinate text general\n"), HasSubstr("found the field 'text'"));
  EXPECT_THAT(message("array pattern general\n"), HasSubstr("cannot be a pattern"));
  EXPECT_THAT(message_of("%%MatrixMarket vector coordinate real general\n"), HasSubstr("found the object 'vector'"));
  EXPECT_THAT(message("coordinate real general\n"), HasSubstr("ends before the line of sizes"));
  EXPECT_THAT(message("coordinate real general\n2 x 1\n"),
              HasSubstr(":2: found '2 x 1', expected rows columns entries"));
  EXPECT_THAT(message("coordinate real general\n0 2 1\n"), HasSubstr("0 x 2"));
  EXPECT_THAT(message("coordinate real general\n2 2 2\n1 1 1\n"), HasSubstr("ends after 1 of 2 declared entries"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 1 1\n2 2 2\n"),
              HasSubstr(":4: found more than the 1 entries"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n0 1 1\n"), HasSubstr("--index-base 0"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 -3 1\n"), HasSubstr("column index -3 is outside 1...2"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 99999999999999999999 1\n"),
              HasSubstr("expected row column value"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 1 x\n"), HasSubstr("found 'x', expected a number"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 1 inf\n"), HasSubstr("expected a finite number"));
  EXPECT_THAT(message("coordinate real general\n2 2 1\n1 1\n"), HasSubstr("expected a number"));
  EXPECT_THAT(message("coordinate pattern general\n2 2 1\n1 1 5\n"), HasSubstr("declare the field real"));
  EXPECT_THAT(message("coordinate real skew-symmetric\n2 2 1\n1 1 5\n"), HasSubstr("no diagonal"));
  EXPECT_THAT(message("coordinate real general\n2 2 2\n1 1 5\n1 1 6\n"),
              HasSubstr(":4: row 1 and column 1 have the value 6 here and 5 on line 3"));
  EXPECT_THAT(message("array real symmetric\n2 3\n1\n"), HasSubstr("declared to be 2 x 3"));
  EXPECT_THAT(message("array real general\n2 2\n1\n2\n3\n"), HasSubstr("ends after 3 of 4 declared values"));
}
TEST(BadMatrixMarket, WithSizesThatOnlyTheHeaderBacksAllocatesNothing) {
  EXPECT_THAT(message_of(kMtx + "coordinate real general\n2000000000 2 1\n1 1 1\n"), HasSubstr("nearly all rows"));
  EXPECT_THAT(message_of(kMtx + "coordinate real general\n2000000000 2 2000000000\n1 1 1\n"),
              HasSubstr("ends after 1"));
  EXPECT_THAT(message_of(kMtx + "coordinate real general\n3000000000 2 1\n1 1 1\n"), HasSubstr("at most 2147483646"));
  EXPECT_THAT(message_of(kMtx + "array real general\n2000000000 2000000000\n1\n"), HasSubstr("ends after 1"));
}
TEST(BadMatrixMarket, WithoutItsFirstLineIsCalledSo) {
  EXPECT_THAT(message_of("1 1 1\n1 1 5\n", {}, "a.mtx"), HasSubstr("found no %%MatrixMarket line"));
}

}  // namespace
}  // namespace rankflow
