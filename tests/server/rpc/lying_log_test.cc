// What a client says to a server whose answers about its log are false.
#include <fstream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include "client/log/log_export.h"
#include "client/log/log_monitor.h"
#include "client/log/log_verify.h"
#include "client/trust_dir.h"
#include "server/log/tree_keeper.h"
#include "tests/server/rpc/served.h"

namespace yima::server::testing {
namespace {

class LyingLogTest : public ::testing::Test {
 protected:
  LyingLogTest() {
    std::string pattern = ::testing::TempDir() + "yima-lying-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const auto registry = folder_ / world_.registry()->id();
    std::filesystem::create_directories(registry);
    std::ofstream(registry / "roots")
        << ToHex(world_.keys().All(KeyKind::kRoot)[0]->public_key()) << '\n';
    std::ofstream(registry / "bundle")
        << methods_
               .Unary<v1::GetTrustBundleResponse>("ResolverService/GetTrustBundle",
                                                  v1::GetTrustBundleRequest())
               ->note();
    AddEntries(600);
    Start();
    EXPECT_TRUE(Look()) << Look().error().message;
    AddEntries(100);
  }
  ~LyingLogTest() override { std::filesystem::remove_all(folder_); }

  void AddEntries(uint64_t n) {
    store::Change change;
    for (; n > 0; --n) change.puts.push_back({store::Kind::kBatch, next_id_++, 0, "", "entry"});
    store::ApplyAndWait(world_.store(), std::move(change));
    EXPECT_TRUE(keeper_.Grow());
  }

  /// Lets everybody read entries as an auditor does.
  static void OpenEntries(Method& method) {
    method.roles = kPublic;
    method.unary = [inner = method.unary](const Call& call, std::string_view request, Reply reply) {
      Call auditor = call;
      auditor.reach = Reach::Everywhere();
      inner(auditor, request, std::move(reply));
    };
  }
  /// Serves, with one method's answers falsified.
  void Start(const std::string& name = {},
             const std::function<void(std::string& answer)>& lie = {}) {
    auto table = methods_.table();
    for (auto& method : table) {
      if (method.name.ends_with("/GetEntryBundle")) OpenEntries(method);
      if (!method.name.ends_with("/" + name)) continue;
      method.unary = [this, honest = method.unary, lie](const Call& call, std::string_view request,
                                                        Reply reply) {
        honest(call, request, [this, lie, reply](Result<std::string> answer) {
          if (!lie) answer = tl::unexpected(refused_);
          if (answer) lie(*answer);
          reply(std::move(answer));
        });
      };
    }
    server_ = Serve(table);
    ClientOptions options;
    options.server = server_->address();
    client_.emplace(options);
  }
  /// Serves, with one method refused.
  void Refuse(const std::string& name, const Error& error) {
    refused_ = error;
    Start(name, {});
  }
  template <typename Response>
  void Lie(const std::string& name, const std::function<void(Response&)>& lie) {
    Start(name, [lie](std::string& answer) {
      Response response;
      response.ParseFromString(answer);
      lie(response);
      answer = response.SerializeAsString();
    });
  }
  void SayCheckpoint(const std::string& note) {
    Lie<v1::GetCheckpointResponse>(
        "GetCheckpoint", [note](v1::GetCheckpointResponse& answer) { answer.set_note(note); });
  }

  Result<MonitorReport> Look() { return LogMonitor(*client_, folder_).Look({}); }
  std::string ReasonOfLook() {
    const auto report = Look();
    return report ? "" : report.error().reason;
  }
  int Evidence() {
    int files = 0;
    for (const auto& file :
         std::filesystem::directory_iterator(folder_ / world_.registry()->id())) {
      files += file.path().filename().string().starts_with("log-evidence-") ? 1 : 0;
    }
    return files;
  }
  Result<KnownLog> Newest() {
    YIMA_ASSIGN_OR_RETURN(auto note, ServerLog(*client_).Checkpoint());
    YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(folder_).Load());
    return OpenKnownLog(std::move(note), stores);
  }
  std::string ReasonOfVerify() {
    const auto log = Newest();
    if (!log) return log.error().reason;
    VerifyOptions options;
    options.hashes_only = true;
    const auto report = VerifyLog(ServerLog(*client_), *log, options);
    return report ? "" : report.error().reason;
  }
  const SigningKey& log_key() { return *world_.keys().All(KeyKind::kLog)[0]; }
  Checkpoint now() const { return world_.domain().tree->head()->checkpoint; }

  World world_;
  uint64_t next_id_ = 1'000'000;
  TreeKeeper keeper_{world_.domain()};
  Methods methods_{world_};
  std::filesystem::path folder_;
  Error refused_;
  std::unique_ptr<GrpcServer> server_;
  std::optional<Client> client_;
};

TEST_F(LyingLogTest, AnHonestOneIsBelieved) {
  Start();
  EXPECT_EQ(ReasonOfVerify(), "");
  EXPECT_EQ(ReasonOfLook(), "");
  EXPECT_EQ(Look()->before->size, now().size);
  EXPECT_EQ(Evidence(), 0);
}

TEST_F(LyingLogTest, AProofOfAWrongSizeProvesNothing) {
  using Response = v1::GetConsistencyProofResponse;
  Lie<Response>("GetConsistencyProof",
                [](Response& answer) { answer.mutable_hashes()->RemoveLast(); });
  EXPECT_EQ(ReasonOfLook(), "LOG_FORKED");
  Lie<Response>("GetConsistencyProof",
                [](Response& answer) { answer.add_hashes(std::string(32, 'x')); });
  EXPECT_EQ(ReasonOfLook(), "LOG_FORKED");
  Lie<Response>("GetConsistencyProof", [](Response& answer) { answer.clear_hashes(); });
  EXPECT_EQ(ReasonOfLook(), "LOG_FORKED");
  Lie<Response>("GetConsistencyProof",
                [](Response& answer) { answer.mutable_hashes(0)->resize(31); });
  EXPECT_EQ(ReasonOfLook(), "LOG_FORKED");
  EXPECT_GT(Evidence(), 1);
  Start();
  EXPECT_EQ(ReasonOfLook(), "") << "what was kept is still the true one";
}

TEST_F(LyingLogTest, ACheckpointFromTheFutureIsOneThatCannotBeProved) {
  Checkpoint future = now();
  future.size += 1'000;
  SayCheckpoint(future.Sign(log_key()).ToString());
  const auto report = Look();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().reason, "LOG_SMALLER");
  EXPECT_NE(report.error().message.find("does not have them"), std::string::npos);
  EXPECT_EQ(Evidence(), 1);
  EXPECT_EQ(ReasonOfLook(), "LOG_SMALLER");
  EXPECT_EQ(Evidence(), 1) << "the same is kept once";
  EXPECT_EQ(ReasonOfVerify(), "TILE_NOT_FOUND");
}

TEST_F(LyingLogTest, AProofThatIsRefusedIsAnAlarmOfItsOwn) {
  for (const auto& refusal :
       {Error{StatusCode::kDataLoss, "TREE_DAMAGED", "the tree is damaged", ""},
        Error{StatusCode::kPermissionDenied, "ROLE_MISSING", "not for you", ""},
        Error{StatusCode::kUnimplemented, "METHOD_UNKNOWN", "no such method", ""}}) {
    Refuse("GetConsistencyProof", refusal);
    const auto report = Look();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().reason, "LOG_UNPROVEN");
    EXPECT_NE(report.error().message.find(refusal.message), std::string::npos);
  }
  EXPECT_EQ(Evidence(), 3);
  Refuse("GetConsistencyProof", {StatusCode::kResourceExhausted, "RATE_EXCEEDED", "later", ""});
  EXPECT_EQ(ReasonOfLook(), "RATE_EXCEEDED") << "asked again, it may answer";
  EXPECT_EQ(Evidence(), 3);
}

TEST_F(LyingLogTest, ATileThatIsRefusedWhereItIsWatchedIsAnAlarmToo) {
  Refuse("GetTile", {StatusCode::kNotFound, "TILE_NOT_FOUND", "none", ""});
  LogWatch watch({}, {"7"});
  const auto report = LogMonitor(*client_, folder_).Look(&watch, [](const WatchedEntry&) {
    return Result<void>();
  });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().reason, "LOG_UNPROVEN");
}

TEST_F(LyingLogTest, EveryCheckpointThatWasSeenIsKept) {
  AddEntries(5);
  Start();
  ASSERT_TRUE(Look());
  ASSERT_TRUE(Look());
  int seen = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(folder_ / world_.registry()->id() / "log-seen")) {
    seen += file.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(LyingLogTest, ASecondRootOfOneSizeIsAFork) {
  Start();
  ASSERT_TRUE(Look());
  Checkpoint other = now();
  other.root[0] ^= 1;
  SayCheckpoint(other.Sign(log_key()).ToString());
  EXPECT_EQ(ReasonOfLook(), "LOG_FORKED");
  EXPECT_EQ(ReasonOfVerify(), "LOG_DIFFERS");
}

TEST_F(LyingLogTest, ACheckpointOfAnotherLogIsNotBelieved) {
  Checkpoint other = now();
  other.origin = std::string(32, 'f') + "/1";
  SayCheckpoint(other.Sign(log_key()).ToString());
  EXPECT_EQ(ReasonOfLook(), "CHECKPOINT_OF_ANOTHER_LOG");
  other.origin = now().origin.substr(0, 32) + "/2";
  SayCheckpoint(other.Sign(log_key()).ToString());
  EXPECT_EQ(ReasonOfLook(), "EPOCH_AHEAD");
  SayCheckpoint(now().Sign(SigningKey::Generate()).ToString());
  EXPECT_EQ(ReasonOfLook(), "CHECKPOINT_UNSIGNED");
  SayCheckpoint("nothing");
  EXPECT_EQ(ReasonOfLook(), "NOTE_MALFORMED");
  EXPECT_EQ(Evidence(), 0);
}

TEST_F(LyingLogTest, TilesCutShortAndChangedAreFound) {
  using Response = v1::GetTileResponse;
  Lie<Response>("GetTile", [](Response& answer) { answer.mutable_hashes()->pop_back(); });
  EXPECT_EQ(ReasonOfVerify(), "TILE_MALFORMED");
  Lie<Response>("GetTile", [](Response& answer) { answer.clear_hashes(); });
  EXPECT_EQ(ReasonOfVerify(), "TILE_MALFORMED");
  Lie<Response>("GetTile", [](Response& answer) { (*answer.mutable_hashes())[5] ^= 1; });
  EXPECT_EQ(ReasonOfVerify(), "LOG_DIFFERS");
  const auto log = Newest();
  ASSERT_TRUE(log);
  ExportOptions options;
  options.hashes_only = true;
  const auto copy = folder_ / "copy";
  EXPECT_EQ(ExportLog(ServerLog(*client_), *log, copy, options).error().reason, "TILE_WRONG");
  EXPECT_FALSE(std::filesystem::exists(copy / "checkpoint"));
}

TEST_F(LyingLogTest, AFalseEntryNeverTakesThePlaceOfATrueOneThatIsKept) {
  Start();
  const auto log = Newest();
  ASSERT_TRUE(log) << log.error().message;
  const auto copy = folder_ / "copy";
  ASSERT_TRUE(ExportLog(ServerLog(*client_), *log, copy, {}));
  const auto files = [&] {
    std::map<std::string, std::string> all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(copy)) {
      if (!file.is_regular_file()) continue;
      std::ifstream stream(file.path(), std::ios::binary);
      all[file.path().string()] = {std::istreambuf_iterator<char>(stream), {}};
    }
    return all;
  };
  const auto kept = files();
  Lie<v1::GetEntryBundleResponse>("GetEntryBundle", [](v1::GetEntryBundleResponse& answer) {
    answer.mutable_bundle()->back() ^= 1;
  });
  const auto again = ExportLog(ServerLog(*client_), *log, copy, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "LOG_DIFFERS");
  EXPECT_EQ(files(), kept);
}

}  // namespace
}  // namespace yima::server::testing
