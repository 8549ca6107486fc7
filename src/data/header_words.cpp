// What do the words of a header say?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>

#include "data/text_layout.h"

namespace rankflow {
namespace {

// "User_ID", "userId", "user id" -> "userid"
std::string plain(std::string_view word) {
  std::string out;
  for (const char c : word)
    if (std::isalnum(static_cast<unsigned char>(c)))
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

template <std::size_t N>
bool one_of(std::string_view word, const std::array<const char*, N>& words) {
  return std::any_of(words.begin(), words.end(), [&](const char* other) { return word == other; });
}

constexpr std::array kRows = {"row", "rows", "rowindex", "rowname"};
constexpr std::array kColumns = {"col", "cols", "column", "columns", "colindex", "columnname"};
constexpr std::array kEntities = {"user",   "users",    "customer", "reader",  "reviewer", "person",
                                  "member", "listener", "player",   "account", "u",        "profile"};
constexpr std::array kItems = {"item",  "items", "movie", "film",   "product", "book", "isbn", "article",
                               "anime", "song",  "track", "artist", "joke",    "asin", "game", "business"};
constexpr std::array kWeak = {"i",      "j",       "x",    "y",        "from",    "to",     "source",  "target",
                              "sensor", "station", "site", "place",    "gene",    "sample", "student", "question",
                              "drug",   "cell",    "key",  "variable", "subject", "object"};
constexpr std::array kValues = {"rating",    "ratings",  "value", "val",         "score",
                                "stars",     "count",    "entry", "measurement", "v",
                                "playcount", "response", "freq",  "frequency",   "quantity"};
constexpr std::array kWeights = {"weight", "weights", "precision", "confidence"};
constexpr std::array kBareNames = {"id", "uid", "iid",    "pid", "sid",  "mid",   "bid", "nr",
                                   "no", "idx", "number", "key", "code", "index", "name"};
constexpr std::array kTimes = {"timestamp", "time", "date", "datetime", "unixtime"};

}  // namespace

Role role_of(std::string_view header_word) {
  const std::string whole = plain(header_word);
  std::string_view word = whole;
  for (const std::string_view suffix : {"id", "idx", "index", "no", "nr", "number", "name", "code", "key"})
    if (word.size() > suffix.size() + 1 && word.ends_with(suffix)) {
      word.remove_suffix(suffix.size());
      break;
    }
  if (one_of(word, kRows)) return Role::row;
  if (one_of(word, kColumns)) return Role::column;
  if (one_of(word, kEntities)) return Role::entity;
  if (one_of(word, kItems)) return Role::item;
  if (one_of(word, kWeak)) return Role::weak;
  if (one_of(word, kValues)) return Role::value;
  if (one_of(word, kWeights)) return Role::weight;
  if (one_of(word, kTimes)) return Role::time;
  return Role::none;
}

bool names_things(std::string_view header_word) {
  const Role role = role_of(header_word);
  if (role == Role::row || role == Role::column || role == Role::entity || role == Role::item) return true;
  const std::string word = plain(header_word);
  if (one_of(word, kBareNames)) return true;
  // "userId", "user_id", "USER ID", but not "acid".
  for (const std::string_view end :
       {"Id",    "ID",   "_id",  " id", ".id",   "-id",    "_ID",  "_no",   "_nr",   "_key", "_code",
        "_name", "Name", "Code", "Key", "Index", "_index", "_idx", " name", " code", " no"})
    if (header_word.ends_with(end)) return true;
  return false;
}

}  // namespace rankflow
