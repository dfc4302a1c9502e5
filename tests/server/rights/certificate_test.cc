#include "server/rights/certificate.h"

#include <algorithm>

#include "client/certificate/certificate.h"
#include "codegen/code/signed_note.h"
#include "server/resolver/trust_notes.h"
#include "tests/server/log/tree_world.h"
#include "tests/server/methods.h"
#include "yima/v1/certificate.pb.h"

namespace yima::server::testing {
namespace {

constexpr uint64_t kClaimId = 900;
constexpr uint64_t kOldClaimId = 901;
constexpr uint64_t kNoticeId = 910;
constexpr uint64_t kOldNoticeId = 911;
constexpr uint64_t kOrderId = 920;

/// A facility whose owner was confirmed after a notice, whose maintainer has an order, and on whose
/// supervising right a claim stands that another notice publishes.
class CertificateTest : public TreeWorld {
 protected:
  CertificateTest() {
    city_ = world_.AddOrganization("城管局");
    water_ = world_.AddOrganization("排水公司");
    road_ = world_.AddOrganization("道路公司");
    uid_ = world_.AddFacility(1, city_, water_);
    other_ = world_.AddFacility(2, city_, water_);
    AddEntries(300);
    AddRecords();
    ChangeFacility([&](v1::Facility& facility) {
      auto& owning = *facility.mutable_owning();
      owning.set_state(v1::RIGHT_STATE_CONFIRMED);
      owning.set_decided_claim(kOldClaimId);
      owning.set_decided_notice(kOldNoticeId);
      owning.set_rules(1);
      auto& maintaining = *facility.mutable_maintaining();
      maintaining.set_holder(road_);
      maintaining.set_state(v1::RIGHT_STATE_CONFIRMED);
      maintaining.set_by_order(true);
      maintaining.set_decided_order(kOrderId);
      auto& supervising = *facility.mutable_supervising();
      supervising.set_state(v1::RIGHT_STATE_CLAIMED);
      auto& claim = *supervising.add_claims();
      claim.set_claim(kClaimId);
      claim.set_organization(road_);
      claim.set_notice(kNoticeId);
    });
    AddEntries(50);
    EXPECT_TRUE(keeper_.Grow());
  }

  template <typename Record>
  void Create(uint64_t id, const Record& record) {
    ChangeWriter writer(world_.call("test"), "");
    writer.Create(id, record);
    ASSERT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), writer.Take(*world_.Read()).value())));
  }

  void AddRecords() {
    for (const auto& [id, notice] :
         {std::pair(kClaimId, kNoticeId), std::pair(kOldClaimId, kOldNoticeId)}) {
      v1::Claim claim;
      claim.set_id(id);
      claim.set_facility(uid_);
      claim.set_notice(notice);
      claim.set_kind(v1::RIGHT_KIND_OWNING);
      claim.set_state(v1::CLAIM_STATE_OPEN);
      Create(id, claim);
      v1::Notice listing;
      listing.set_id(notice);
      listing.set_state(v1::NOTICE_STATE_OPEN);
      listing.set_title("确权公示");
      Create(notice, listing);
    }
    v1::Order order;
    order.set_id(kOrderId);
    order.set_facility(uid_);
    order.set_kind(v1::ORDER_KIND_ASSIGNMENT);
    order.set_state(v1::ORDER_STATE_DONE);
    Create(kOrderId, order);
    v1::RightsRules rules;
    rules.set_authority_zh("晋城市自然资源局");
    Create(kRightsRulesId, rules);
  }

  void ChangeFacility(const std::function<void(v1::Facility&)>& change, uint64_t uid = 0) {
    if (uid == 0) uid = uid_;
    const auto read = *Get<v1::Facility>(*world_.Read(), uid);
    v1::Facility after = read->record;
    change(after);
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(uid, read->revision, read->record, after);
    ASSERT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), writer.Take(*world_.Read()).value())));
  }

  Result<std::vector<v1::IssueCertificatesResponse>> Issue(
      uint64_t uid, const std::function<bool()>& cancelled = [] { return false; }) {
    v1::IssueCertificatesRequest request;
    request.set_facility(uid);
    return methods_.Stream<v1::IssueCertificatesResponse>("RightsService/IssueCertificates",
                                                          request, {}, cancelled);
  }
  std::string FileOf(uint64_t uid) {
    const auto issued = Issue(uid);
    EXPECT_TRUE(issued) << issued.error().message;
    return issued ? issued->at(0).certificate() : "";
  }
  v1::Certificate Parsed() {
    v1::Certificate file;
    EXPECT_TRUE(file.ParseFromString(FileOf(uid_)));
    return file;
  }
  TrustBundle bundle() { return *BundleOf(*world_.registry()); }
  std::string ReasonOf(std::string_view bytes) {
    const auto verified = VerifyCertificate(bytes, bundle());
    return verified ? "" : verified.error().reason;
  }
  std::string ReasonOf(const v1::Certificate& file) { return ReasonOf(file.SerializeAsString()); }
  /// The certificate with another note, signed by the registry's own key.
  v1::Certificate SignedAnew(v1::Certificate file,
                             const std::function<void(CertificateNote&)>& change) const {
    auto note = *CertificateNote::ParseText(SignedNote::Parse(file.note())->text);
    change(note);
    SignedNote anew{note.ToText(), {}};
    anew.Sign("yima-" + note.registry, *world_.domain().keys.All(KeyKind::kCertificate)[0]);
    file.set_note(anew.ToString());
    return file;
  }
  Result<v1::CheckCertificateResponse> Check(const Certificate& certificate,
                                             const std::string& registry = "") {
    v1::CheckCertificateRequest request;
    request.set_registry(registry.empty() ? certificate.note.registry : registry);
    request.set_facility(certificate.note.facility);
    request.set_index(certificate.facility_entry.index);
    request.set_revision(certificate.facility_entry.revision);
    return methods_.Unary<v1::CheckCertificateResponse>("RightsService/CheckCertificate", request);
  }

  uint64_t city_ = 0;
  uint64_t water_ = 0;
  uint64_t road_ = 0;
  uint64_t uid_ = 0;
  uint64_t other_ = 0;
  Methods methods_{world_};
  TreeKeeper keeper_{world_.domain()};
};

TEST_F(CertificateTest, SaysWhoHoldsWhatAndOnWhatItRests) {
  const auto certificate = VerifyCertificate(FileOf(uid_), bundle());
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->facility.uid(), uid_);
  EXPECT_EQ(certificate->note.code->ToString(), "14050201001000001");
  EXPECT_EQ(certificate->note.tree_size, LogSize());
  EXPECT_EQ(certificate->facility_entry.revision, 2u);
  EXPECT_EQ(certificate->organizations.size(), 3u);
  EXPECT_EQ(certificate->organizations.at(water_).name(), "排水公司");
  EXPECT_TRUE(certificate->claims.contains(kClaimId) && certificate->claims.contains(kOldClaimId));
  EXPECT_EQ(certificate->notices.at(kOldNoticeId).title(), "确权公示");
  EXPECT_TRUE(certificate->orders.contains(kOrderId));
  EXPECT_EQ(certificate->rules->authority_zh(), "晋城市自然资源局");
  EXPECT_FALSE(certificate->code);
  EXPECT_FALSE(certificate->earlier_epoch);
}

TEST_F(CertificateTest, IsTheSameUntilSomethingChanges) { EXPECT_EQ(FileOf(uid_), FileOf(uid_)); }

TEST_F(CertificateTest, EveryByteMatters) {
  const std::string file = FileOf(uid_);
  const TrustBundle trusted = bundle();
  for (size_t i = 0; i < file.size(); ++i) {
    for (const int bit : {1, 1 << (i % 8)}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      EXPECT_FALSE(VerifyCertificate(changed, trusted)) << "byte " << i;
    }
  }
}

TEST_F(CertificateTest, EachBeginningAndWhatFollowsIsRefused) {
  const std::string file = FileOf(uid_);
  const TrustBundle trusted = bundle();
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(VerifyCertificate(file.substr(0, size), trusted)) << size;
  }
  EXPECT_EQ(ReasonOf(file + file), "CERTIFICATE_NOT_CANONICAL");
  EXPECT_EQ(ReasonOf(file + std::string("\x20\x01")), "CERTIFICATE_NOT_CANONICAL");
  EXPECT_EQ(ReasonOf(file + std::string(1 << 20, '\0')), "CERTIFICATE_MALFORMED");
  EXPECT_EQ(ReasonOf(""), "CERTIFICATE_MALFORMED");
}

TEST_F(CertificateTest, OfAnotherRegistryIsRefused) {
  const std::string file = FileOf(uid_);
  TrustBundle another = bundle();
  another.registry = std::string(32, 'e');
  const auto refused = VerifyCertificate(file, another);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "CERTIFICATE_OF_ANOTHER_REGISTRY");
  EXPECT_EQ(VerifyCertificate(file, std::vector<TrustStore>()).error().reason, "TRUST_MISSING");
}

TEST_F(CertificateTest, IsSignedByTheKeysOfTheBundleAlone) {
  const std::string file = FileOf(uid_);
  TrustBundle other = bundle();
  other.certificate_keys = {SigningKey::Generate().public_key()};
  EXPECT_EQ(VerifyCertificate(file, other).error().reason, "CERTIFICATE_UNSIGNED");
  other = bundle();
  // A key of another kind is none.
  std::swap(other.certificate_keys, other.log_keys);
  EXPECT_EQ(VerifyCertificate(file, other).error().reason, "CERTIFICATE_UNSIGNED");
  other = bundle();
  other.log_keys = {SigningKey::Generate().public_key()};
  EXPECT_EQ(VerifyCertificate(file, other).error().reason, "CHECKPOINT_UNSIGNED");
}

TEST_F(CertificateTest, KnowsEpochs) {
  const std::string file = FileOf(uid_);
  TrustBundle other = bundle();
  other.epoch = 2;
  EXPECT_TRUE(VerifyCertificate(file, other)->earlier_epoch);
  const auto ahead = SignedAnew(Parsed(), [](CertificateNote& note) { note.epoch = 2; });
  EXPECT_EQ(ReasonOf(ahead), "EPOCH_AHEAD");
  // A note of one epoch with the checkpoint of another's log.
  EXPECT_EQ(VerifyCertificate(ahead.SerializeAsString(), other).error().reason,
            "CHECKPOINT_OF_ANOTHER_LOG");
}

TEST_F(CertificateTest, TheCheckpointIsTheOneOfTheNote) {
  auto file = Parsed();
  AddEntries(3);
  ASSERT_TRUE(keeper_.Grow());
  file.set_checkpoint(head()->note);
  EXPECT_EQ(ReasonOf(file), "CERTIFICATE_CHECKPOINT_OTHER");
}

TEST_F(CertificateTest, AnotherFacilitysProofProvesNothing) {
  auto file = Parsed();
  v1::Certificate other;
  ASSERT_TRUE(other.ParseFromString(FileOf(other_)));
  const auto place = [&](const v1::Certificate& in) {
    const auto note = *CertificateNote::ParseText(SignedNote::Parse(in.note())->text);
    return static_cast<int>(
        std::ranges::find(note.entries, CertifiedKind::kFacility, &CertifiedEntry::kind) -
        note.entries.begin());
  };
  auto& entry = *file.mutable_entries(place(file));
  entry.set_proof(other.entries(place(other)).proof());
  const auto refused = VerifyCertificate(file.SerializeAsString(), bundle());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "CERTIFICATE_PROOF_WRONG");
  EXPECT_NE(refused.error().message.find("facility " + std::to_string(uid_)), std::string::npos);
  entry.set_entry(other.entries(place(other)).entry());
  EXPECT_EQ(ReasonOf(file), "CERTIFICATE_ENTRY_CHANGED");
}

TEST_F(CertificateTest, AnotherFacilitysEntryIsNotThisOnes) {
  v1::Certificate other;
  ASSERT_TRUE(other.ParseFromString(FileOf(other_)));
  // Even its own note, signed, cannot call it another facility's.
  other = SignedAnew(other, [&](CertificateNote& note) {
    note.facility = uid_;
    std::ranges::find(note.entries, CertifiedKind::kFacility, &CertifiedEntry::kind)->id = uid_;
  });
  EXPECT_EQ(ReasonOf(other), "CERTIFICATE_ENTRY_OTHER");
}

TEST_F(CertificateTest, AnOlderRevisionIsTakenOnlyIfTheNoteLies) {
  v1::CertificateEntry older;
  ASSERT_TRUE(world_.Read()->ScanHistory(store::Kind::kOrganization, road_, INT64_MAX,
                                         [&](const store::LogRecord& record) {
                                           older.set_index(record.index);
                                           older.set_entry(std::string(record.entry));
                                           return true;
                                         }));
  // The organization is renamed; its first entry is older now.
  const auto read = *Get<v1::Organization>(*world_.Read(), road_);
  v1::Organization renamed = read->record;
  renamed.set_name("道路养护公司");
  ChangeWriter writer(world_.call("test"), "");
  writer.Replace(road_, read->revision, read->record, renamed);
  store::ApplyAndWait(world_.store(), writer.Take(*world_.Read()).value());
  ASSERT_TRUE(keeper_.Grow());
  auto file = Parsed();
  auto note = *CertificateNote::ParseText(SignedNote::Parse(file.note())->text);
  const auto snapshot = world_.Read();
  const auto proof = *InclusionProof(older.index(), note.tree_size, HashesIn(*head(), *snapshot));
  for (const TreeHash& hash : proof) {
    older.mutable_proof()->append(hash.begin(), hash.end());
  }
  const auto at = std::ranges::find_if(note.entries, [&](const CertifiedEntry& entry) {
    return entry.kind == CertifiedKind::kOrganization && entry.id == road_;
  });
  ASSERT_EQ(at->revision, 2u);
  const auto place = static_cast<int>(at - note.entries.begin());
  // Among the first entries of the log; it takes its place in the order.
  auto swapped = file;
  swapped.mutable_entries()->DeleteSubrange(place, 1);
  *swapped.add_entries() = older;
  std::sort(swapped.mutable_entries()->begin(), swapped.mutable_entries()->end(),
            [](const auto& a, const auto& b) { return a.index() < b.index(); });
  EXPECT_EQ(ReasonOf(swapped), "CERTIFICATE_ENTRY_MISSING");
  // A registry that signs it has lied: the log holds a later entry below the size it names.
  const auto lie = SignedAnew(swapped, [&](CertificateNote& lying) {
    const auto entry = std::ranges::find(lying.entries, at->index, &CertifiedEntry::index);
    *entry = {CertifiedKind::kOrganization, road_, older.index(), 1, HashLeaf(older.entry())};
    std::ranges::sort(lying.entries, {}, &CertifiedEntry::index);
  });
  const auto believed = VerifyCertificate(lie.SerializeAsString(), bundle());
  ASSERT_TRUE(believed) << believed.error().message;
  EXPECT_EQ(believed->organizations.at(road_).name(), "道路公司");
  EXPECT_LT(at->index, believed->note.tree_size);
}

TEST_F(CertificateTest, WhatTheRightsRestOnMustBeThere) {
  for (const auto kind : {CertifiedKind::kClaim, CertifiedKind::kNotice, CertifiedKind::kOrder,
                          CertifiedKind::kOrganization, CertifiedKind::kRightsRules}) {
    const auto whole = Parsed();
    auto note = *CertificateNote::ParseText(SignedNote::Parse(whole.note())->text);
    auto fewer = whole;
    const auto at = std::ranges::find(note.entries, kind, &CertifiedEntry::kind);
    ASSERT_NE(at, note.entries.end());
    fewer.mutable_entries()->DeleteSubrange(static_cast<int>(at - note.entries.begin()), 1);
    EXPECT_EQ(ReasonOf(fewer), "CERTIFICATE_ENTRY_MISSING") << CertifiedKindName(kind);
    note.entries.erase(at);
    fewer = SignedAnew(fewer, [&](CertificateNote& signed_one) { signed_one = note; });
    EXPECT_EQ(ReasonOf(fewer), "CERTIFICATE_ENTRY_MISSING") << CertifiedKindName(kind);
  }
}

TEST_F(CertificateTest, WhatNothingRestsOnIsRefused) {
  const uint64_t stranger = world_.AddOrganization("路人公司");
  ChangeFacility([&](v1::Facility& facility) { facility.mutable_owning()->set_holder(stranger); },
                 other_);
  ASSERT_TRUE(keeper_.Grow());
  const auto snapshot = world_.Read();
  v1::CertificateEntry entry;
  ASSERT_TRUE(snapshot->ScanHistory(store::Kind::kOrganization, stranger, INT64_MAX,
                                    [&](const store::LogRecord& record) {
                                      entry.set_index(record.index);
                                      entry.set_entry(std::string(record.entry));
                                      return false;
                                    }));
  auto more = Parsed();
  const auto proof =
      *InclusionProof(entry.index(), head()->checkpoint.size, HashesIn(*head(), *snapshot));
  for (const TreeHash& hash : proof) {
    entry.mutable_proof()->append(hash.begin(), hash.end());
  }
  *more.add_entries() = entry;
  EXPECT_EQ(ReasonOf(more), "CERTIFICATE_ENTRY_UNNAMED");
  more = SignedAnew(more, [&](CertificateNote& note) {
    note.entries.push_back(
        {CertifiedKind::kOrganization, stranger, entry.index(), 1, HashLeaf(entry.entry())});
  });
  EXPECT_EQ(ReasonOf(more), "CERTIFICATE_ENTRY_UNNAMED");
}

TEST_F(CertificateTest, HasTheCodeInForce) {
  v1::Code code;
  code.set_serial(5000);
  code.set_origin("HTTPS://QR.EXAMPLE.CN/");
  code.set_payload(std::string(19, 'p'));
  *code.mutable_signature() = Withhold(std::string(64, 's'));
  code.set_facility(uid_);
  code.set_state(v1::CODE_STATE_ACTIVE);
  Create(5000, code);
  ASSERT_TRUE(keeper_.Grow());
  const auto issued = Issue(uid_);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->at(0).code_text().substr(0, 23), "HTTPS://QR.EXAMPLE.CN/1");
  const auto certificate = VerifyCertificate(issued->at(0).certificate(), bundle());
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->code->serial(), 5000u);
  EXPECT_TRUE(certificate->code->signature().value().empty());
}

TEST_F(CertificateTest, ManyComeInOneStreamAsOfOneTree) {
  for (uint32_t i = 0; i < 450; ++i) world_.AddFacility(100 + i, city_, water_);
  ASSERT_TRUE(keeper_.Grow());
  v1::IssueCertificatesRequest request;
  request.mutable_filter()->add_divisions("140502");
  const auto issued =
      methods_.Stream<v1::IssueCertificatesResponse>("RightsService/IssueCertificates", request);
  ASSERT_TRUE(issued) << issued.error().message;
  ASSERT_EQ(issued->size(), 452u);
  uint64_t before = 0;
  for (const auto& each : *issued) {
    EXPECT_EQ(each.total(), 452u);
    EXPECT_GT(each.facility(), before);
    before = each.facility();
    EXPECT_EQ(ReasonOf(each.certificate()), "");
  }
}

TEST_F(CertificateTest, StaysWithinTheCallersReach) {
  auto reach = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("110101");
  reach->Add(grant);
  world_.reach = reach;
  EXPECT_EQ(Issue(uid_).error().reason, "SCOPE_EXCEEDED");
  v1::IssueCertificatesRequest request;
  request.mutable_filter();
  const auto none =
      methods_.Stream<v1::IssueCertificatesResponse>("RightsService/IssueCertificates", request);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST_F(CertificateTest, RefusesWhatIsNotThere) {
  EXPECT_EQ(Issue(12345).error().reason, "FACILITY_NOT_FOUND");
  const auto none = methods_.Stream<v1::IssueCertificatesResponse>(
      "RightsService/IssueCertificates", v1::IssueCertificatesRequest());
  EXPECT_EQ(none.error().reason, "TARGET_MISSING");
  ChangeFacility([](v1::Facility& facility) { facility.set_life(v1::LIFE_WITHDRAWN); }, other_);
  EXPECT_EQ(Issue(other_).error().reason, "FACILITY_WITHDRAWN");
}

TEST_F(CertificateTest, WaitsForATreeThatHoldsWhatWasCommitted) {
  ChangeFacility([](v1::Facility& facility) { facility.set_name("改名"); });
  int asked = 0;
  const auto issued = Issue(uid_, [&] {
    if (++asked == 2) {
      EXPECT_TRUE(keeper_.Grow());
    }
    return false;
  });
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(VerifyCertificate(issued->at(0).certificate(), bundle())->facility.name(), "改名");
}

TEST_F(CertificateTest, SaysThatTheLogIsNotReady) {
  world_.domain().tree->Set(nullptr);
  EXPECT_EQ(Issue(uid_).error().reason, "LOG_NOT_READY");
}

TEST_F(CertificateTest, IsOvertakenOnceTheRecordChanges) {
  const auto certificate = *VerifyCertificate(FileOf(uid_), bundle());
  EXPECT_FALSE(Check(certificate)->overtaken());
  EXPECT_FALSE(Check(certificate)->rights_changed());
  ChangeFacility([](v1::Facility& facility) { facility.set_name("改名"); });
  EXPECT_TRUE(Check(certificate)->overtaken());
  EXPECT_FALSE(Check(certificate)->rights_changed());
  ChangeFacility([&](v1::Facility& facility) { facility.mutable_owning()->set_holder(road_); });
  EXPECT_TRUE(Check(certificate)->rights_changed());
  EXPECT_EQ(Check(certificate)->revision(), 4u);
}

TEST_F(CertificateTest, IsOfTheRegistryThatIsAsked) {
  auto certificate = *VerifyCertificate(FileOf(uid_), bundle());
  EXPECT_EQ(Check(certificate, std::string(32, 'e')).error().reason, "REGISTRY_OTHER");
  // An entry that the log holds no longer, as after a restore that lost it.
  certificate.facility_entry.index += 1;
  EXPECT_TRUE(Check(certificate)->overtaken());
  EXPECT_TRUE(Check(certificate)->rights_changed());
  certificate.facility_entry.index = UINT64_MAX;
  EXPECT_TRUE(Check(certificate)->overtaken());
  certificate.note.facility = 12345;
  EXPECT_EQ(Check(certificate).error().reason, "FACILITY_NOT_FOUND");
}

}  // namespace
}  // namespace yima::server::testing
