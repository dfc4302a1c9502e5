#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class LookupTest : public ::testing::Test {
 protected:
  Result<v1::LookupResponse> Lookup(const std::string& short_number) {
    v1::LookupRequest request;
    request.set_short_number(short_number);
    return methods_.Unary<v1::LookupResponse>("ResolverService/Lookup", request);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局", "0356-12345");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Methods methods_{world_};
};

TEST_F(LookupTest, FindsWhatPeopleType) {
  AddPlate(world_, kSerial, facility_);
  for (const char* typed :
       {"00040-00001-8", "0004000001 8", "ooo4o ooooi 8", "OOO4O-OOOOL-8", " 0-0-0-4-0 000018 "}) {
    const auto found = Lookup(typed);
    ASSERT_TRUE(found) << typed << ": " << found.error().message;
    EXPECT_EQ(found->serial(), kSerial);
    EXPECT_EQ(found->short_number(), "00040-00001-8");
    EXPECT_EQ(found->state(), v1::CODE_STATE_ACTIVE);
    EXPECT_EQ(found->facility().uid(), facility_);
    EXPECT_EQ(found->facility().etag(), "1-1");
    ASSERT_EQ(found->organizations_size(), 1);
    EXPECT_EQ(found->organizations(0).telephone(), "0356-12345");
  }
}

TEST_F(LookupTest, TellsWhatHasBecomeOfACode) {
  AddPlate(world_, kSerial, facility_, v1::CODE_STATE_REPLACED, kSerial + 1);
  AddPlate(world_, kSerial + 1, facility_, v1::CODE_STATE_SUSPENDED);
  AddPlate(world_, kSerial + 2, 0);
  const auto of = [&](uint64_t serial) {
    return *Lookup(Serial::FromInteger(serial)->ShortNumber());
  };
  EXPECT_EQ(of(kSerial).state(), v1::CODE_STATE_REPLACED);
  EXPECT_EQ(of(kSerial).successor(), kSerial + 1);
  EXPECT_EQ(of(kSerial + 1).state(), v1::CODE_STATE_SUSPENDED);
  EXPECT_EQ(of(kSerial + 2).state(), v1::CODE_STATE_BLANK);
  EXPECT_FALSE(of(kSerial + 2).has_facility());
}

TEST_F(LookupTest, ShowsOrganizationsAsResolvingDoes) {
  const Plate plate = AddPlate(world_, kSerial, facility_);
  v1::ResolveRequest resolve;
  resolve.set_text(plate.text);
  // Both ways remember organizations in one place.
  for (int i = 0; i < 2; ++i) {
    const auto resolved = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", resolve);
    const auto found = Lookup("00040-00001-8");
    ASSERT_TRUE(resolved && found);
    EXPECT_EQ(found->organizations(0).SerializeAsString(),
              resolved->organizations(0).SerializeAsString());
    EXPECT_EQ(found->facility().SerializeAsString(), resolved->facility().SerializeAsString());
  }
}

TEST_F(LookupTest, NeverShowsPersonalValues) {
  AddPlate(world_, kSerial, facility_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& facility) {
    *facility.mutable_remark() = Withhold("secret remark");
  }));
  ASSERT_TRUE(Edit<v1::Organization>(world_, bureau_, [](auto& organization) {
    *organization.mutable_contact_name() = Withhold("secret person");
  }));
  EXPECT_THAT(Lookup("00040-00001-8")->SerializeAsString(),
              ::testing::Not(::testing::HasSubstr("secret")));
}

TEST_F(LookupTest, NumbersThatAreNoneAreRefused) {
  AddPlate(world_, kSerial, facility_);
  const auto refusal = [&](const std::string& typed) { return RefusalOf(Lookup(typed)); };
  const Refusal malformed{StatusCode::kInvalidArgument, "SHORT_NUMBER_MALFORMED", "short_number"};
  for (const std::string& typed :
       {std::string(), std::string("00040"), std::string("00040-00001-88"), std::string("井盖"),
        std::string("00040-0000\x00-8", 13), std::string(1000, '0')}) {
    EXPECT_EQ(refusal(typed), malformed) << typed;
  }
  EXPECT_EQ(refusal(std::string(2000, '0')).reason, "REQUEST_TOO_LONG");
  EXPECT_EQ(refusal("00040-00001-9"),
            (Refusal{StatusCode::kInvalidArgument, "SHORT_NUMBER_CHECK", "short_number"}));
  EXPECT_EQ(refusal("00040-00002-9"),
            (Refusal{StatusCode::kNotFound, "CODE_NOT_FOUND", "short_number"}));
}

}  // namespace
}  // namespace yima::server::testing
