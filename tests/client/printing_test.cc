// Plates marked as printed by a server whose answers are lost, and that refuses.
#include "client/cli/printing.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/server/plates.h"
#include "tests/server/rpc/served.h"

namespace yima::cli {
namespace {

using server::Call;
using server::GrpcServer;
using server::Method;
using ::testing::Each;

class PrintRunTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kPlates = 2500;

  PrintRunTest() {
    for (const uint64_t serial : Serials(1, kPlates)) server::testing::AddPlate(world_, serial, 0);
    std::string folder = std::filesystem::temp_directory_path() / "yima-printing-XXXXXX";
    folder_ = mkdtemp(folder.data());
    setenv("XDG_STATE_HOME", folder_.c_str(), 1);
    setenv("YIMA_TOKEN", doors_.token.c_str(), 1);
    std::vector<Method> table = methods_.table();
    for (auto& method : table) {
      if (method.name != "yima.v1.IssuanceService/MarkPrinted") continue;
      method.unary = [this, real = method.unary](const Call& call, std::string_view bytes,
                                                 server::Reply reply) {
        if (calls_ + 1 == unheard_) {
          ++calls_;
          return reply(Fail(StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "never came"));
        }
        real(call, bytes, [this, reply](Result<std::string> answer) {
          if (++calls_ == lost_) {
            answer = Fail(StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "lost on its way");
          }
          reply(std::move(answer));
        });
      };
    }
    GrpcServer::Options options;
    options.address = "127.0.0.1:0";
    server_ = *GrpcServer::Start(table, doors_.gate, options);
  }
  ~PrintRunTest() override {
    unsetenv("YIMA_TOKEN");
    std::filesystem::remove_all(folder_);
  }

  static std::vector<uint64_t> Serials(uint64_t first, uint64_t last) {
    std::vector<uint64_t> serials(last - first + 1);
    std::iota(serials.begin(), serials.end(), uint64_t{1} << 32 | first);
    return serials;
  }
  /// What another run of the same program does.
  Result<void> Mark(const std::vector<uint64_t>& serials, const std::string& reprint = "",
                    const std::string& request_id = "") {
    Session session;
    session.server = server_->address();
    session.words = {"codes", "printed", reprint};
    YIMA_ASSIGN_OR_RETURN(auto run, PrintRun::Open(session));
    return run.Mark(session, serials, reprint, request_id);
  }
  std::vector<uint32_t> Prints() {
    std::vector<uint32_t> prints;
    const auto snapshot = world_.Read();
    for (const uint64_t serial : Serials(1, kPlates)) {
      prints.push_back((*server::Get<v1::Code>(*snapshot, serial))->record.prints());
    }
    return prints;
  }

  server::testing::World world_;
  server::testing::Methods methods_{world_};
  server::testing::Doors doors_{world_};
  std::filesystem::path folder_;
  std::unique_ptr<GrpcServer> server_;
  std::atomic<int> calls_ = 0;
  std::atomic<int> lost_ = 0;     ///< Which call's answer does not come.
  std::atomic<int> unheard_ = 0;  ///< Which call does not come.
};

TEST_F(PrintRunTest, GoesOnAfterABreakAndCountsNothingTwice) {
  lost_ = 2;
  EXPECT_EQ(Mark(Serials(1, kPlates)).error().reason, "DEADLINE_EXCEEDED");
  ASSERT_TRUE(Mark(Serials(1, kPlates)));
  EXPECT_THAT(Prints(), Each(1u));
  lost_ = calls_ + 2;
  EXPECT_FALSE(Mark(Serials(1, kPlates), "worn"));
  ASSERT_TRUE(Mark(Serials(1, kPlates), "worn"));
  EXPECT_THAT(Prints(), Each(2u));
}

/// As `--where printed=no` selects.
TEST_F(PrintRunTest, GoesOnWhenItsPlatesAreOthersByThen) {
  lost_ = 2;
  EXPECT_FALSE(Mark(Serials(1, kPlates)));
  ASSERT_TRUE(Mark(Serials(2001, kPlates)));
  EXPECT_THAT(Prints(), Each(1u));
}

TEST_F(PrintRunTest, KnowsWhichPlatesItSpokeOf) {
  lost_ = 2;
  EXPECT_FALSE(Mark(Serials(1, kPlates)));
  Session session;
  session.server = server_->address();
  session.words = {"codes", "printed", ""};
  const auto run = PrintRun::Open(session);
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->Holds(Serials(1500, 1500)[0]));
  EXPECT_FALSE(run->Holds(Serials(2500, 2500)[0]));
  EXPECT_EQ(PrintRun::Open(session).error().reason, "RUN_BUSY");
}

TEST_F(PrintRunTest, DoesNotRepeatWhatWasRefused) {
  ASSERT_TRUE(Mark(Serials(1500, 1500)));
  EXPECT_EQ(Mark(Serials(1, kPlates)).error().reason, "ALREADY_PRINTED");
  auto mended = Serials(1, kPlates);
  mended.erase(mended.begin() + 1499);
  ASSERT_TRUE(Mark(mended));
  EXPECT_THAT(Prints(), Each(1u));
}

TEST_F(PrintRunTest, StrikesOutWhatIsRefusedWhenItGoesOn) {
  unheard_ = 2;
  EXPECT_EQ(Mark(Serials(1, kPlates)).error().reason, "DEADLINE_EXCEEDED");
  v1::RevokeCodeRequest revoke;
  revoke.set_request_id("revoke-1");
  revoke.set_serial(Serials(1500, 1500)[0]);
  revoke.set_reason(v1::REVOCATION_REASON_SPOILED);
  ASSERT_TRUE(methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", revoke));
  EXPECT_EQ(Mark(Serials(1, kPlates)).error().reason, "CODE_REVOKED");
  auto mended = Serials(1, kPlates);
  mended.erase(mended.begin() + 1499);
  const auto marked = Mark(mended);
  ASSERT_TRUE(marked) << marked.error().message;
  auto prints = Prints();
  prints.erase(prints.begin() + 1499);
  EXPECT_THAT(prints, Each(1u));
}

TEST_F(PrintRunTest, TheSameCommandAfterItsEndIsAnotherPrint) {
  ASSERT_TRUE(Mark(Serials(1, kPlates)));
  ASSERT_TRUE(Mark(Serials(1, kPlates), "worn"));
  ASSERT_TRUE(Mark(Serials(1, kPlates), "worn"));
  EXPECT_THAT(Prints(), Each(3u));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "yima" / "printed"));
}

TEST_F(PrintRunTest, RefusesARequestIdThatLeavesNoRoomForTheCalls) {
  const auto refused = Mark(Serials(1, 3), "", std::string(60, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "REQUEST_ID_MALFORMED");
  EXPECT_EQ(refused.error().field, "--request-id");
  EXPECT_TRUE(Mark(Serials(1, kPlates), "", std::string(56, 'x')));
}

}  // namespace
}  // namespace yima::cli
