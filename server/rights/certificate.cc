#include "server/rights/certificate.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "codegen/code/certificate_note.h"
#include "codegen/code/signed_note.h"
#include "server/domain/batch_items.h"
#include "server/domain/entry_view.h"
#include "server/issuance/codes.h"
#include "server/registry/facility_rules.h"
#include "server/registry/frozen_batch.h"
#include "server/registry/life.h"
#include "server/resolver/trust_notes.h"
#include "server/rights/right_of.h"
#include "yima/v1/certificate.pb.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/notice.pb.h"
#include "yima/v1/order.pb.h"

namespace yima::server {
namespace {

/// Facilities of one snapshot: few enough that it is not held for long.
constexpr size_t kFacilitiesASnapshot = 200;
/// The tree is signed once a second; a busy machine takes longer.
constexpr std::chrono::seconds kTreeWait{5};
constexpr std::chrono::milliseconds kTreePoll{20};

using RecordName = std::pair<CertifiedKind, uint64_t>;

store::Kind StoreKind(CertifiedKind kind) {
  switch (kind) {
    case CertifiedKind::kFacility:
      return store::Kind::kFacility;
    case CertifiedKind::kCode:
      return store::Kind::kCode;
    case CertifiedKind::kOrganization:
      return store::Kind::kOrganization;
    case CertifiedKind::kClaim:
      return store::Kind::kClaim;
    case CertifiedKind::kNotice:
      return store::Kind::kNotice;
    case CertifiedKind::kOrder:
      return store::Kind::kOrder;
    case CertifiedKind::kRightsRules:
      break;
  }
  return store::Kind::kRightsRules;
}

/// Few records, which stand in very many certificates.
bool IsShared(CertifiedKind kind) {
  return kind == CertifiedKind::kOrganization || kind == CertifiedKind::kNotice ||
         kind == CertifiedKind::kRightsRules;
}

/// What a facility's rights name.
std::set<RecordName> RestsOn(const v1::Facility& facility) {
  std::set<RecordName> names;
  const auto add = [&](CertifiedKind kind, uint64_t id) {
    if (id != 0) names.emplace(kind, id);
  };
  for (const auto kind : kRightKinds) {
    const v1::Right& right = RightOf(facility, kind);
    add(CertifiedKind::kOrganization, right.holder());
    add(CertifiedKind::kClaim, right.decided_claim());
    add(CertifiedKind::kNotice, right.decided_notice());
    add(CertifiedKind::kOrder, right.decided_order());
    for (const auto& claim : right.claims()) {
      add(CertifiedKind::kClaim, claim.claim());
      add(CertifiedKind::kOrganization, claim.organization());
      add(CertifiedKind::kNotice, claim.notice());
    }
  }
  return names;
}

/// The first of the record's keys that is published and here to sign: readers hold it longest. An
/// unpublished one would make certificates that nobody believes yet.
Result<KeyRing::Key> SigningKeyOf(const Domain& domain, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto bundle, PublishedBundle(snapshot));
  for (const auto& public_key : domain.registry->certificate_keys()) {
    auto key = domain.keys.Find(KeyKind::kCertificate, public_key);
    const bool published = !bundle || (key != nullptr && std::ranges::find(bundle->certificate_keys,
                                                                           key->public_key()) !=
                                                             bundle->certificate_keys.end());
    if (key != nullptr && published) return key;
  }
  return Fail(StatusCode::kFailedPrecondition, "CERTIFICATE_KEY_MISSING",
              "no certificate key of the published trust bundle is here to sign");
}

/// An entry as certificates carry it, and what their notes say of it.
struct FoundEntry {
  v1::CertificateEntry entry;
  uint64_t revision = 0;
  TreeHash leaf{};
};

/// Makes certificates as of one signed tree. The snapshot is of after the tree was signed.
class CertificateMaker {
 public:
  CertificateMaker(const Domain& domain, const TreeHead& head, const store::Snapshot& snapshot,
                   const SigningKey& key)
      : domain_(domain),
        head_(head),
        snapshot_(snapshot),
        key_(key),
        hashes_(HashesIn(head, snapshot)),
        checkpoint_hash_(Sha256(head.note)) {}

  Result<v1::IssueCertificatesResponse> Make(uint64_t uid) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Require({CertifiedKind::kFacility, uid}));
    v1::Facility facility;
    YIMA_RETURN_IF_ERROR(Parse(read, facility));
    std::map<RecordName, FoundEntry> found;
    found.emplace(RecordName{CertifiedKind::kFacility, uid}, read);
    for (const auto& name : RestsOn(facility)) {
      YIMA_ASSIGN_OR_RETURN(found[name], Require(name));
    }
    YIMA_ASSIGN_OR_RETURN(const auto rules, Latest({CertifiedKind::kRightsRules, kRightsRulesId}));
    if (rules) found.emplace(RecordName{CertifiedKind::kRightsRules, kRightsRulesId}, *rules);
    v1::IssueCertificatesResponse response;
    response.set_facility(uid);
    YIMA_RETURN_IF_ERROR(AddCode(uid, found, response));
    response.set_certificate(Sign(facility, found).SerializeAsString());
    return response;
  }

 private:
  /// The latest entry of a record that the tree holds; nothing when it holds none.
  Result<std::optional<FoundEntry>> Latest(const RecordName& name) {
    if (IsShared(name.first)) {
      const auto kept = shared_.find(name);
      if (kept != shared_.end()) return kept->second;
    }
    std::optional<FoundEntry> found;
    YIMA_RETURN_IF_ERROR(
        snapshot_.ScanHistory(StoreKind(name.first), name.second, head_.checkpoint.size,
                              [&](const store::LogRecord& record) {
                                found.emplace();
                                found->entry.set_index(record.index);
                                found->entry.set_entry(record.entry.data(), record.entry.size());
                                return false;
                              }));
    if (found) {
      const auto view = ViewEntry(found->entry.entry());
      if (!view) return EntryDamaged(found->entry.index());
      found->revision = view->revision;
      YIMA_RETURN_IF_ERROR(Prove(*found));
    }
    if (IsShared(name.first)) shared_.emplace(name, found);
    return found;
  }

  Result<FoundEntry> Require(const RecordName& name) {
    YIMA_ASSIGN_OR_RETURN(auto found, Latest(name));
    if (found) return *std::move(found);
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                fmt::format("the log holds no entry of {} {}; run yimad check",
                            CertifiedKindName(name.first), name.second));
  }

  Result<void> Prove(FoundEntry& found) {
    const uint64_t index = found.entry.index();
    YIMA_ASSIGN_OR_RETURN(found.leaf, hashes_({0, index}));
    YIMA_ASSIGN_OR_RETURN(const auto proof, InclusionProof(index, head_.checkpoint.size, hashes_));
    for (const TreeHash& hash : proof) {
      found.entry.mutable_proof()->append(hash.begin(), hash.end());
    }
    return {};
  }

  template <typename Record>
  static Result<void> Parse(const FoundEntry& found, Record& record) {
    const auto view = ViewEntry(found.entry.entry());
    const bool parsed =
        view && record.ParseFromArray(view->record.data(), static_cast<int>(view->record.size()));
    if (!parsed) return EntryDamaged(found.entry.index());
    return {};
  }

  /// The facility's active code, unless the tree is too old to know that it is.
  Result<void> AddCode(uint64_t uid, std::map<RecordName, FoundEntry>& found,
                       v1::IssueCertificatesResponse& response) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t serial,
                          snapshot_.Holder(store::Index::kActiveCode, ActiveCodeKey(uid)));
    if (serial == 0) return {};
    YIMA_ASSIGN_OR_RETURN(auto entry, Latest({CertifiedKind::kCode, serial}));
    if (!entry) return {};
    v1::Code code;
    YIMA_RETURN_IF_ERROR(Parse(*entry, code));
    if (code.state() != v1::CODE_STATE_ACTIVE || code.facility() != uid) return {};
    found.emplace(RecordName{CertifiedKind::kCode, serial}, *std::move(entry));
    // A registry made anew from its log lacks the signatures of old codes.
    const auto read = FindCode(snapshot_, serial);
    if (read) response.set_code_text(ToIssued(domain_, read->record, read->revision).text());
    return {};
  }

  v1::Certificate Sign(const v1::Facility& facility,
                       const std::map<RecordName, FoundEntry>& found) const {
    CertificateNote note;
    note.registry = domain_.registry->id();
    note.epoch = static_cast<uint16_t>(domain_.registry->epoch());
    note.facility = facility.uid();
    if (!facility.codes().empty()) {
      const auto& last = *facility.codes().rbegin();
      const auto code = FacilityCode::Parse(static_cast<Scheme>(last.scheme()), last.digits());
      if (code) note.code = *code;
    }
    note.tree_size = head_.checkpoint.size;
    note.checkpoint = checkpoint_hash_;
    note.issued = domain_.now();
    std::vector<const FoundEntry*> entries;
    for (const auto& [name, entry] : found) {
      note.entries.push_back(
          {name.first, name.second, entry.entry.index(), entry.revision, entry.leaf});
      entries.push_back(&entry);
    }
    std::ranges::sort(note.entries, {}, &CertifiedEntry::index);
    std::ranges::sort(entries, {}, [](const FoundEntry* entry) { return entry->entry.index(); });
    SignedNote signed_note{note.ToText(), {}};
    signed_note.Sign("yima-" + note.registry, key_);
    v1::Certificate certificate;
    certificate.set_note(signed_note.ToString());
    certificate.set_checkpoint(head_.note);
    for (const FoundEntry* entry : entries) *certificate.add_entries() = entry->entry;
    return certificate;
  }

  const Domain& domain_;
  const TreeHead& head_;
  const store::Snapshot& snapshot_;
  const SigningKey& key_;
  const SubtreeHashes hashes_;
  const TreeHash checkpoint_hash_;
  std::map<RecordName, std::optional<FoundEntry>> shared_;
};

/// Which facilities, by rising uid, and how long the log was when they were looked up.
struct Wanted {
  std::vector<uint64_t> facilities;
  uint64_t log_size = 0;
};

Result<Wanted> WantedBy(const Domain& domain, const Call& call,
                        const v1::IssueCertificatesRequest& request) {
  const auto snapshot = domain.store.Read();
  Wanted wanted;
  YIMA_ASSIGN_OR_RETURN(wanted.log_size, snapshot->LogSize());
  switch (request.target_case()) {
    case v1::IssueCertificatesRequest::kFacility: {
      YIMA_ASSIGN_OR_RETURN(const auto read,
                            FindFacility(*snapshot, request.facility(), "facility"));
      YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
      YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(read.record, "facility"));
      wanted.facilities.push_back(request.facility());
      return wanted;
    }
    case v1::IssueCertificatesRequest::kFilter: {
      YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
      YIMA_RETURN_IF_ERROR(VisitFiltered(
          call, matcher, *snapshot, [&](uint64_t, const v1::Facility& facility) -> Result<void> {
            if (facility.life() != v1::LIFE_WITHDRAWN) wanted.facilities.push_back(facility.uid());
            return {};
          }));
      return wanted;
    }
    default:
      return Invalid("TARGET_MISSING", "neither facility nor filter says which", "target");
  }
}

/// Until a tree of so many entries is signed.
Result<void> AwaitTree(const Domain& domain, const Call& call, uint64_t size) {
  const auto deadline = std::chrono::steady_clock::now() + kTreeWait;
  while (true) {
    const auto head = domain.tree->head();
    if (head != nullptr && head->checkpoint.size >= size) return {};
    if (call.cancelled()) return CallEnded();
    if (std::chrono::steady_clock::now() >= deadline) {
      return Fail(StatusCode::kUnavailable, "LOG_NOT_READY",
                  head == nullptr
                      ? std::string("the log has no checkpoint yet")
                      : fmt::format("the log's newest checkpoint is of {} entries, want {}",
                                    head->checkpoint.size, size));
    }
    std::this_thread::sleep_for(kTreePoll);
  }
}

/// Of some facilities, from one snapshot, which is let go before they are handed out.
Result<std::vector<v1::IssueCertificatesResponse>> MakeSome(const Domain& domain, const Call& call,
                                                            std::span<const uint64_t> facilities) {
  const auto head = domain.tree->head();
  const auto snapshot = domain.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto key, SigningKeyOf(domain, *snapshot));
  CertificateMaker maker(domain, *head, *snapshot, *key);
  std::vector<v1::IssueCertificatesResponse> made;
  made.reserve(facilities.size());
  for (const uint64_t uid : facilities) {
    if (call.cancelled()) return CallEnded();
    YIMA_ASSIGN_OR_RETURN(auto response, maker.Make(uid));
    made.push_back(std::move(response));
  }
  return made;
}

/// The facility's record at an entry of the log; nothing when that is no entry of it.
Result<std::optional<v1::Facility>> FacilityAt(const store::Snapshot& snapshot, uint64_t uid,
                                               uint64_t index, uint64_t revision) {
  std::optional<v1::Facility> at;
  if (index >= INT64_MAX) return at;
  YIMA_RETURN_IF_ERROR(snapshot.ScanHistory(
      store::Kind::kFacility, uid, index + 1, [&](const store::LogRecord& record) {
        const auto view = ViewEntry(record.entry);
        v1::Facility facility;
        if (record.index == index && view && view->revision == revision &&
            facility.ParseFromArray(view->record.data(), static_cast<int>(view->record.size()))) {
          at = std::move(facility);
        }
        return false;
      }));
  return at;
}

bool SameRights(const v1::Facility& a, const v1::Facility& b) {
  return std::ranges::all_of(kRightKinds, [&](v1::RightKind kind) {
    const v1::Right& one = RightOf(a, kind);
    const v1::Right& other = RightOf(b, kind);
    return one.holder() == other.holder() && one.state() == other.state() &&
           SameBasis(one.basis(), other.basis());
  });
}

}  // namespace

Result<void> IssueCertificates(const Domain& domain, const Call& call,
                               const v1::IssueCertificatesRequest& request,
                               const CertificateSink& sink) {
  YIMA_ASSIGN_OR_RETURN(const auto wanted, WantedBy(domain, call, request));
  YIMA_RETURN_IF_ERROR(AwaitTree(domain, call, wanted.log_size));
  const std::span<const uint64_t> all = wanted.facilities;
  for (size_t begin = 0; begin < all.size(); begin += kFacilitiesASnapshot) {
    const size_t count = std::min(kFacilitiesASnapshot, all.size() - begin);
    YIMA_ASSIGN_OR_RETURN(auto made, MakeSome(domain, call, all.subspan(begin, count)));
    for (auto& response : made) {
      response.set_total(all.size());
      YIMA_RETURN_IF_ERROR(sink(response));
    }
  }
  return {};
}

Result<v1::CheckCertificateResponse> CheckCertificate(const Domain& domain, const Call&,
                                                      const v1::CheckCertificateRequest& request,
                                                      const store::Snapshot& snapshot) {
  if (request.registry() != domain.registry->id()) {
    return Fail(StatusCode::kFailedPrecondition, "REGISTRY_OTHER",
                fmt::format("the certificate is of registry {}, this is {}",
                            request.registry().substr(0, 32), domain.registry->id()),
                "registry");
  }
  YIMA_ASSIGN_OR_RETURN(const auto now, FindFacility(snapshot, request.facility(), "facility"));
  // A log that lost its tail in a restore may have other entries at the same places.
  YIMA_ASSIGN_OR_RETURN(const auto then, FacilityAt(snapshot, request.facility(), request.index(),
                                                    request.revision()));
  v1::CheckCertificateResponse response;
  response.set_overtaken(!then || now.revision != request.revision());
  response.set_rights_changed(!then || !SameRights(*then, now.record));
  response.set_revision(now.revision);
  response.set_change_time_us(now.record.update_time_us());
  return response;
}

}  // namespace yima::server
