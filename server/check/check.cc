#include "server/check/check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "codegen/code/code_text.h"
#include "server/check/attachment_check.h"
#include "server/check/batch_check.h"
#include "server/check/code_proofs.h"
#include "server/check/derived_check.h"
#include "server/check/findings.h"
#include "server/check/log_tail.h"
#include "server/check/orders_check.h"
#include "server/check/rights_check.h"
#include "server/check/stock_check.h"
#include "server/check/tree_check.h"
#include "server/domain/cover.h"
#include "server/domain/domain.h"
#include "server/registry/erase.h"
#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/registry/wholes.h"
#include "server/rights/coverage_days.h"

namespace yima::server {
namespace {

/// Read at once, so that nothing else is read while a scan is open.
constexpr size_t kPage = 1000;

uint64_t IdIn(const v1::Facility& record, uint64_t) { return record.uid(); }
uint64_t IdIn(const v1::Code& record, uint64_t) { return record.serial(); }
uint64_t IdIn(const v1::Organization& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Batch& record, uint64_t) { return record.id(); }
/// These hold no id.
uint64_t IdIn(const v1::FacilityClass&, uint64_t id) { return id; }
uint64_t IdIn(const v1::Registry&, uint64_t id) { return id; }
uint64_t IdIn(const v1::RightsRules& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Principal& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::BlankRange& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::StockTake& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Claim& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Notice& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Objection& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Offer& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Order& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::StockFinding& record, uint64_t) { return record.id(); }
uint64_t IdIn(const v1::Sightings& record, uint64_t) { return record.serial(); }

bool IsErased(const v1::Withheld& withheld) {
  return withheld.value().empty() && withheld.salt().empty();
}

class Check {
 public:
  Check(const store::Snapshot& snapshot, const CheckProgress& progress)
      : snapshot_(snapshot), progress_(progress), coded_(snapshot), rights_(snapshot, findings_) {}

  Result<std::vector<std::string>> Run(const v1::Registry& registry) {
    YIMA_RETURN_IF_ERROR(log_.Read(snapshot_, findings_, progress_));
    auto proofs = CodeProofs::ForKeysOf(registry);
    if (proofs) {
      proofs_.emplace(*std::move(proofs));
    } else {
      findings_.Add("codes cannot be verified: {}", proofs.error().message);
    }
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Registry>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Principal>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::FacilityClass>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Organization>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Facility>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Code>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Batch>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::BlankRange>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::StockTake>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::RightsRules>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Claim>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Notice>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Objection>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Offer>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Order>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::StockFinding>());
    YIMA_RETURN_IF_ERROR(CheckKind<v1::Sightings>());
    if (proofs_) proofs_->Flush(findings_);
    progress_("keys, terms and counters", 0);
    YIMA_RETURN_IF_ERROR(derived_.Compare(
        snapshot_, [&](const DerivedCheck::Visitor& visit) { return DeriveAll(visit); },
        findings_));
    YIMA_RETURN_IF_ERROR(CheckBatches(snapshot_, log_, findings_));
    YIMA_RETURN_IF_ERROR(CheckAttachments(snapshot_, findings_, progress_));
    YIMA_RETURN_IF_ERROR(CheckRangesApart(snapshot_, findings_));
    YIMA_RETURN_IF_ERROR(CheckCoverageDays());
    YIMA_RETURN_IF_ERROR(CheckStockLists(snapshot_, log_, findings_));
    YIMA_RETURN_IF_ERROR(CheckTree(snapshot_, registry, findings_, progress_));
    return findings_.Take();
  }

  uint64_t erased_signatures() const { return proofs_ ? proofs_->erased() : 0; }

 private:
  /// Visits all records of a kind that parse; `unparsed` is told the others.
  template <typename R, typename Visit, typename Unparsed>
  Result<void> ForEach(const Visit& visit, const Unparsed& unparsed) {
    const store::Kind kind = ChangeWriter::KindOf(R{});
    struct Row {
      uint64_t id;
      uint64_t revision;
      std::string bytes;
    };
    std::vector<Row> page;
    uint64_t after = 0;
    uint64_t done = 0;
    do {
      page.clear();
      YIMA_RETURN_IF_ERROR(snapshot_.Scan(
          kind, after, {}, [&](uint64_t id, uint64_t revision, std::string_view bytes) {
            page.push_back({id, revision, std::string(bytes)});
            return page.size() < kPage;
          }));
      for (const auto& row : page) {
        R record;
        if (!record.ParseFromString(row.bytes)) {
          unparsed(row.id);
          continue;
        }
        YIMA_RETURN_IF_ERROR(visit(row.id, row.revision, record));
      }
      done += page.size();
      if (!page.empty()) after = page.back().id;
      progress_(KindName(kind), done);
    } while (page.size() == kPage);
    return {};
  }

  template <typename R>
  Result<void> CheckKind() {
    const store::Kind kind = ChangeWriter::KindOf(R{});
    return ForEach<R>(
        [&](uint64_t id, uint64_t revision, const R& record) -> Result<void> {
          if (IdIn(record, id) != id) {
            findings_.Add("{} {} calls itself {}", KindName(kind), id, IdIn(record, id));
          }
          if (store::IsLogged(kind)) CompareWithLog(kind, id, revision, record);
          derived_.Add(kind, id, Derive(record));
          return CheckContent(id, record);
        },
        [&](uint64_t id) { findings_.Add("{} {} does not parse", KindName(kind), id); });
  }

  /// Each says of which day it is, and counts each facility once in each grouping.
  Result<void> CheckCoverageDays() {
    return snapshot_.Scan(
        store::Kind::kCoverageDay, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
          v1::CoverageDay day;
          const bool parses = day.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
          if (!parses || DayNumber(day.day()) != id) {
            findings_.Add("the coverage of day {} is of \"{}\"", id, day.day());
            return true;
          }
          for (const auto* rows : {&day.divisions(), &day.classes(), &day.organizations()}) {
            uint64_t facilities = 0;
            for (const auto& row : *rows) facilities += row.facilities();
            if (facilities == day.total().facilities()) continue;
            findings_.Add("the coverage of {} counts {} facilities, but {} in a grouping",
                          day.day(), day.total().facilities(), facilities);
          }
          return true;
        });
  }

  Result<void> DeriveAll(const DerivedCheck::Visitor& visit) {
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::FacilityClass>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Organization>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Facility>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Code>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Batch>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Registry>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::BlankRange>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::StockTake>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Claim>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Notice>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Objection>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Offer>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Order>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::RightsRules>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::StockFinding>(visit));
    YIMA_RETURN_IF_ERROR(DeriveKind<v1::Sightings>(visit));
    return DeriveKind<v1::Principal>(visit);
  }

  template <typename R>
  Result<void> DeriveKind(const DerivedCheck::Visitor& visit) {
    return ForEach<R>(
        [&](uint64_t id, uint64_t, const R& record) -> Result<void> {
          visit(ChangeWriter::KindOf(record), id, Derive(record));
          return {};
        },
        [](uint64_t) {});
  }

  void CompareWithLog(store::Kind kind, uint64_t id, uint64_t revision,
                      const google::protobuf::Message& record) {
    const LogTail::Last last = log_.Of(kind, id);
    if (last.revision == 0) {
      findings_.Add("{} {} is in no log entry", KindName(kind), id);
    } else if (last.revision != revision) {
      findings_.Add("{} {} is at revision {}, but the log says {}", KindName(kind), id, revision,
                    last.revision);
    } else if (last.hash != log_.HashOf(SerializeWithoutWithheld(record))) {
      findings_.Add("{} {} differs from its last log entry", KindName(kind), id);
    }
  }

  Result<void> CheckContent(uint64_t, const v1::Registry&) { return {}; }
  Result<void> CheckContent(uint64_t, const v1::Principal&) { return {}; }
  Result<void> CheckContent(uint64_t, const v1::FacilityClass&) { return {}; }
  Result<void> CheckContent(uint64_t, const v1::Batch&) { return {}; }

  /// Of its list: CheckStockLists.
  Result<void> CheckContent(uint64_t, const v1::StockTake&) { return {}; }

  Result<void> CheckContent(uint64_t, const v1::RightsRules&) { return {}; }
  Result<void> CheckContent(uint64_t id, const v1::Notice& notice) {
    CheckErasable("notice", id, notice);
    return rights_.Check(notice);
  }

  Result<void> CheckContent(uint64_t id, const v1::Claim& claim) {
    CheckReference("claim", id, store::Kind::kFacility, claim.facility());
    CheckReference("claim", id, store::Kind::kOrganization, claim.organization());
    CheckReference("claim", id, store::Kind::kNotice, claim.notice());
    CheckReference("claim", id, store::Kind::kOffer, claim.offer());
    CheckReference("claim", id, store::Kind::kOrder, claim.order());
    CheckErasable("claim", id, claim);
    return rights_.Check(claim);
  }

  Result<void> CheckContent(uint64_t id, const v1::Objection& objection) {
    CheckReference("objection", id, store::Kind::kFacility, objection.facility());
    CheckReference("objection", id, store::Kind::kOrganization, objection.organization());
    CheckReference("objection", id, store::Kind::kNotice, objection.notice());
    CheckErasable("objection", id, objection);
    return rights_.Check(objection);
  }

  Result<void> CheckContent(uint64_t id, const v1::Offer& offer) {
    CheckReference("offer", id, store::Kind::kFacility, offer.facility());
    CheckReference("offer", id, store::Kind::kClaim, offer.claim());
    for (const auto& candidate : offer.candidates()) {
      CheckReference("offer", id, store::Kind::kOrganization, candidate.organization());
    }
    CheckErasable("offer", id, offer);
    return CheckOffer(snapshot_, offer, findings_);
  }

  Result<void> CheckContent(uint64_t id, const v1::Order& order) {
    CheckReference("order", id, store::Kind::kFacility, order.facility());
    CheckReference("order", id, store::Kind::kOrganization, order.from());
    CheckReference("order", id, store::Kind::kOrganization, order.to());
    CheckReference("order", id, store::Kind::kClaim, order.claim());
    CheckReference("order", id, store::Kind::kNotice, order.notice());
    CheckErasable("order", id, order);
    return CheckOrder(snapshot_, order, findings_);
  }

  Result<void> CheckContent(uint64_t id, const v1::BlankRange& range) {
    CheckReference("range of blank plates", id, store::Kind::kOrganization, range.contractor());
    CheckReference("range of blank plates", id, store::Kind::kCode, range.first());
    CheckReference("range of blank plates", id, store::Kind::kCode, range.last());
    if (range.first() > range.last() || range.plates() == 0) {
      findings_.Add("range of blank plates {} holds {} plates from {} to {}", id, range.plates(),
                    range.first(), range.last());
    }
    return {};
  }

  Result<void> CheckContent(uint64_t id, const v1::StockFinding& finding) {
    CheckReference("finding", id, store::Kind::kStockTake, finding.stock_take());
    CheckReference("finding", id, store::Kind::kFacility, finding.facility());
    CheckReference("finding", id, store::Kind::kCode, finding.serial());
    const bool names_something =
        finding.facility() != 0 || finding.serial() != 0 || !finding.seen().empty();
    if (!v1::StockOutcome_IsValid(finding.outcome()) || !names_something ||
        finding.outcome() == v1::STOCK_OUTCOME_UNSPECIFIED ||
        finding.outcome() == v1::STOCK_OUTCOME_MISSING) {
      findings_.Add("finding {} says nothing that could be seen", id);
    }
    return {};
  }

  Result<void> CheckContent(uint64_t id, const v1::Sightings& sightings) {
    CheckReference("sightings of code", id, store::Kind::kCode, sightings.serial());
    uint64_t kept = 0;
    for (const auto& place : sightings.places()) kept += place.count();
    if (kept > sightings.count()) {
      findings_.Add("sightings of code {} count {}, but its places {}", id, sightings.count(),
                    kept);
    }
    return {};
  }

  Result<void> CheckContent(uint64_t id, const v1::Organization& organization) {
    CheckErasable("organization", id, organization);
    for (const uint64_t successor : organization.successors()) {
      CheckReference("organization", id, store::Kind::kOrganization, successor);
    }
    if (const uint64_t follower = organization.follower(); follower != 0) {
      const auto& successors = organization.successors();
      if (std::ranges::find(successors, follower) == successors.end()) {
        findings_.Add("organization {} is followed by {}, no successor of it", id, follower);
      }
      if (organization.state() == v1::ORGANIZATION_STATE_UNSPECIFIED) {
        findings_.Add("organization {} is followed by {}, and acts still", id, follower);
      }
    }
    return {};
  }

  Result<void> CheckContent(uint64_t id, const v1::Facility& facility) {
    if (const size_t size = facility.ByteSizeLong(); size > kFacilitySizeMax) {
      findings_.Add("facility {} takes {} bytes, more than {}", id, size, kFacilitySizeMax);
    }
    CheckErasable("facility", id, facility);
    YIMA_ASSIGN_OR_RETURN(const bool coded, coded_.Has(id));
    if (const std::string cover = CoverCounter(facility); coded && !cover.empty()) {
      derived_.Count(CodedCounter(cover));
    }
    const auto check_right = [&](const v1::Right& right) {
      CheckReference("facility", id, store::Kind::kOrganization, right.holder());
    };
    check_right(facility.supervising());
    check_right(facility.owning());
    check_right(facility.maintaining());
    CheckReference("facility", id, store::Kind::kBatch, facility.batch());
    CheckStep("last step of facility", id, facility.last_step());
    CheckStep("hand-over of facility", id, facility.hand_over());
    YIMA_RETURN_IF_ERROR(CheckFiles(id, facility));
    YIMA_RETURN_IF_ERROR(rights_.Check(facility));
    YIMA_RETURN_IF_ERROR(CheckOrdersOf(snapshot_, facility, findings_));
    return CheckWholes(id, facility);
  }

  Result<void> CheckFiles(uint64_t id, const v1::Facility& facility) {
    for (const auto& file : facility.files()) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t attachment,
                            snapshot_.Holder(store::Index::kAttachmentHash, file.sha256()));
      if (attachment == 0) findings_.Add("facility {} names a file that is not kept", id);
    }
    return {};
  }

  void CheckStep(std::string_view what, uint64_t id, const v1::LifeStep& step) {
    CheckReference(what, id, store::Kind::kOrganization, step.from_organization());
    CheckReference(what, id, store::Kind::kOrganization, step.to_organization());
  }

  /// What it is a part of: there, knowing of its parts, standing while it does, and not too much.
  Result<void> CheckWholes(uint64_t id, const v1::Facility& facility) {
    uint64_t above = facility.parent();
    CheckReference("facility", id, store::Kind::kFacility, above);
    for (int deep = 1; above != 0; ++deep) {
      if (deep == kWholesMax) {
        findings_.Add("more than {} facilities stand one within another, or in a circle, from {}",
                      kWholesMax, id);
        return {};
      }
      YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot_.Get(store::Kind::kFacility, above));
      v1::Facility whole;
      // What is missing or damaged is reported as a reference and as a record.
      if (!stored || !whole.ParseFromString(stored->bytes)) return {};
      if (!whole.has_parts()) {
        findings_.Add("facility {} has parts, and does not know of them", above);
      }
      if (deep == 1 && HasEnded(whole) && !HasEnded(facility)) {
        findings_.Add("facility {} stands, and is a part of facility {}, which is no more", id,
                      above);
      }
      above = whole.parent();
    }
    return {};
  }

  Result<void> CheckContent(uint64_t id, const v1::Code& code) {
    CheckWithheld("signature of code", id, code.signature());
    CheckReference("code", id, store::Kind::kFacility, code.facility());
    CheckReference("code", id, store::Kind::kCode, code.successor());
    CheckReference("code", id, store::Kind::kBatch, code.batch());
    if (code.state() == v1::CODE_STATE_ACTIVE && code.facility() == 0) {
      findings_.Add("code {} is active without a facility", id);
    }
    if (code.state() == v1::CODE_STATE_SUSPENDED && code.facility() == 0) {
      findings_.Add("code {} is suspended without a facility", id);
    }
    if (code.state() == v1::CODE_STATE_REPLACED && code.successor() == 0) {
      findings_.Add("code {} is replaced without a successor", id);
    }
    if (proofs_) proofs_->Add(code, findings_);
    YIMA_ASSIGN_OR_RETURN(const auto facility, FacilityOf(code));
    if (code.state() == v1::CODE_STATE_ACTIVE && facility && HasEnded(*facility)) {
      findings_.Add("code {} is active, and facility {} is no more", id, code.facility());
    }
    CheckPayload(id, code, facility);
    return {};
  }

  /// Nothing where there is none; what is missing or damaged is reported as a reference, and as a
  /// record.
  Result<std::optional<v1::Facility>> FacilityOf(const v1::Code& code) {
    if (code.facility() == 0) return std::nullopt;
    YIMA_ASSIGN_OR_RETURN(const auto stored,
                          snapshot_.Get(store::Kind::kFacility, code.facility()));
    v1::Facility facility;
    if (!stored || !facility.ParseFromString(stored->bytes)) return std::nullopt;
    return facility;
  }

  /// What is signed must name this code, and the facility that the record leads to.
  void CheckPayload(uint64_t id, const v1::Code& code,
                    const std::optional<v1::Facility>& facility) {
    if (code.payload().size() != kPayloadSize) return;  // reported with the signature
    PayloadBytes bytes;
    std::ranges::copy(code.payload(), bytes.begin());
    const Payload payload = DecodePayload(bytes);
    if (payload.serial.value() != id) {
      findings_.Add("the payload of code {} says serial {}", id, payload.serial.value());
    }
    if (payload.scheme == kSchemeBlank || !facility) return;
    const auto signed_code = FacilityCode::FromInteger(payload.scheme, payload.facility_code);
    if (!signed_code) return;  // reported by its verdict
    const std::string digits = signed_code->ToString();
    if (std::ranges::none_of(facility->codes(), [&](const v1::FacilityCode& had) {
          return had.scheme() == payload.scheme && had.digits() == digits;
        })) {
      findings_.Add("code {} is signed for facility code {}, which facility {} never had", id,
                    digits, code.facility());
    }
  }

  template <typename R>
  void CheckErasable(std::string_view kind, uint64_t id, R record) {
    EachErasable(record, [&](std::string_view path, const v1::Withheld& value) {
      CheckWithheld(fmt::format("{} of {}", path, kind), id, value);
    });
  }

  void CheckWithheld(std::string_view what, uint64_t id, const v1::Withheld& withheld) {
    if (!IsErased(withheld) && !HashFits(withheld))
      findings_.Add("the {} {} does not have its hash", what, id);
  }

  /// 0 means none.
  void CheckReference(std::string_view from, uint64_t id, store::Kind kind, uint64_t to) {
    if (to != 0 && !log_.Exists(kind, to)) {
      findings_.Add("{} {} names {} {}, which has no record", from, id, KindName(kind), to);
    }
  }

  const store::Snapshot& snapshot_;
  const CheckProgress& progress_;
  Findings findings_;
  LogTail log_;
  DerivedCheck derived_;
  CodedFacilities coded_;
  RightsCheck rights_;
  std::optional<CodeProofs> proofs_;
};

}  // namespace

Result<std::vector<std::string>> CheckRegistry(const store::Snapshot& snapshot,
                                               const v1::Registry& registry,
                                               const CheckProgress& progress,
                                               std::vector<std::string>* notes) {
  Check check(snapshot, progress);
  auto findings = check.Run(registry);
  if (notes != nullptr && check.erased_signatures() > 0) {
    notes->push_back(fmt::format("signatures of {} codes are erased: their plates cannot be judged",
                                 check.erased_signatures()));
  }
  return findings;
}

}  // namespace yima::server
