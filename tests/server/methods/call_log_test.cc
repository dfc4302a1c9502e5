#include "server/methods/call_log.h"

#include <memory>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "yima/v1/issuance_service.pb.h"
#include "yima/v1/registry_service.pb.h"
#include "yima/v1/resolver_service.pb.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server::testing {
namespace {

constexpr const char* kBind = "yima.v1.IssuanceService/BindCode";
const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";

/// What is logged while it lives.
class CallLogTest : public ::testing::Test {
 protected:
  CallLogTest() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        kCallLog, std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%l %v");
    spdlog::set_default_logger(logger);
  }
  ~CallLogTest() override {
    spdlog::drop(kCallLog);
    spdlog::set_default_logger(before_);
  }

  /// Level and fields of the one line there is.
  std::pair<std::string, nlohmann::json> Line() const {
    const std::string text = text_.str();
    const size_t space = text.find(' ');
    return {text.substr(0, space), nlohmann::json::parse(text.substr(space + 1))};
  }
  nlohmann::json Traced(const std::string& traceparent) {
    text_.str("");
    const Error error{StatusCode::kInternal, "EXCEPTION", "it broke", {}};
    LogCall({.method = kBind, .traceparent = traceparent, .error = &error});
    return Line().second;
  }

  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(CallLogTest, FaultOfTheServerIsAnErrorWithAllIds) {
  const Error error{StatusCode::kDataLoss, "STORE_DAMAGED", "page 7", "plate"};
  ASSERT_TRUE(IsCallLogged(&error));
  LogCall({.method = kBind,
           .principal = "7",
           .request_id = "r-1",
           .traceparent = "00-" + kTrace + "-" + kSpan + "-01",
           .error = &error,
           .took = std::chrono::microseconds(1500)});
  const auto [level, fields] = Line();
  EXPECT_EQ(level, "error");
  EXPECT_EQ(fields, (nlohmann::json{{"method", kBind},
                                    {"principal", "7"},
                                    {"request_id", "r-1"},
                                    {"trace_id", kTrace},
                                    {"parent_id", kSpan},
                                    {"ms", 1.5},
                                    {"reason", "STORE_DAMAGED"},
                                    {"field", "plate"},
                                    {"error", "page 7"}}));
}

/// They may quote what the caller sent.
TEST_F(CallLogTest, MessagesOfRefusalsAreLeftOut) {
  const Error error{StatusCode::kInvalidArgument, "PLATE_MALFORMED", "HTTPS://…", "plate"};
  EXPECT_FALSE(IsCallLogged(&error));
  EXPECT_FALSE(IsCallLogged(nullptr));
  spdlog::default_logger()->set_level(spdlog::level::debug);
  EXPECT_TRUE(IsCallLogged(&error));
  EXPECT_TRUE(IsCallLogged(nullptr));
  LogCall({.method = kBind, .error = &error});
  EXPECT_EQ(Line().second["reason"], "PLATE_MALFORMED");
  EXPECT_FALSE(Line().second.contains("error"));
}

TEST_F(CallLogTest, OnlySoundTraceContextIsTaken) {
  const std::string sound = "00-" + kTrace + "-" + kSpan + "-00";
  EXPECT_EQ(Traced(sound)["trace_id"], kTrace);
  EXPECT_EQ(Traced("01-" + sound.substr(3) + "-more")["trace_id"], kTrace);
  for (const std::string& other :
       {std::string("nonsense"), sound + "-more", sound + "0", "ff" + sound.substr(2),
        "00-" + std::string(32, '0') + "-" + kSpan + "-00",
        "00-" + kTrace + "-" + std::string(16, '0') + "-00", "00-" + kTrace + "_" + kSpan + "-00",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpan + "-00"}) {
    EXPECT_FALSE(Traced(other).contains("trace_id")) << other;
  }
}

TEST(RequestIdInTest, FindsItWhereItStands) {
  v1::BindCodeRequest bind;
  bind.set_serial(7);
  bind.set_request_id("bind-1");
  EXPECT_EQ(RequestIdIn(kBind, bind.SerializeAsString()), "bind-1");
  v1::ImportFacilitiesRequest import;
  import.mutable_header()->set_source("ledger.csv");
  import.mutable_header()->set_request_id("import-1");
  EXPECT_EQ(RequestIdIn("yima.v1.RegistryService/ImportFacilities", import.SerializeAsString()),
            "import-1");
}

TEST(RequestIdInTest, FindsItInTheRunOfAStepOverRights) {
  v1::ClaimRightsRequest claim;
  claim.set_organization(7);
  claim.mutable_run()->set_request_id("claim-1");
  EXPECT_EQ(RequestIdIn("yima.v1.RightsService/ClaimRights", claim.SerializeAsString()), "claim-1");
  claim.clear_run();
  EXPECT_EQ(RequestIdIn("yima.v1.RightsService/ClaimRights", claim.SerializeAsString()), "");
}

TEST(RequestIdInTest, TakesNothingElseForOne) {
  v1::ResolveRequest resolve;
  resolve.set_text("10000109952840499200");
  EXPECT_EQ(RequestIdIn("yima.v1.ResolverService/Resolve", resolve.SerializeAsString()), "");
  v1::BindCodeRequest bind;
  bind.set_request_id("not sound/");
  EXPECT_EQ(RequestIdIn(kBind, bind.SerializeAsString()), "");
  EXPECT_EQ(RequestIdIn(kBind, "\x0a\x7f"), "");
  EXPECT_EQ(RequestIdIn(kBind, "\xff\xff\xff"), "");
  EXPECT_EQ(RequestIdIn("test.Silent/Stream",
                        "\x0a\x01"
                        "a"),
            "");
}

}  // namespace
}  // namespace yima::server::testing
