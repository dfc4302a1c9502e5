// Ledgers as they must not be, each with code, reason and field of what is said about it. That
// records and log stay unchanged is asked of the programs: tests/cli/ledger_test.py. Rows that only
// the registry can refuse (twice one code or key, unknown organization, class of digits that no
// catalogue has) stand in tests/server/import/.
#include <functional>
#include <ostream>

#include <gtest/gtest.h>

#include "client/import/ledger_reader.h"
#include "tests/client/ledger_file.h"

namespace yima::ledger {
namespace {

constexpr std::string_view kHeader = "编号,小类编码,区划,主管部门,权属单位,经度,纬度,状态,备注\n";

using Cells = std::vector<std::string>;
enum Place { kKey, kClass, kDivision, kSupervisor, kOwner, kX, kY, kCondition, kRemark };

std::string Line(const std::function<void(Cells&)>& change) {
  Cells cells = {"X-1", "01001", "140502", "城管局", "排水公司", "112.85", "35.50", "完好", ""};
  change(cells);
  std::string line;
  for (const std::string& cell : cells) line += (&cell == cells.data() ? "" : ",") + cell;
  return line + "\n";
}

std::string Sound(const std::string& key) {
  return Line([&](Cells& cells) { cells[kKey] = key; });
}

LedgerOptions ByKey() {
  LedgerOptions options;
  options.key_column = "编号";
  options.classes_by_name = [](std::string_view) { return std::vector<std::string>(); };
  return options;
}

struct Refused {
  StatusCode code;
  std::string reason;
  std::string field;
  bool operator==(const Refused&) const = default;
};
std::ostream& operator<<(std::ostream& stream, const Refused& refused) {
  return stream << static_cast<int>(refused.code) << " " << refused.reason << " " << refused.field;
}

/// What is said first of a ledger: that it cannot be read, or of a row.
Refused FirstOf(const std::string& bytes, LedgerOptions options) {
  const LedgerFile file(bytes);
  Error error;
  if (auto reader = LedgerReader::Open(file.path(), std::move(options)); !reader) {
    error = reader.error();
  } else {
    LedgerRow row;
    for (;;) {
      const auto more = reader->Next(row);
      if (!more) error = more.error();
      if (more && *more && row.problem) error = *row.problem;
      if (!error.reason.empty() || !*more) break;
    }
  }
  // Where the test put the file is no part of what is said.
  const size_t folder = error.field.find(file.folder().string());
  if (folder == 0) error.field.erase(0, file.folder().string().size() + 1);
  return {error.code, error.reason, error.field};
}

struct BadRow {
  const char* name;
  Place place;
  std::string cell;
  const char* reason;
  const char* field;
};

const BadRow kBadRows[] = {
    {"DivisionShort", kDivision, "44030", "DIVISION_MALFORMED", "division"},
    {"DivisionUnknown", kDivision, "990101", "DIVISION_UNKNOWN", "division"},
    {"ClassUnknown", kClass, "飞碟", "CLASS_UNKNOWN", "class_code"},
    {"ClassMissing", kClass, "", "CLASS_MISSING", "class_code"},
    {"SupervisorMissing", kSupervisor, "", "SUPERVISOR_MISSING", "supervisor"},
    {"KeyTooLong", kKey, std::string(65, '9'), "KEY_TOO_LONG", "external_codes"},
    {"KeyMissing", kKey, "", "IDENTITY_MISSING", "external_codes"},
    {"ControlCharacter", kRemark, "a\x07z", "CONTROL_CHARACTER", "备注"},
    {"FieldTooLong", kRemark, std::string(kFieldBytesMax + 1, 'x'), "FIELD_TOO_LONG", "备注"},
    {"PositionOutOfRange", kX, "212.85", "POSITION_OUT_OF_RANGE", "position"},
    {"PositionHalf", kY, "", "POSITION_INCOMPLETE", "position"},
    {"PositionNoNumber", kY, "north", "POSITION_MALFORMED", "position"},
    {"ConditionUnknown", kCondition, "还行", "CONDITION_UNKNOWN", "condition"},
    {"TooManyFields", kRemark, ",surplus", "TOO_MANY_FIELDS", ""},
};

TEST(BadLedgerTest, NamesReasonAndFieldOfEachBadRow) {
  for (const BadRow& bad : kBadRows) {
    const std::string row = Line([&](Cells& cells) { cells[bad.place] = bad.cell; });
    EXPECT_EQ(FirstOf(std::string(kHeader) + Sound("A") + row + Sound("B"), ByKey()),
              (Refused{StatusCode::kInvalidArgument, bad.reason, bad.field}))
        << bad.name;
  }
}

TEST(BadLedgerTest, NamesTheCodeThatIsTooLong) {
  const std::string ledger = "部件代码,主管部门\n140502010010000071,城管局\n";
  EXPECT_EQ(FirstOf(ledger, {}),
            (Refused{StatusCode::kInvalidArgument, "FACILITY_CODE_MALFORMED", "facility_code"}));
}

TEST(BadLedgerTest, NamesTheColumnOfABrokenByte) {
  std::string bytes = Encode(std::string(kHeader) + Sound("A") +
                                 Line([](Cells& cells) { cells[kRemark] = "@"; }) + Sound("B"),
                             "GB18030");
  bytes[bytes.find('@')] = '\xFF';
  EXPECT_EQ(FirstOf(bytes, ByKey()),
            (Refused{StatusCode::kInvalidArgument, "BROKEN_CHARACTER", "备注"}));
}

TEST(BadLedgerTest, ReadsFullWidthDigits) {
  const std::string row = Line([](Cells& cells) {
    cells[kDivision] = "１４０５０２";
    cells[kX] = "１１２．８５";
  });
  EXPECT_EQ(FirstOf(std::string(kHeader) + row, ByKey()), (Refused{Error().code, "", ""}));
}

struct BadFile {
  const char* name;
  std::string bytes;
  const char* reason;
  const char* field;
};

std::string Without(std::string_view column) {
  std::string header(kHeader);
  return header.replace(header.find(column), column.size(), "别的") + Sound("A");
}

const BadFile kBadFiles[] = {
    {"NoClassColumn", Without("小类编码"), "REQUIRED_COLUMN_MISSING", "ledger.csv:1"},
    {"NoDivisionColumn", Without("区划"), "REQUIRED_COLUMN_MISSING", "ledger.csv:1"},
    {"NoSupervisorColumn", Without("主管部门"), "REQUIRED_COLUMN_MISSING", "ledger.csv:1"},
    {"NoKeyColumn", Without("编号"), "COLUMN_UNKNOWN", "ledger.csv:1"},
    {"Empty", "", "FILE_EMPTY", "ledger.csv"},
    {"OnlyEmptyLines", "\n\r\n\n", "FILE_EMPTY", "ledger.csv"},
    {"Binary",
     std::string("\x7f"
                 "ELF\x02\x01\x01\0",
                 8),
     "NOT_A_TEXT_FILE", "ledger.csv"},
    {"Workbook", "PK\x03\x04" + std::string(100, '\0'), "NOT_A_TEXT_FILE", "ledger.csv"},
    {"EndsInQuotes", std::string(kHeader) + Sound("A") + "X-1,\"open", "QUOTE_UNCLOSED",
     "ledger.csv:3"},
};

TEST(BadLedgerTest, NamesReasonAndPlaceOfEachBadFile) {
  for (const BadFile& bad : kBadFiles) {
    EXPECT_EQ(FirstOf(bad.bytes, ByKey()),
              (Refused{StatusCode::kInvalidArgument, bad.reason, bad.field}))
        << bad.name;
  }
}

struct BadOption {
  const char* name;
  std::function<void(LedgerOptions&)> change;
  const char* reason;
  const char* field;
};

const BadOption kBadOptions[] = {
    {"MapFromNothing",
     [](auto& o) {
       o.mappings = {{"地点", "address"}};
     },
     "COLUMN_UNKNOWN", "ledger.csv:1"},
    {"MapToNothing",
     [](auto& o) {
       o.mappings = {{"备注", "colour"}};
     },
     "FIELD_UNKNOWN", "--map"},
    {"NoIdentity", [](auto& o) { o.key_column.clear(); }, "IDENTITY_MISSING", "ledger.csv:1"},
    {"CodeFromNothing", [](auto& o) { o.code_column = "代码"; }, "COLUMN_UNKNOWN", "ledger.csv:1"},
    {"UnknownDivision", [](auto& o) { o.division = "999999"; }, "DIVISION_UNKNOWN", "division"},
    {"BlankPosition", [](auto& o) { o.blank_position = "nowhere"; }, "BLANK_POSITION_MALFORMED",
     "--blank-position"},
};

TEST(BadLedgerTest, NamesReasonAndFieldOfEachBadOption) {
  for (const BadOption& bad : kBadOptions) {
    LedgerOptions options = ByKey();
    bad.change(options);
    EXPECT_EQ(FirstOf(std::string(kHeader) + Sound("A"), options),
              (Refused{StatusCode::kInvalidArgument, bad.reason, bad.field}))
        << bad.name;
  }
}

}  // namespace
}  // namespace yima::ledger
