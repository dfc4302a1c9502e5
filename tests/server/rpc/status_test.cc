#include "server/rpc/status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include <gtest/gtest.h>

namespace yima::server {
namespace {

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(details.details(0).UnpackTo(&info));
  return info;
}

TEST(StatusTest, CarriesReasonAndField) {
  const auto status = ToStatus({StatusCode::kNotFound, "CLASS_UNKNOWN", "no such", "class_code"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such");
  const auto info = InfoOf(status);
  EXPECT_EQ(info.domain(), "yima.dev");
  EXPECT_EQ(info.reason(), "CLASS_UNKNOWN");
  EXPECT_EQ(info.metadata().at("field"), "class_code");
  EXPECT_EQ(InfoOf(ToStatus({StatusCode::kInternal, "X", "", ""})).metadata_size(), 0);
}

TEST(StatusTest, ShortensWhatWouldNotFitIntoTrailers) {
  const std::string text(1 << 20, 'x');
  const auto status = ToStatus({StatusCode::kInvalidArgument, "TOO_LONG", text, text});
  EXPECT_EQ(InfoOf(status).reason(), "TOO_LONG");
  EXPECT_LT(status.error_message().size() + status.error_details().size(), 5000);
}

TEST(StatusTest, RepairsATextThatWasCutWithinACharacter) {
  const std::string cut = std::string("市中区").substr(0, 7);
  const auto status = ToStatus({StatusCode::kInvalidArgument, "X", "division " + cut, cut});
  EXPECT_EQ(InfoOf(status).reason(), "X");
  EXPECT_EQ(status.error_message(), "division 市中?");
}

}  // namespace
}  // namespace yima::server
