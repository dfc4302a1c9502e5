#ifndef YIMA_CLIENT_LOG_ENTRY_FACTS_H_
#define YIMA_CLIENT_LOG_ENTRY_FACTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace yima {

/// What every entry says of itself, read without taking the whole apart. Points into the entry.
struct EntryFacts {
  uint64_t time_us = 0;
  uint64_t revision = 0;
  std::string_view principal;
  std::string_view method;
  int kind = 0;  ///< The record's field number in LogEntry.
  uint64_t id = 0;
  std::string_view name;    ///< In place of the id, of records that are named by a text.
  std::string_view record;  ///< Serialized.

  /// Nothing unless the entry begins with its time and holds one record, and what is read here is
  /// of the wire types that FORMAT.md names.
  static std::optional<EntryFacts> Of(std::string_view entry);
};

/// `facility 4294967297`, `facility_class 01001`: for people.
std::string RecordWords(const EntryFacts& facts);
/// `facility`, `code` …: as LogEntry names its field; the number of one not known here.
std::string KindWords(int kind);

/// The newest revision of every record: 12 bytes each, where ids rise.
class Revisions {
 public:
  /// Puts a revision and gives the one before, 0 when there was none.
  uint32_t Set(const EntryFacts& facts, uint32_t revision);

  /// As it is kept in a state file, and back; false when the bytes are not of that form.
  void AppendTo(std::string& bytes) const;
  bool TakeFrom(std::string_view& bytes);

 private:
  /// Columns rather than rows: a city has millions of records.
  struct Column {
    std::vector<uint64_t> ids;  ///< Rising.
    std::vector<uint32_t> revisions;
    std::unordered_map<uint64_t, uint32_t> late;  ///< Came after a greater one.
  };
  static void Merge(Column& column);
  static uint32_t SetIn(Column& column, uint64_t id, uint32_t revision);

  std::map<int, Column> columns_;
  std::map<std::string, uint32_t, std::less<>> named_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_ENTRY_FACTS_H_
