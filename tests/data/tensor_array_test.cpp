// Arrays of any order from .npy, .npz and idx files, masks and holes, and every way in which they can be wrong.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "data/npy.h"
#include "data/npz.h"
#include "rankflow/archive.h"
#include "support/shared_data.h"
#include "support/tensors.h"

namespace rankflow {
namespace {

using test::any_contains;
using test::names;
using test::observations;
using test::read_bytes_as_tensor;
using test::tensor_message_of;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::string bytes_of(const std::vector<T>& items) {
  return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)};
}

std::string npy(const std::string& descr, const std::vector<Index>& shape, const std::string& data,
                bool fortran = false) {
  std::string text = npy_header(descr, shape) + data;
  if (fortran) text.replace(text.find("False"), 5, "True ");
  return text;
}

std::string npz(const std::map<std::string, Array>& arrays) {
  const test::Folder folder;
  Archive archive;
  for (const auto& [name, array] : arrays) archive.set(name, array);
  archive.write(folder / "a.npz");
  return test::read_bytes(folder / "a.npz");
}

TEST(NpyTensor, IsTheSameInBothLayoutsForEveryOrder) {
  std::vector<Index> shape;
  for (Index order = 1; order <= 16; ++order) {
    shape.push_back(order < 4 ? order + 1 : order % 2 + 1);
    Index cells = 1;
    for (const Index size : shape) cells *= size;
    std::vector<double> c_order(static_cast<std::size_t>(cells)), fortran(c_order.size());
    // The value of a cell names it: the digits of its position, computed both ways.
    for (Index k = 0; k < cells; ++k) {
      Index rest = k, position = 0, stride = 1;
      std::vector<Index> index(shape.size());
      for (std::size_t n = shape.size(); n-- > 0;) {
        index[n] = rest % shape[n];
        rest /= shape[n];
      }
      for (std::size_t n = 0; n < shape.size(); ++n) {
        position += index[n] * stride;
        stride *= shape[n];
      }
      c_order[k] = fortran[position] = static_cast<double>(k) + 0.5;
    }
    const Tensor c = read_bytes_as_tensor(npy("<f8", shape, bytes_of(c_order)));
    const Tensor f = read_bytes_as_tensor(npy("<f8", shape, bytes_of(fortran), true));
    EXPECT_EQ(c.shape(), shape);
    EXPECT_EQ(c.value, c_order);
    EXPECT_EQ(f.value, c.value);
    EXPECT_EQ(f.index, c.index);
  }
}

TEST(NpyTensor, TakesNaNForAHoleAndSaysSo) {
  const Tensor tensor = read_bytes_as_tensor(npy("<f4", {2, 1, 2}, bytes_of<float>({1, NAN, NAN, 4})));
  EXPECT_EQ(observations(tensor), "0 0 0: 1, 1 0 1: 4");
  EXPECT_EQ(tensor.holes, "NaN");
  EXPECT_FALSE(tensor.integer_values);
  EXPECT_EQ(tensor.layout, Tensor::Layout::dense);
}

TEST(NpyTensor, TakesZeroForANumberUnlessTheUserSaysOtherwise) {
  const std::string bytes = npy("<i2", {2, 1, 2}, bytes_of<std::int16_t>({1, 0, -3, 4}));
  const Tensor all = read_bytes_as_tensor(bytes);
  EXPECT_EQ(all.num_observed(), 4);
  EXPECT_TRUE(all.integer_values);
  EXPECT_EQ(all.holes, "nothing: every cell is a number");
  TensorReadOptions options;
  options.table.missing = "0,-3";
  const Tensor some = read_bytes_as_tensor(bytes, options);
  EXPECT_EQ(observations(some), "0 0 0: 1, 1 0 1: 4");
  EXPECT_EQ(some.holes, "cells equal to 0,-3");
}

TEST(NpyTensor, ReadsTruthValuesAndBigEndianNumbers) {
  EXPECT_EQ(observations(read_bytes_as_tensor(npy("|b1", {3}, std::string("\0\1\1", 3)))), "0: 0, 1: 1, 2: 1");
  EXPECT_EQ(observations(read_bytes_as_tensor(npy(">i4", {1, 1, 1}, std::string("\0\0\1\2", 4)))), "0 0 0: 258");
}

TEST(NpyTensor, RefusesWhatIsNoArrayOfNumbers) {
  EXPECT_THAT(tensor_message_of(npy("<f8", {}, std::string(8, '\0'))), HasSubstr("a single number"));
  EXPECT_THAT(tensor_message_of(npy("<f8", {3, 0, 2}, "")), HasSubstr("the array is empty: 3 x 0 x 2"));
  EXPECT_THAT(tensor_message_of(npy("<U3", {1, 1, 1}, std::string(12, 'a'))), HasSubstr("text; expected numbers"));
  EXPECT_THAT(tensor_message_of(npy("<c16", {1, 1, 1}, std::string(16, 'a'))), HasSubstr("the array's type is '<c16'"));
  EXPECT_THAT(tensor_message_of(npy("<f8", {1, 1, 2}, bytes_of<double>({1, INFINITY}))),
              HasSubstr("the value at [0, 0, 1] is infinite"));
  EXPECT_THAT(tensor_message_of(npy("<f8", {1, 1, 2}, bytes_of<double>({NAN, NAN}))),
              HasSubstr("none of the 1 x 1 x 2 cells is observed"));
}

TEST(NpyTensor, BelievesNoSizeThatTheBytesDoNotBear) {
  const std::string data = bytes_of<double>({1, 2, 3});
  EXPECT_THAT(tensor_message_of(npy("<f8", {1, 2, 2}, data)), HasSubstr("the file is cut off"));
  EXPECT_THAT(tensor_message_of(npy("<f8", {100000, 100000, 100000}, data)), HasSubstr("cut off"));
  EXPECT_THAT(tensor_message_of(npy("<f8", {2147483647, 2147483647, 2147483647, 9}, data)), HasSubstr("memory"));
  EXPECT_THAT(tensor_message_of(npy("|u1", {3000000000, 1, 1}, data)), HasSubstr("a mode can have at most"));
}

TEST(NpyTensor, AgreesWithTheRealFileOfTaxis) {
  RANKFLOW_REQUIRE_SHARED(path, "traffic/nyc_taxi.npy");
  const Tensor tensor = read_tensor(path);
  EXPECT_THAT(tensor.shape(), ElementsAre(30, 30, 1464));
  EXPECT_EQ(tensor.num_observed(), 30 * 30 * 1464);
  EXPECT_TRUE(tensor.integer_values);
  EXPECT_EQ(std::accumulate(tensor.value.begin(), tensor.value.end(), 0.0), 10'803'343);
  EXPECT_EQ(*std::max_element(tensor.value.begin(), tensor.value.end()), 320);
}

TEST(NpyTensor, FindsTheLostRoadOfTheTrafficFile) {
  RANKFLOW_REQUIRE_SHARED(path, "traffic/guangzhou_small.npy");
  TensorReadOptions options;
  options.table.missing = "0";
  const Tensor tensor = read_tensor(path, options);
  EXPECT_THAT(tensor.shape(), ElementsAre(144, 50, 15));
  EXPECT_EQ(tensor.num_observed(), 144 * 50 * 15 - 2160);
  EXPECT_TRUE(any_contains(tensor.warnings, "1 of the 50 indices of mode 2 have no observation, the first is 47"));
  EXPECT_EQ(tensor.holes, "NaN and cells equal to 0");
  EXPECT_EQ(read_tensor(path).num_observed(), 144 * 50 * 15);
}

TEST(NpyTensor, FindsTheHolesOfTheResponses) {
  RANKFLOW_REQUIRE_SHARED(path, "biology/il2_response.npy");
  const Tensor tensor = read_tensor(path);
  EXPECT_THAT(tensor.shape(), ElementsAre(13, 4, 12, 8));
  EXPECT_EQ(tensor.num_observed(), 13 * 4 * 12 * 8 - 192);
}

TEST(Mask, SaysWhatIsObserved) {
  const test::Folder folder;
  test::write_bytes(folder / "mask.npy", npy("|b1", {2, 1, 2}, std::string("\1\1\0\1", 4)));
  test::write_bytes(folder / "small.npy", npy("|b1", {2, 2}, std::string("\1\1\0\1", 4)));
  const std::string bytes = npy("<f8", {2, 1, 2}, bytes_of<double>({1, NAN, 3, 4}));
  TensorReadOptions options;
  options.table.mask = folder / "mask.npy";
  const Tensor tensor = read_bytes_as_tensor(bytes, options);
  EXPECT_EQ(observations(tensor), "0 0 0: 1, 1 0 1: 4");
  EXPECT_EQ(tensor.holes, "NaN, and cells that are 0 in the mask " + options.table.mask);
  EXPECT_THROW(read_bytes_as_tensor("1 1 1 1\n", options, "a.tns"), OptionError);
  options.table.mask = folder / "small.npy";
  EXPECT_THAT(tensor_message_of(bytes, options), HasSubstr("the mask is 2 x 2, expected 2 x 1 x 2 as the array"));
}

TEST(NpzTensor, TakesTheOnlyArrayOrListsThem) {
  const Array cube = {{1, 2, 2}, std::vector<double>{1, 2, 3, 4}};
  const Array list = {{3}, std::vector<std::int32_t>{5, 6, 7}};
  EXPECT_EQ(observations(read_bytes_as_tensor(npz({{"x", cube}}))), "0 0 0: 1, 0 0 1: 2, 0 1 0: 3, 0 1 1: 4");
  const std::string both = npz({{"x", cube}, {"y", list}});
  EXPECT_THAT(tensor_message_of(both), HasSubstr("several arrays: 'x' (1 x 2 x 2, float64), 'y' (3, int32)"));
  TensorReadOptions options;
  options.table.array = "y";
  const Tensor tensor = read_bytes_as_tensor(both, options);
  EXPECT_EQ(observations(tensor), "0: 5, 1: 6, 2: 7");
  EXPECT_EQ(tensor.format, "npz, npy int32");
  options.table.array = "z";
  EXPECT_THAT(tensor_message_of(both, options), HasSubstr("there is no array 'z'"));
}

TEST(NpzTensor, NamesItsModes) {
  const std::string bytes = npz({{"value", {{1, 2, 1}, std::vector<double>{1, 2}}},
                                 {"mode_2_names", {{2}, std::vector<std::string>{"a", "b"}}},
                                 {"titles", {{4}, std::vector<std::string>{"x", "letter", "z", "score"}}}});
  const Tensor tensor = read_bytes_as_tensor(bytes);
  EXPECT_THAT(names(tensor.modes[1]), ElementsAre("a", "b"));
  EXPECT_EQ(tensor.modes[1].title, "letter");
  EXPECT_EQ(tensor.value_title, "score");
}

TEST(NpzTensor, ANameThatIsThereTwiceIsRefused) {
  const Array names = {{3}, std::vector<std::string>{"a", "b", "a"}};
  const Array index = {{2, 3}, std::vector<std::int32_t>{1, 0, 2, 0, 0, 0}}, value = {{2}, std::vector<double>{5, 6}};
  for (const std::string& bytes : {npz({{"index", index}, {"value", value}, {"mode_3_names", names}}),
                                   npz({{"x", {{1, 1, 3}, std::vector<double>{1, 2, 3}}}, {"mode_3_names", names}})})
    EXPECT_THAT(tensor_message_of(bytes), HasSubstr("the name 'a' is there twice, at 0 and at 2"));
}

TEST(NpzTensor, WhatCompleteWritesWithIntervalsIsReadAsItsValues) {
  const Array value = {{1, 1, 2}, std::vector<double>{1, 2}}, low = {{1, 1, 2}, std::vector<double>{0, 1}},
              high = {{1, 1, 2}, std::vector<double>{2, 3}};
  for (const char* name : {"value", "values"})
    EXPECT_EQ(observations(read_bytes_as_tensor(npz({{name, value}, {"low", low}, {"high", high}}))),
              "0 0 0: 1, 0 0 1: 2");
  EXPECT_THAT(tensor_message_of(npz({{"x", value}, {"low", low}, {"high", high}})), HasSubstr("several arrays"));
}

TEST(NpzTensor, ReadsListsOfCells) {
  const Array index = {{3, 3}, std::vector<std::int32_t>{1, 0, 2, 0, 0, 0, 1, 0, 2}};
  const Array value = {{3}, std::vector<double>{5, 6, 5}};
  const Tensor tensor = read_bytes_as_tensor(npz({{"index", index}, {"value", value}}));
  EXPECT_EQ(observations(tensor), "0 0 0: 6, 1 0 2: 5");
  EXPECT_EQ(tensor.layout, Tensor::Layout::list);
  EXPECT_TRUE(tensor.integer_values);
  const Array shape = {{3}, std::vector<std::int64_t>{2, 1, 2}};
  EXPECT_THAT(tensor_message_of(npz({{"index", index}, {"value", value}, {"shape", shape}})),
              HasSubstr("observation 0 has 2 for mode 3; expected a position from 0 to 1"));
  const Array absurd = {{3}, std::vector<std::int64_t>{2, 1, 2'000'000'000}};
  EXPECT_THAT(tensor_message_of(npz({{"index", index}, {"value", value}, {"shape", absurd}})), HasSubstr("far more"));
  const Array contradiction = {{3}, std::vector<double>{5, 6, 7}};
  EXPECT_THAT(tensor_message_of(npz({{"index", index}, {"value", contradiction}})),
              HasSubstr("the cell (1, 0, 2) has the value 7 here and 5 on entry 1"));
}

TEST(NpzTensor, RefusesADamagedFile) {
  std::string bytes = npz({{"x", {{1, 2, 2}, std::vector<double>{1, 2, 3, 4}}}});
  EXPECT_THAT(tensor_message_of(bytes.substr(0, bytes.size() - 10)), HasSubstr("not a sound .npz"));
  EXPECT_THAT(tensor_message_of("PK\x05\x06" + std::string(18, '\0')), HasSubstr("no array"));
}

std::string idx(char type, const std::vector<std::uint32_t>& shape, const std::string& data) {
  std::string bytes = std::string(2, '\0') + type + static_cast<char>(shape.size());
  for (const std::uint32_t size : shape)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  return bytes + data;
}

TEST(Idx, ReadsEveryType) {
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x08, {1, 2}, "\xff\x01"))), "0 0: 255, 0 1: 1");
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x09, {2}, "\xff\x01"))), "0: -1, 1: 1");
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x0B, {1}, std::string("\x01\x02", 2)))), "0: 258");
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x0C, {1}, std::string("\0\0\x01\x02", 4)))), "0: 258");
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x0D, {1}, std::string("\x3f\xc0\0\0", 4)))), "0: 1.5");
  EXPECT_EQ(observations(read_bytes_as_tensor(idx(0x0E, {1}, std::string("\x3f\xf8\0\0\0\0\0\0", 8)))), "0: 1.5");
}

TEST(Idx, BelievesNoSizeThatTheBytesDoNotBear) {
  EXPECT_THAT(tensor_message_of(idx(0x08, {2, 2, 2}, "abc")), HasSubstr("declares 2 x 2 x 2 cells of uint8 (8 bytes)"));
  EXPECT_THAT(tensor_message_of(idx(0x08, {2}, "abc")), HasSubstr("but 3 bytes follow"));
  EXPECT_THAT(tensor_message_of(std::string("\0\0\x08\x03\0\0", 6)), HasSubstr("cut off within its sizes"));
  EXPECT_THAT(tensor_message_of(idx(0x08, {0xffffffff, 2}, "abc")), HasSubstr("at most"));
}

TEST(Idx, ReadsRealDigits) {
  RANKFLOW_REQUIRE_SHARED(path, "mnist/t10k-labels-idx1-ubyte.gz");
  const Tensor tensor = read_tensor(path);
  EXPECT_THAT(tensor.shape(), ElementsAre(10'000));
  EXPECT_EQ(tensor.value[0], 7);  // the first test image is a 7
  EXPECT_TRUE(tensor.integer_values);
  EXPECT_EQ(tensor.format, "idx uint8");
}

TEST(TensorFile, IsRefusedWithOneMessageIfItIsNone) {
  const test::Folder folder;
  EXPECT_THAT(test::message([&] { read_tensor(folder.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(test::message([&] { read_tensor(folder / "none.npy"); }), HasSubstr("No such file"));
  EXPECT_THAT(tensor_message_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(tensor_message_of(std::string("\x01\x02\0\x03zzz", 7)), HasSubstr("binary data of a kind"));
}

TEST(TensorFile, IsUnpackedOnTheWay) {
  const test::Folder folder;
  test::write_bytes(folder / "a.tns", "1 1 1 5\n2 1 1 6\n");
  ASSERT_EQ(std::system(("gzip " + (folder / "a.tns")).c_str()), 0);
  EXPECT_EQ(observations(read_tensor(folder / "a.tns.gz")), "0 0 0: 5, 1 0 0: 6");
}

TEST(TensorFile, TellsFromItsBeginningWhetherItIsATable) {
  const test::Folder folder;
  const auto holds = [&](const std::string& name, const std::string& bytes, const std::string& columns = "") {
    test::write_bytes(folder / name, bytes);
    TensorReadOptions options;
    options.table.columns = columns;
    return holds_tensor(folder / name, options);
  };
  EXPECT_TRUE(holds("a.npy", npy("|u1", {1, 1, 1}, "a")));
  EXPECT_FALSE(holds("a.npy", npy("|u1", {1, 1}, "a")));
  EXPECT_TRUE(holds("a", idx(0x08, {1, 1, 1}, "a")));
  EXPECT_TRUE(holds("a.tns", "# x\n1 1 1 5\n"));
  EXPECT_FALSE(holds("a.tns", "1 1 5\n"));
  EXPECT_FALSE(holds("a.csv", "a,b,c,v\n1,2,3,4\n"));
  EXPECT_FALSE(holds("a.csv", "a,b,c,v\n1,2,3,4\n", "a,b,v"));
  EXPECT_TRUE(holds("a.csv", "a,b,c,v\n1,2,3,4\n", "a,b,c,v"));
  EXPECT_TRUE(holds("a.npz", npz({{"x", {{1, 2, 2}, std::vector<double>{1, 2, 3, 4}}}})));
}

TEST(TensorOptions, AreTheOptionsOfTablesAndOneMore) {
  TensorReadOptions options;
  std::vector<OptionField> all = fields(options);
  ReadOptions table;
  EXPECT_EQ(all.size(), fields(table).size() + 1);
  for (OptionField& field : all)
    if (field.name == "absent") field.set("zero");
  EXPECT_EQ(options.absent, TensorReadOptions::Absent::zero);
}

TEST(Matrices, GoToArraysAndBack) {
  const Table table = test::read_bytes_as_table("user,item,rating,w\nu,a,1,2\nv,b,2,3\nu,c,3,4\n",
                                                {.columns = "user,item,rating", .weight = "w"});
  const Tensor tensor = to_tensor(table);
  tensor.validate();
  EXPECT_EQ(observations(tensor), "0 0: 1, 0 2: 3, 1 1: 2");
  const Table back = to_table(tensor);
  back.validate();
  EXPECT_EQ(back.row_begin, table.row_begin);
  EXPECT_EQ(back.column, table.column);
  EXPECT_EQ(back.value, table.value);
  EXPECT_EQ(back.weight, table.weight);
  EXPECT_EQ(names(back.columns), names(table.columns));
  EXPECT_EQ(back.rows.title, "user");
  EXPECT_EQ(back.notes, table.notes);
  const Tensor cube = read_bytes_as_tensor("1 1 1 1\n", {}, "a.tns");
  EXPECT_THAT(test::message([&] { to_table(cube); }), HasSubstr("an array of order 3, expected a matrix"));
}

}  // namespace
}  // namespace rankflow
