#include "server/domain/known_fields.h"

#include <gtest/gtest.h>

#include "yima/v1/registry_service.pb.h"

namespace yima::server {
namespace {

v1::ImportFacilitiesRequest Request() {
  v1::ImportFacilitiesRequest request;
  auto* row = request.add_rows();
  row->set_line(7);
  row->mutable_facility()->set_division("140502");
  row->mutable_facility()->set_condition(static_cast<v1::Condition>(99));
  auto* position = row->mutable_facility()->mutable_position();
  position->set_longitude(112.8);
  position->set_latitude(35.5);
  row->mutable_facility()->mutable_personal()->Add()->mutable_value()->set_value("1380000");
  return request;
}

bool CoverAll(std::string_view bytes) {
  return KnownFields::Of(v1::ImportFacilitiesRequest::descriptor()).CoverAll(bytes);
}

TEST(KnownFieldsTest, CoverWhatTheTypeHas) {
  EXPECT_TRUE(CoverAll(Request().SerializeAsString()));
  EXPECT_TRUE(CoverAll(""));
}

TEST(KnownFieldsTest, MissAFieldOfAnotherNumber) {
  for (const int number : {900, 1'023, 1'024, 100'000}) {
    auto request = Request();
    request.GetReflection()->MutableUnknownFields(&request)->AddVarint(number, 1);
    EXPECT_FALSE(CoverAll(request.SerializeAsString())) << number;
  }
}

TEST(KnownFieldsTest, MissAFieldDeepInside) {
  auto request = Request();
  auto* value = request.mutable_rows(0)->mutable_facility()->mutable_personal(0)->mutable_value();
  value->GetReflection()->MutableUnknownFields(value)->AddLengthDelimited(900, "x");
  EXPECT_FALSE(CoverAll(request.SerializeAsString()));
}

TEST(KnownFieldsTest, MissAKnownNumberOfAnotherWireType) {
  auto request = Request();
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(
      v1::ImportFacilitiesRequest::kRowsFieldNumber, 1);
  EXPECT_FALSE(CoverAll(request.SerializeAsString()));
}

TEST(KnownFieldsTest, MissAGroupAndWhatIsCutOff) {
  auto request = Request();
  request.GetReflection()->MutableUnknownFields(&request)->AddGroup(900)->AddVarint(1, 1);
  EXPECT_FALSE(CoverAll(request.SerializeAsString()));
  const std::string whole = Request().SerializeAsString();
  EXPECT_FALSE(CoverAll(std::string_view(whole).substr(0, whole.size() - 1)));
}

}  // namespace
}  // namespace yima::server
