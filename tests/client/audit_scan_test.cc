// `yima audit scan` before a server that refuses, and one that cannot just now.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "client/cli/audit_spool.h"
#include "client/cli/commands.h"
#include "client/trust_dir.h"
#include "tests/server/rpc/served.h"

namespace yima::cli {
namespace {

using server::Call;
using server::GrpcServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AuditScanTest : public ::testing::Test {
 protected:
  AuditScanTest() {
    std::string folder = std::filesystem::temp_directory_path() / "yima-audit-XXXXXX";
    folder_ = mkdtemp(folder.data());
    setenv("XDG_STATE_HOME", folder_.c_str(), 1);
    const auto scan = [this](const Call&, std::string_view bytes, const server::Reply& reply) {
      v1::ScanStockTakeRequest request;
      request.ParseFromString(std::string(bytes));
      reply(Answer(request));
    };
    server_ = server::testing::Serve(
        {{"yima.v1.StockTakeService/ScanStockTake", server::kPublic, scan, {}}});
  }
  ~AuditScanTest() override { std::filesystem::remove_all(folder_); }

  Result<std::string> Answer(const v1::ScanStockTakeRequest& request) {
    const std::lock_guard lock(mutex_);
    ids_.push_back(request.request_id());
    if (auto refused = refuse_(request); !refused) return tl::unexpected(refused.error());
    v1::ScanStockTakeResponse response;
    for (const auto& sighting : request.sightings()) {
      taken_.push_back(sighting.text());
      response.add_answers()->set_outcome(v1::STOCK_OUTCOME_FOUND);
    }
    return response.SerializeAsString();
  }
  std::vector<std::string> Taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  size_t Calls() {
    const std::lock_guard lock(mutex_);
    return ids_.size();
  }

  /// The exit code.
  int Scan(const std::vector<std::string>& seen) {
    Session session;
    session.server = server_->address();
    CLI::App app;
    AddAuditScan(app, session);
    std::vector<std::string> words(seen.rbegin(), seen.rend());
    words.insert(words.end(), {"7", "scan"});
    app.parse(words);
    if (const auto done = session.action(); !done) session.Complain(done.error());
    return session.exit_code();
  }
  size_t Waiting() { return AuditSpool::Open(server_->address(), 7)->waiting().size(); }

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::function<Result<void>(const v1::ScanStockTakeRequest&)> refuse_ = [](const auto&) {
    return Result<void>();
  };
  std::vector<std::string> ids_;
  std::vector<std::string> taken_;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(AuditScanTest, AnIdThatStandsForAnotherRequestIsNoObstacle) {
  refuse_ = [this](const auto&) -> Result<void> {
    if (ids_.size() > 1) return {};
    return Fail(StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED", "for another request");
  };
  EXPECT_EQ(Scan({"a", "b"}), 0);
  EXPECT_THAT(Taken(), ElementsAre("a", "b"));
  ASSERT_EQ(ids_.size(), 2u);
  EXPECT_NE(ids_[0], ids_[1]);
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(AuditScanTest, WhatIsRefusedWithoutItsPlaceIsFoundByHalves) {
  refuse_ = [](const v1::ScanStockTakeRequest& request) -> Result<void> {
    for (const auto& sighting : request.sightings()) {
      if (sighting.text() == "bad") return Invalid("TEXT_UNKNOWN", "one of them is bad");
    }
    return {};
  };
  EXPECT_EQ(Scan({"a", "b", "c", "d", "bad", "e", "f"}), 2);
  EXPECT_THAT(Taken(), ElementsAre("a", "b", "c", "d", "e", "f"));
  const auto spool = *AuditSpool::Open(server_->address(), 7);
  EXPECT_TRUE(spool.waiting().empty());
  EXPECT_THAT(*ReadWholeFile(spool.refused_file()), HasSubstr("one of them is bad"));
}

TEST_F(AuditScanTest, WhatIsRefusedWithItsPlaceIsSetAsideAtOnce) {
  refuse_ = [](const v1::ScanStockTakeRequest& request) -> Result<void> {
    for (int i = 0; i < request.sightings_size(); ++i) {
      if (request.sightings(i).text() != "bad") continue;
      return Invalid("TIME_OUT_OF_RANGE", "late", "sightings[" + std::to_string(i) + "].time_us");
    }
    return {};
  };
  EXPECT_EQ(Scan({"a", "bad", "b"}), 2);
  EXPECT_THAT(Taken(), ElementsAre("a", "b"));
  EXPECT_EQ(ids_.size(), 2u);
  EXPECT_EQ(Waiting(), 0u);
}

TEST_F(AuditScanTest, TroubleOfTheServerIsNoFaultOfASighting) {
  refuse_ = [](const auto&) -> Result<void> {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED", "run yimad check", "sightings[1].text");
  };
  EXPECT_EQ(Scan({"a", "b"}), 1);
  EXPECT_EQ(Waiting(), 2u);
  refuse_ = [](const auto&) -> Result<void> {
    return Invalid("FIELD_TOO_LONG", "too long a name", "crew");
  };
  EXPECT_EQ(Scan({"c"}), 2);
  EXPECT_EQ(Waiting(), 3u);
}

TEST_F(AuditScanTest, WhenTheServerTakesNoneAllAreKept) {
  refuse_ = [](const auto&) -> Result<void> {
    return Fail(StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "not yours");
  };
  EXPECT_EQ(Scan({"a", "b"}), 1);
  EXPECT_EQ(Waiting(), 2u);
}

/// Lines of a gun, each sent once the one before was dealt with.
TEST_F(AuditScanTest, TheNextLineIsSentAtOnceAfterOneThatCouldNotBe) {
  std::atomic<bool> overloaded = true;
  refuse_ = [&](const auto&) -> Result<void> {
    if (!overloaded) return {};
    return Fail(StatusCode::kResourceExhausted, "TOO_MANY_CALLS", "not now");
  };
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int before = dup(STDIN_FILENO);
  ASSERT_EQ(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  const auto eventually = [](const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return condition();
  };
  std::thread gun([&] {
    EXPECT_EQ(write(ends[1], "first\n", 6), 6);
    EXPECT_TRUE(eventually([&] { return Calls() == 1; }));
    overloaded = false;
    EXPECT_EQ(write(ends[1], "second\n", 7), 7);
    EXPECT_TRUE(eventually([&] { return Taken().size() == 2; }));
    close(ends[1]);
  });
  Scan({});
  gun.join();
  dup2(before, STDIN_FILENO);
  close(before);
  close(ends[0]);
  EXPECT_THAT(Taken(), ElementsAre("first", "second"));
}

}  // namespace
}  // namespace yima::cli
