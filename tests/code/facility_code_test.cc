#include "codegen/code/facility_code.h"

#include <gtest/gtest.h>

namespace yima {
namespace {

TEST(FacilityCodeTest, KeepsDigitsOfItsScheme) {
  const auto code = FacilityCode::Parse(kSchemeGbt47678, "14050201001000001");
  ASSERT_TRUE(code);
  EXPECT_EQ(code->value(), 14050201001000001u);
  EXPECT_EQ(code->ToString(), "14050201001000001");
  EXPECT_EQ(FacilityCode::Parse(108, "00000007")->ToString(), "00000007");
}

TEST(FacilityCodeTest, RefusesOtherLengthsAndCharacters) {
  for (const auto digits : {"", "1405020100100001", "140502010010000011", "1405020100100000A",
                            "１4050201001000001", " 4050201001000001"}) {
    EXPECT_EQ(FacilityCode::Parse(kSchemeGbt47678, digits).error().reason,
              "FACILITY_CODE_MALFORMED")
        << digits;
  }
}

TEST(FacilityCodeTest, StandardSchemesNeverBeginWithZero) {
  EXPECT_EQ(FacilityCode::Parse(kSchemeGbt47678, "04050201001000001").error().reason,
            "FACILITY_CODE_OUT_OF_RANGE");
  EXPECT_EQ(FacilityCode::Parse(kSchemeGbt30428, "0405020100100001").error().reason,
            "FACILITY_CODE_OUT_OF_RANGE");
  EXPECT_TRUE(FacilityCode::Parse(116, "0405020100100001"));
}

TEST(FacilityCodeTest, RefusesUnassignedSchemes) {
  for (const int scheme : {0, 3, 100, 119, 255}) {
    EXPECT_EQ(FacilityCode::Parse(static_cast<Scheme>(scheme), "1").error().reason,
              "SCHEME_UNASSIGNED");
  }
}

TEST(DivisionTest, SaysWhatItWanted) {
  EXPECT_EQ(Division::Parse("44030").error().message, "division \"44030\" has 5 digits, want 6");
  EXPECT_EQ(Division::Parse("14050A").error().reason, "DIVISION_MALFORMED");
  EXPECT_TRUE(Division::Parse("140502"));
}

TEST(DivisionTest, RefusesWhatIsNoCounty) {
  for (const char* digits : {"040502", "100101", "160101", "240101", "380101", "470101", "660101",
                             "720101", "999999", "140000", "140500", "140002"}) {
    const auto parsed = Division::Parse(digits);
    ASSERT_FALSE(parsed) << digits;
    EXPECT_EQ(parsed.error().reason, "DIVISION_UNKNOWN") << digits;
    EXPECT_EQ(parsed.error().field, "division");
    EXPECT_NE(parsed.error().message.find(digits), std::string::npos);
  }
}

TEST(DivisionTest, TakesCitiesWithoutCountiesAndDistrictsUnderAProvince) {
  for (const char* digits :
       {"110101", "659001", "469021", "441900", "442000", "460400", "620200", "710000", "810001"}) {
    EXPECT_TRUE(Division::Parse(digits)) << digits;
  }
}

TEST(DivisionTest, LeavesFacilityCodesAsIssued) {
  EXPECT_TRUE(FacilityCode::Parse(kSchemeGbt47678, "99999901001000001"));
}

TEST(CreditCodeTest, ChecksAsGb32100Says) {
  // Published codes of public bodies.
  EXPECT_TRUE(CreditCode::Parse("91350100M000100Y43"));
  EXPECT_EQ(CreditCode::Parse("91350100m000100y43")->ToString(), "91350100M000100Y43");
  EXPECT_EQ(CreditCode::Parse("91350100M000100Y44").error().reason, "CREDIT_CODE_CHECK");
  EXPECT_EQ(CreditCode::Parse("91350100M000100Y4").error().reason, "CREDIT_CODE_MALFORMED");
  EXPECT_EQ(CreditCode::Parse("91350100I000100Y43").error().reason, "CREDIT_CODE_MALFORMED");
}

}  // namespace
}  // namespace yima
