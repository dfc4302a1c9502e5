#include "server/keys/custodian.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server::testing {
namespace {

constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr auto kNotFound = StatusCode::kNotFound;
const std::string kOrigin = "HTTPS://QR.EXAMPLE.CN/";
const std::string kNewOrigin = "HTTPS://CODE.EXAMPLE.CN/";

class CustodianTest : public ::testing::Test {
 protected:
  CustodianTest() { world_now = *ParseTime("2026-11-24T08:00:00Z"); }
  ~CustodianTest() override { world_now = *ParseTime("2026-11-24T08:00:00Z"); }

  template <typename T>
  void RefusesUnchanged(const std::function<Result<T>()>& change, StatusCode code,
                        const std::string& reason) {
    const std::string state = world_.State();
    EXPECT_EQ(RefusalOf(change()), (Refusal{code, reason, ""}));
    EXPECT_EQ(world_.State(), state);
  }
  uint16_t Signs() {
    const auto signer = Signer::For(world_.domain(), today_);
    return signer ? signer->key_id() : uint16_t{0};
  }

  World world_;
  TrustNotes notes_{world_.domain()};
  Custodian custodian_{world_.domain(), world_.registry(), world_.keys(), notes_};
  const Day today_ = *ParseDay("2026-11-24");
};

TEST_F(CustodianTest, ANewKeyIsPublishedTodayAndSignsFromTomorrow) {
  EXPECT_EQ(*custodian_.AddCodeKey("", {}), "code-2");
  EXPECT_EQ(Signs(), 1);
  EXPECT_EQ((*PublishedBundle(*world_.Read()))->keys.size(), 2);
  EXPECT_EQ(Signer::For(world_.domain(), static_cast<Day>(today_ + 1))->key_id(), 2);
  EXPECT_EQ(*custodian_.AddCodeKey(kOrigin, today_), "code-3");
  EXPECT_EQ(Signs(), 3);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CustodianTest, WhatIsChangedIsInTheLog) {
  const uint64_t before = *world_.Read()->LogSize();
  ASSERT_TRUE(custodian_.AddCodeKey("", {}));
  ASSERT_TRUE(custodian_.RevokeKey("code-2"));
  EXPECT_EQ(*world_.Read()->LogSize(), before + 2);
  ASSERT_TRUE(custodian_.RevokeKey("code-2"));
  EXPECT_EQ(*world_.Read()->LogSize(), before + 2) << "the same again is no change";
}

TEST_F(CustodianTest, TheLastKeyOfTheCurrentOriginStays) {
  const auto close = [&] { return custodian_.CloseKey("code-1", {}); };
  RefusesUnchanged<void>(close, kFailed, "KEY_IS_LAST");
  // One that is to begin later leaves a gap; tomorrow's does not.
  ASSERT_TRUE(custodian_.AddCodeKey("", static_cast<Day>(today_ + 9)));
  RefusesUnchanged<void>(close, kFailed, "KEY_IS_LAST");
  ASSERT_TRUE(custodian_.AddCodeKey("", {}));
  EXPECT_TRUE(close());
  EXPECT_EQ(world_.registry()->code_keys(0).last_day(), today_);
  EXPECT_EQ(Signs(), 1) << "to the end of its last day";
}

TEST_F(CustodianTest, BadDaysAreRefused) {
  ASSERT_TRUE(custodian_.AddCodeKey("", today_));
  const auto close = [this](const std::string& name, Day last) -> std::function<Result<void>()> {
    return [this, name, last] { return custodian_.CloseKey(name, last); };
  };
  RefusesUnchanged<void>(close("code-1", static_cast<Day>(today_ - 1)), kFailed, "DAY_PAST");
  RefusesUnchanged<void>(close("code-2", 65'535), kFailed, "DAY_AFTER_LAST");
  RefusesUnchanged<std::string>(
      [&] { return custodian_.AddCodeKey("", static_cast<Day>(today_ - 1)); }, kFailed, "DAY_PAST");
  ASSERT_TRUE(custodian_.AddCodeKey("", static_cast<Day>(today_ + 9)));
  RefusesUnchanged<void>(close("code-3", today_), kFailed, "KEY_NOT_BEGUN");
  ASSERT_TRUE(custodian_.RevokeKey("3"));
  RefusesUnchanged<void>(close("code-3", today_), kFailed, "KEY_REVOKED");
}

TEST_F(CustodianTest, NamesThatAreNoneAreRefused) {
  for (const std::string name : {"", "code-", "code-2", "code-65537", "-1", "root", "root-00"}) {
    RefusesUnchanged<void>([&] { return custodian_.CloseKey(name, {}); }, kNotFound, "KEY_UNKNOWN");
    RefusesUnchanged<void>([&] { return custodian_.RevokeKey(name); }, kNotFound, "KEY_UNKNOWN");
  }
  for (const std::string origin : {"", "x", "HTTPS://QR.EXAMPLE.COM/"}) {
    RefusesUnchanged<void>([&] { return custodian_.MakeCurrent(origin); }, kNotFound,
                           "ORIGIN_UNKNOWN");
  }
}

TEST_F(CustodianTest, AnOriginIsAddedThenMadeCurrentThenTheOldOneClosed) {
  RefusesUnchanged<void>([&] { return custodian_.CloseOrigin(kOrigin); }, kFailed,
                         "ORIGIN_IS_CURRENT");
  RefusesUnchanged<void>([&] { return custodian_.LoseOrigin(kOrigin); }, kFailed,
                         "ORIGIN_IS_CURRENT");
  EXPECT_EQ(*custodian_.AddOrigin(*Origin::Parse(kNewOrigin)), "code-2");
  EXPECT_EQ(Signs(), 1) << "it is not current yet";
  EXPECT_EQ(custodian_.AddOrigin(*Origin::Parse(kNewOrigin)).error().reason, "ORIGIN_EXISTS");
  ASSERT_TRUE(custodian_.MakeCurrent("https://code.example.cn/"));
  EXPECT_EQ(Signs(), 2);
  ASSERT_TRUE(custodian_.CloseOrigin(kOrigin));
  world_now += TimeUs{86'400} * 1'000'000;
  RefusesUnchanged<void>([&] { return custodian_.MakeCurrent(kOrigin); }, kFailed, "NO_VALID_KEY");
}

TEST_F(CustodianTest, NothingSignsBeforeItsBundleIsPublished) {
  ASSERT_TRUE(world_.keys().SendRootsAway());
  ASSERT_TRUE(custodian_.AddCodeKey("", today_));
  EXPECT_EQ(Signs(), 1);
  ASSERT_TRUE(custodian_.AddOrigin(*Origin::Parse(kNewOrigin)));
  RefusesUnchanged<void>([&] { return custodian_.MakeCurrent(kNewOrigin); }, kFailed,
                         "ORIGIN_NOT_PUBLISHED");
  RefusesUnchanged<void>([&] { return custodian_.CloseKey("code-1", {}); }, kFailed, "KEY_IS_LAST");
  EXPECT_TRUE(custodian_.List()->bundle_behind);
  // What was stolen is not waited for.
  ASSERT_TRUE(custodian_.RevokeKey("code-1"));
  EXPECT_EQ(RefusalOf(Signer::For(world_.domain(), today_)),
            (Refusal{kFailed, "KEY_NOT_PUBLISHED", ""}));
}

TEST_F(CustodianTest, ARootKeptElsewhereSignsWhatWasDrafted) {
  const auto root = world_.keys().All(KeyKind::kRoot).front();
  ASSERT_TRUE(world_.keys().SendRootsAway());
  ASSERT_TRUE(custodian_.AddCodeKey("", today_));
  SignedNote note{*custodian_.DraftBundle(), {}};
  note.Sign("other", SigningKey::Generate());
  EXPECT_EQ(custodian_.PublishBundle(note.ToString()).error().reason, "ROOT_UNKNOWN");
  note.Sign("root", *root);
  ASSERT_TRUE(custodian_.PublishBundle(note.ToString()));
  EXPECT_EQ(Signs(), 2);
  EXPECT_EQ(*notes_.Bundle(), note.ToString());
  SignedNote late{*custodian_.DraftBundle(), {}};
  late.Sign("root", *root);
  ASSERT_TRUE(custodian_.AddCodeKey("", {}));
  EXPECT_EQ(custodian_.PublishBundle(late.ToString()).error().reason, "BUNDLE_OUTDATED");
}

/// A reader who has seen none of the bundles in between.
TEST_F(CustodianTest, ReadersFollowFromAnyBundle) {
  TrustStore first(std::vector{world_.keys().All(KeyKind::kRoot).front()->public_key()});
  ASSERT_TRUE(first.AcceptBundle(*notes_.Bundle()));
  const TrustStore held = first;
  const std::string old_root = custodian_.List()->keys[1].name;
  ASSERT_TRUE(custodian_.AddKey(KeyKind::kRoot));
  ASSERT_TRUE(custodian_.CloseKey(old_root, {}));
  ASSERT_TRUE(custodian_.AddOrigin(*Origin::Parse(kNewOrigin)));
  TrustStore late = held;
  EXPECT_TRUE(late.AcceptBundle(*notes_.Bundle()));
  EXPECT_EQ(late.roots().size(), 1);
  EXPECT_NE(late.roots(), held.roots());
}

TEST_F(CustodianTest, LastKeysOfEachKindStay) {
  const auto all = *custodian_.List();
  for (const auto& key : all.keys) {
    RefusesUnchanged<void>([&] { return custodian_.CloseKey(key.name, {}); }, kFailed,
                           "KEY_IS_LAST");
  }
}

TEST_F(CustodianTest, ImportsOnlyKeysOnRecord) {
  EXPECT_EQ(custodian_.ImportKey(SecretSeed::Generate()).error().reason, "KEY_UNKNOWN");
  SecretSeed seed;
  const auto kept = world_.keys().All(KeyKind::kRoot).front()->ExportSecretSeed();
  std::ranges::copy(kept, seed.bytes().begin());
  ASSERT_TRUE(world_.keys().SendRootsAway());
  EXPECT_TRUE(custodian_.ImportKey(seed));
  EXPECT_TRUE(custodian_.List()->root_here);
  EXPECT_EQ(custodian_.ImportSealed("00").error().reason, "HEX_MALFORMED");
  EXPECT_EQ(custodian_.ImportSealed(std::string(160, '0')).error().reason, "KEY_FILE_DAMAGED");
}

/// Whatever is signed while a key is being revoked was signed before, or by another key.
TEST_F(CustodianTest, NothingIsIssuedUnderAKeyThatIsRevoked) {
  ASSERT_TRUE(custodian_.AddCodeKey("", today_));
  ASSERT_EQ(Signs(), 2);
  Methods methods(world_);
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  issue.set_blank(20'000);
  std::map<uint64_t, std::string> texts;  // By serial.
  std::optional<uint64_t> log_size;       // Right after the revocation.
  const auto issued = methods.Stream<v1::IssueCodesResponse>(
      "IssuanceService/IssueCodes", issue,
      [&](const v1::IssueCodesResponse& response) -> Result<void> {
        for (const auto& code : response.codes()) texts[code.serial()] = code.text();
        if (texts.empty() || log_size) return {};
        // In the midst of the batch: some codes were handed out, others are not signed yet.
        YIMA_RETURN_IF_ERROR(custodian_.RevokeKey("code-2"));
        log_size = world_.Read()->LogSize().value_or(0);
        return {};
      });
  ASSERT_TRUE(issued) << issued.error().message;
  ASSERT_EQ(texts.size(), 20'000u);
  const Verifier verifier(*TrustIn(*world_.registry()));
  std::map<Verdict, uint64_t> verdicts;
  for (const auto& [serial, text] : texts) ++verdicts[verifier.Judge(text).verdict];
  EXPECT_GT(verdicts[Verdict::kKeyRevoked], 0u);
  EXPECT_GT(verdicts[Verdict::kAuthentic], 0u);
  EXPECT_EQ(verdicts.size(), 2u);
  uint64_t since = 0;
  ASSERT_TRUE(world_.Read()->ScanLog(*log_size, [&](const store::LogRecord& record) {
    v1::LogEntry entry;
    EXPECT_TRUE(entry.ParseFromArray(record.entry.data(), static_cast<int>(record.entry.size())));
    if (!entry.has_code()) return true;
    ++since;
    EXPECT_EQ(verifier.Judge(texts[entry.code().serial()]).verdict, Verdict::kAuthentic);
    return true;
  }));
  EXPECT_GT(since, 0u);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
