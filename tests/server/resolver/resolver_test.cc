#include "server/resolver/resolver.h"

#include <cctype>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/plates.h"
#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class ResolverTest : public ::testing::Test {
 protected:
  v1::ResolveResponse Resolve(const std::string& text) {
    v1::ResolveRequest request;
    request.set_text(text);
    return Resolve(request);
  }
  v1::ResolveResponse Resolve(const v1::ResolveRequest& request) {
    const auto bytes =
        resolver_.ResolveBytes(request.SerializeAsString(), *world_.Read(), *Reach::Everywhere());
    v1::ResolveResponse response;
    EXPECT_TRUE(bytes) << bytes.error().message;
    EXPECT_TRUE(response.ParseFromString(bytes.value_or("")));
    return response;
  }
  std::string Reason(const v1::ResolveRequest& request) {
    const auto answer = resolver_.Resolve(request, *world_.Read());
    return answer ? "" : answer.error().reason;
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局", "0356-12345");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t facility_ = world_.AddFacility(1, bureau_, owner_);
  Resolver resolver_{world_.domain()};
};

TEST_F(ResolverTest, ActiveCodeLeadsToFacilityAndOrganizations) {
  const Plate plate = AddPlate(world_, kSerial, facility_);
  const auto answer = Resolve(plate.text);
  EXPECT_EQ(answer.verdict(), v1::VERDICT_AUTHENTIC);
  EXPECT_EQ(answer.state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(answer.serial(), kSerial);
  EXPECT_EQ(answer.scheme(), kSchemeGbt47678);
  EXPECT_EQ(answer.facility_code(), "14050201001000001");
  EXPECT_EQ(answer.short_number(), Serial::FromInteger(kSerial)->ShortNumber());
  EXPECT_EQ(answer.facility().uid(), facility_);
  EXPECT_EQ(answer.facility().etag(), "1-1");
  ASSERT_EQ(answer.organizations_size(), 2);
  EXPECT_EQ(answer.organizations(0).id(), bureau_);
  EXPECT_EQ(answer.organizations(0).telephone(), "0356-12345");
  EXPECT_EQ(answer.organizations(1).name(), "水务公司");
  EXPECT_FALSE(answer.has_distance_metres());
  EXPECT_EQ(resolver_.alarms(), 0);
}

TEST_F(ResolverTest, BlankPlateLeadsNowhere) {
  const auto answer = Resolve(AddPlate(world_, kSerial, 0).text);
  EXPECT_EQ(answer.verdict(), v1::VERDICT_AUTHENTIC);
  EXPECT_EQ(answer.state(), v1::CODE_STATE_BLANK);
  EXPECT_EQ(answer.facility_code(), "");
  EXPECT_FALSE(answer.has_facility());
}

TEST_F(ResolverTest, EndedCodesSaySoAndStillShowTheFacility) {
  for (const auto state : {v1::CODE_STATE_SUSPENDED, v1::CODE_STATE_REVOKED}) {
    const auto answer =
        Resolve(AddPlate(world_, kSerial + static_cast<uint64_t>(state), facility_, state).text);
    EXPECT_EQ(answer.verdict(), v1::VERDICT_AUTHENTIC);
    EXPECT_EQ(answer.state(), state);
    EXPECT_EQ(answer.facility().uid(), facility_);
  }
}

TEST_F(ResolverTest, ReplacedCodeNamesItsSuccessor) {
  AddPlate(world_, kSerial + 1, facility_);
  const auto answer =
      Resolve(AddPlate(world_, kSerial, facility_, v1::CODE_STATE_REPLACED, kSerial + 1).text);
  EXPECT_EQ(answer.state(), v1::CODE_STATE_REPLACED);
  EXPECT_EQ(answer.successor(), kSerial + 1);
}

TEST_F(ResolverTest, EitherCaseOfTheOriginIsTheSameCode) {
  std::string text = AddPlate(world_, kSerial, facility_).text;
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(Resolve(text).state(), v1::CODE_STATE_ACTIVE);
}

TEST_F(ResolverTest, CodePrintedInLowerCaseIsTheSameCode) {
  Plate plate = SignPlate(world_, kSerial, facility_, *world_.domain().keys.code(1));
  plate.record.set_origin("https://qr.example.cn/");
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(kSerial, plate.record);
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_EQ(Resolve(plate.text).state(), v1::CODE_STATE_ACTIVE);
}

TEST_F(ResolverTest, EveryChangedDigitIsNoLongerAuthentic) {
  const Plate plate = AddPlate(world_, kSerial, facility_);
  for (size_t i = plate.text.size() - kBodyDigits; i < plate.text.size(); i += 11) {
    std::string text = plate.text;
    text[i] = text[i] == '9' ? '8' : static_cast<char>(text[i] + 1);
    const auto answer = Resolve(text);
    EXPECT_NE(answer.verdict(), v1::VERDICT_AUTHENTIC) << i;
    EXPECT_EQ(answer.state(), v1::CODE_STATE_UNSPECIFIED) << i;
    EXPECT_FALSE(answer.has_facility()) << i;
  }
  EXPECT_EQ(resolver_.alarms(), 0);
}

TEST_F(ResolverTest, SignatureOfAnotherKeyIsForged) {
  AddPlate(world_, kSerial, facility_);
  const auto answer = Resolve(SignPlate(world_, kSerial, facility_, SigningKey::Generate()).text);
  EXPECT_EQ(answer.verdict(), v1::VERDICT_FORGED);
  EXPECT_EQ(answer.serial(), kSerial);
  EXPECT_FALSE(answer.has_facility());
}

TEST_F(ResolverTest, GenuineCodeInNoRecordIsAnAlarm) {
  const Plate plate = SignPlate(world_, kSerial, facility_, *world_.domain().keys.code(1));
  const auto answer = Resolve(plate.text);
  EXPECT_EQ(answer.verdict(), v1::VERDICT_AUTHENTIC);
  EXPECT_EQ(answer.state(), v1::CODE_STATE_NOT_ISSUED);
  EXPECT_FALSE(answer.has_facility());
  EXPECT_EQ(resolver_.alarms(), 1);
}

TEST_F(ResolverTest, SecondCodeUnderAnIssuedSerialIsAnAlarm) {
  AddPlate(world_, kSerial, facility_);
  const Plate other =
      SignPlate(world_, kSerial, world_.AddFacility(2, bureau_), *world_.domain().keys.code(1));
  EXPECT_EQ(Resolve(other.text).state(), v1::CODE_STATE_NOT_ISSUED);
  EXPECT_EQ(resolver_.alarms(), 1);
}

TEST_F(ResolverTest, OtherHostIsAnUnknownIssuer) {
  const std::string text = AddPlate(world_, kSerial, facility_).text;
  const auto answer = Resolve("HTTPS://QR.EXAMPLE.COM/" + text.substr(text.size() - kBodyDigits));
  EXPECT_EQ(answer.verdict(), v1::VERDICT_UNKNOWN_ISSUER);
}

TEST_F(ResolverTest, JudgesTextsOfOtherForms) {
  EXPECT_EQ(Resolve("hello").verdict(), v1::VERDICT_MALFORMED);
  EXPECT_EQ(Resolve("HTTPS://QR.EXAMPLE.CN/").verdict(), v1::VERDICT_MALFORMED);
  EXPECT_EQ(Resolve("HTTPS://QR.EXAMPLE.CN/123").verdict(), v1::VERDICT_MALFORMED);
  EXPECT_EQ(Resolve("HTTPS://QR.EXAMPLE.CN/2").verdict(), v1::VERDICT_UNSUPPORTED);
  EXPECT_EQ(Resolve(std::string(512, '1')).verdict(), v1::VERDICT_MALFORMED);
}

TEST_F(ResolverTest, IssuedCodeOutlivesTheRevocationOfItsKey) {
  const Plate issued = AddPlate(world_, kSerial, facility_);
  const Plate stolen = SignPlate(world_, kSerial + 1, facility_, *world_.domain().keys.code(1));
  EXPECT_EQ(Resolve(stolen.text).state(), v1::CODE_STATE_NOT_ISSUED);
  world_.ChangeRegistry(
      [](v1::Registry& registry) { registry.mutable_code_keys(0)->set_revoked(true); });
  EXPECT_EQ(Resolve(issued.text).state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(Resolve(stolen.text).verdict(), v1::VERDICT_KEY_REVOKED);
  EXPECT_EQ(resolver_.alarms(), 1);
}

TEST_F(ResolverTest, WarnsOfALostOrigin) {
  v1::ResolveRequest request;
  request.set_text(AddPlate(world_, kSerial, facility_).text);
  EXPECT_FALSE(Resolve(request).origin_lost());
  world_.ChangeRegistry([](v1::Registry& registry) {
    registry.mutable_origins(0)->set_state(v1::ORIGIN_STATE_LOST);
  });
  EXPECT_TRUE(Resolve(request).origin_lost());
}

TEST_F(ResolverTest, NeverShowsPersonalValues) {
  const Plate plate = AddPlate(world_, kSerial, facility_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    *facility.mutable_remark() = Withhold("secret remark");
    auto* personal = facility.add_personal();
    personal->set_name("keeper");
    *personal->mutable_value() = Withhold("secret keeper");
  }));
  ASSERT_TRUE(Edit<v1::Organization>(world_, bureau_, [](v1::Organization& bureau) {
    *bureau.mutable_contact_name() = Withhold("secret person");
    *bureau.mutable_contact_telephone() = Withhold("secret number");
  }));
  v1::ResolveRequest request;
  request.set_text(plate.text);
  const auto bytes =
      resolver_.ResolveBytes(request.SerializeAsString(), *world_.Read(), *Reach::Everywhere());
  ASSERT_TRUE(bytes);
  EXPECT_THAT(*bytes, Not(HasSubstr("secret")));
  EXPECT_THAT(*bytes, Not(HasSubstr(plate.record.signature().value())));
  EXPECT_EQ(Resolve(request).facility().etag(), "1-2");
}

TEST_F(ResolverTest, ShowsAnOrganizationAsItIsInTheSnapshot) {
  v1::ResolveRequest request;
  request.set_text(AddPlate(world_, kSerial, facility_).text);
  const auto before = world_.Read();
  EXPECT_EQ(Resolve(request).organizations(0).telephone(), "0356-12345");
  ASSERT_TRUE(Edit<v1::Organization>(
      world_, bureau_, [](v1::Organization& bureau) { bureau.set_telephone("0356-99999"); }));
  EXPECT_EQ(Resolve(request).organizations(0).telephone(), "0356-99999");
  EXPECT_EQ(resolver_.Resolve(request, *before)->organizations(0).telephone(), "0356-12345");
  EXPECT_EQ(Resolve(request).organizations(0).telephone(), "0356-99999");
}

TEST_F(ResolverTest, TellsTheDistanceWhenBothPlacesAreKnown) {
  v1::ResolveRequest request;
  request.set_text(AddPlate(world_, kSerial, facility_).text);
  request.set_longitude(112.0);
  request.set_latitude(35.0);
  EXPECT_FALSE(Resolve(request).has_distance_metres());
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    facility.mutable_position()->set_longitude(112.0);
    facility.mutable_position()->set_latitude(35.001);
  }));
  EXPECT_NEAR(Resolve(request).distance_metres(), 111.2, 0.1);
  request.set_latitude(35.001);
  EXPECT_TRUE(Resolve(request).has_distance_metres());
  EXPECT_EQ(Resolve(request).distance_metres(), 0);
}

TEST(DistanceTest, GoesRoundTheEarth) {
  EXPECT_NEAR(DistanceMetres(0, 0, 180, 0), 20'015'115, 1);
  EXPECT_NEAR(DistanceMetres(-179.5, 0, 179.5, 0), DistanceMetres(0, 0, 1, 0), 1e-6);
  EXPECT_NEAR(DistanceMetres(10, 90, 100, 90), 0, 1e-6);
}

TEST_F(ResolverTest, RefusesTextsThatAreNone) {
  v1::ResolveRequest request;
  EXPECT_EQ(Reason(request), "TEXT_EMPTY");
  request.set_text(std::string(513, 'A'));
  EXPECT_EQ(Reason(request), "TEXT_TOO_LONG");
  const auto damaged = resolver_.ResolveBytes("\x0a\x7f", *world_.Read(), *Reach::Everywhere());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().reason, "REQUEST_MALFORMED");
  // Long ones are refused before they are parsed.
  const auto long_one =
      resolver_.ResolveBytes(std::string(1025, '\x7f'), *world_.Read(), *Reach::Everywhere());
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().reason, "REQUEST_TOO_LONG");
  const auto long_batch = resolver_.BatchResolveBytes(std::string(1024 * 1000 + 1, '\x7f'),
                                                      *world_.Read(), *Reach::Everywhere());
  ASSERT_FALSE(long_batch);
  EXPECT_EQ(long_batch.error().reason, "REQUEST_TOO_LONG");
}

TEST_F(ResolverTest, RefusesPlacesThatAreNone) {
  v1::ResolveRequest request;
  request.set_text("x");
  request.set_longitude(1);
  EXPECT_EQ(Reason(request), "POSITION_INCOMPLETE");
  request.set_latitude(90.1);
  EXPECT_EQ(Reason(request), "POSITION_OUT_OF_RANGE");
  request.set_latitude(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Reason(request), "POSITION_OUT_OF_RANGE");
  request.set_latitude(-90);
  EXPECT_EQ(Reason(request), "");
  request.set_longitude(-180.1);
  EXPECT_EQ(Reason(request), "POSITION_OUT_OF_RANGE");
  request.clear_longitude();
  EXPECT_EQ(Reason(request), "POSITION_INCOMPLETE");
}

TEST_F(ResolverTest, BatchAnswersInOrder) {
  v1::BatchResolveRequest request;
  request.add_requests()->set_text(AddPlate(world_, kSerial, facility_).text);
  request.add_requests()->set_text("hello");
  request.add_requests()->set_text(AddPlate(world_, kSerial + 1, 0).text);
  const auto bytes = resolver_.BatchResolveBytes(request.SerializeAsString(), *world_.Read(),
                                                 *Reach::Everywhere());
  ASSERT_TRUE(bytes) << bytes.error().message;
  v1::BatchResolveResponse response;
  ASSERT_TRUE(response.ParseFromString(*bytes));
  ASSERT_EQ(response.responses_size(), 3);
  EXPECT_EQ(response.responses(0).facility().uid(), facility_);
  EXPECT_EQ(response.responses(1).verdict(), v1::VERDICT_MALFORMED);
  EXPECT_EQ(response.responses(2).state(), v1::CODE_STATE_BLANK);
}

TEST_F(ResolverTest, BatchHasOneToAThousandSoundRequests) {
  v1::BatchResolveRequest request;
  const auto error = [&] {
    const auto bytes = resolver_.BatchResolveBytes(request.SerializeAsString(), *world_.Read(),
                                                   *Reach::Everywhere());
    return bytes ? Error{} : bytes.error();
  };
  EXPECT_EQ(error().reason, "BATCH_SIZE");
  for (int i = 0; i < 1000; ++i) request.add_requests()->set_text("x");
  EXPECT_EQ(error().reason, "");
  request.mutable_requests(3)->clear_text();
  EXPECT_EQ(error().reason, "TEXT_EMPTY");
  EXPECT_EQ(error().field, "requests[3].text");
  request.add_requests()->set_text("x");
  EXPECT_EQ(error().reason, "BATCH_SIZE");
}

TEST_F(ResolverTest, MissingFacilityIsDataLoss) {
  Plate plate = SignPlate(world_, kSerial, facility_, *world_.domain().keys.code(1));
  plate.record.set_facility(999);
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(kSerial, plate.record);
  ASSERT_TRUE(Apply(world_, writer));
  v1::ResolveRequest request;
  request.set_text(plate.text);
  EXPECT_EQ(Reason(request), "RECORD_MISSING");
}

}  // namespace
}  // namespace yima::server::testing
