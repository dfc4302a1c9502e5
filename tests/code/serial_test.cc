#include "codegen/code/serial.h"

#include <gmock/gmock.h>

namespace yima {
namespace {

TEST(SerialTest, HoldsEpochAndNumber) {
  const Serial serial(7, 42);
  EXPECT_EQ(serial.value(), (uint64_t{7} << 32) + 42);
  EXPECT_EQ(serial.epoch(), 7);
  EXPECT_EQ(serial.number(), 42u);
}

TEST(SerialTest, PrintsShortNumberInCrockfordBase32) {
  // 2^32 + 1: symbols of 4294967297 in base 32, and 4294967297 mod 37 = 8.
  EXPECT_EQ(Serial(1, 1).ShortNumber(), "00040-00001-8");
  EXPECT_EQ(Serial::FromInteger(Serial::kMax)->ShortNumber().substr(0, 11), "7ZZZZ-ZZZZZ");
}

TEST(SerialTest, ReadsShortNumbersAsPeopleTypeThem) {
  const Serial serial(1, 1);
  for (const auto text :
       {"00040-00001-8", "0004000001 8", "ooo4o-oooo1-8", "000400000l8", "00040-0000I-8"}) {
    EXPECT_EQ(Serial::ParseShortNumber(text), serial) << text;
  }
}

TEST(SerialTest, RefusesWrongCheckSymbol) {
  EXPECT_EQ(Serial::ParseShortNumber("00040-00001-9").error().reason, "SHORT_NUMBER_CHECK");
  EXPECT_EQ(Serial::ParseShortNumber("00040-00002-8").error().reason, "SHORT_NUMBER_CHECK");
}

TEST(SerialTest, RefusesWhatIsNoShortNumber) {
  for (const auto text :
       {"", "00040-00001", "00040-00001-88", "U0040-00001-8", "ZZZZZ-ZZZZZ-0", "00040_00001_8"}) {
    EXPECT_EQ(Serial::ParseShortNumber(text).error().reason, "SHORT_NUMBER_MALFORMED") << text;
  }
}

TEST(SerialTest, ParsesDecimalDigitsOnly) {
  EXPECT_EQ(Serial::Parse("4294967297"), Serial(1, 1));
  EXPECT_EQ(Serial::Parse("0"), Serial());
  for (const auto text : {"", "01", "+1", "1 ", "0x1", "１"}) {
    EXPECT_EQ(Serial::Parse(text).error().reason, "SERIAL_MALFORMED") << text;
  }
  EXPECT_EQ(Serial::Parse("281474976710656").error().reason, "SERIAL_OUT_OF_RANGE");
  EXPECT_EQ(Serial::Parse("99999999999999999999999").error().reason, "SERIAL_OUT_OF_RANGE");
}

TEST(SerialTest, KnowsNumbersWhoseCheckSymbolIsPrintable) {
  int usable = 0;
  for (uint32_t number = 0; number < 37; ++number) {
    const Serial serial(1, number);
    const char check = serial.ShortNumber().back();
    EXPECT_EQ(serial.IsUsable(), std::string_view("*~$=U").find(check) == std::string_view::npos);
    usable += serial.IsUsable();
  }
  EXPECT_EQ(usable, 32);
}

}  // namespace
}  // namespace yima
