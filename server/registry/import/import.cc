#include "server/registry/import/import.h"

#include <map>

#include <fmt/format.h>
#include <sodium.h>

#include "server/domain/batch_items.h"
#include "server/registry/facility_rules.h"
#include "server/registry/import/import_apply.h"
#include "server/registry/import/import_row.h"

namespace yima::server {
namespace {

constexpr int kRowsMax = 1000;

/// Trouble of the server or of the whole ledger, not of one row.
bool EndsTheStream(const Error& error) {
  return error.code == StatusCode::kDataLoss || error.code == StatusCode::kInternal ||
         error.code == StatusCode::kResourceExhausted || error.code == StatusCode::kUnavailable;
}

/// One ledger from its first message to its report. Use once, from one thread.
class Import {
 public:
  Import(const Domain& domain, const Call& call, const ImportSource& source, const ImportSink& sink,
         v1::ImportHeader header, SpoolFile rows, SpoolFile keys)
      : domain_(domain),
        call_(call),
        source_(source),
        sink_(sink),
        header_(std::move(header)),
        organizations_(header_.create_organizations() && call.reach->AllOrganizations()),
        rows_(std::move(rows)),
        keys_(std::move(keys)),
        problems_(sink) {
    crypto_generichash_init(&hash_, nullptr, 0, crypto_generichash_BYTES);
  }

  Result<void> Run(v1::ImportFacilitiesRequest& first) {
    const auto done = Carry(first);
    if (problems_.refused()) call_.refused(*problems_.refused(), problems_.refusals());
    return done;
  }

 private:
  Result<void> Carry(v1::ImportFacilitiesRequest& first) {
    YIMA_RETURN_IF_ERROR(ReadAll(first));
    YIMA_RETURN_IF_ERROR(RefuseRepeated());
    YIMA_RETURN_IF_ERROR(problems_.Flush());
    YIMA_RETURN_IF_ERROR(TellRead());
    const RequestMark mark = Mark();
    ImportApply apply(domain_, call_, header_, sink_, organizations_, rows_, keys_, problems_);
    bool begun = false;
    if (!header_.dry_run()) {
      YIMA_ASSIGN_OR_RETURN(begun, apply.Resume(mark));
    }
    report_.set_stopped(report_.rejected() > 0 && !header_.keep_going() && !begun);
    if (header_.dry_run() || !report_.stopped()) {
      YIMA_RETURN_IF_ERROR(apply.Run(mark, report_.rows()));
    }
    YIMA_RETURN_IF_ERROR(problems_.Flush());
    return Report(apply);
  }

  Result<void> ReadAll(v1::ImportFacilitiesRequest& request) {
    request.clear_header();
    for (bool more = true; more;) {
      if (call_.cancelled()) return CallEnded();
      if (request.has_header()) {
        return Invalid("HEADER_TWICE", "only the first message has a header", "header");
      }
      if (request.rows_size() > kRowsMax) {
        return Invalid(
            "ROWS_TOO_MANY",
            fmt::format("{} rows in one message, want at most {}", request.rows_size(), kRowsMax),
            "rows");
      }
      YIMA_RETURN_IF_ERROR(TakeAll(*request.mutable_rows()));
      YIMA_RETURN_IF_ERROR(problems_.SendFull());
      request.Clear();
      YIMA_ASSIGN_OR_RETURN(more, source_(request));
    }
    YIMA_RETURN_IF_ERROR(rows_.Flush());
    return keys_.Sort();
  }

  /// Nothing is written before the client took this: to who reads, a stream that broke off looks
  /// like one that ended, and half a ledger must not be taken for the whole. Who writes is told.
  Result<void> TellRead() {
    v1::ImportFacilitiesResponse read;
    read.set_total(report_.rows());
    return sink_(read);
  }

  /// The snapshot ends with the rows: neither a silent client nor one that does not read holds it.
  Result<void> TakeAll(google::protobuf::RepeatedPtrField<v1::ImportRow>& rows) {
    const auto snapshot = domain_.store.Read();
    for (auto& row : rows) YIMA_RETURN_IF_ERROR(Take(*snapshot, row));
    return {};
  }

  Result<void> Take(const store::Snapshot& snapshot, v1::ImportRow& given) {
    Hash(given);
    SpooledRow row;
    row.ordinal = report_.rows();
    report_.set_rows(row.ordinal + 1);
    const auto sound = ReadRow(domain_, call_, header_, snapshot, organizations_, given, row);
    if (!sound) {
      if (EndsTheStream(sound.error())) return sound;
      Reject(given.line(), sound.error());
      return {};
    }
    YIMA_RETURN_IF_ERROR(rows_.Append(row));
    Count(given.facility(), row.given, 1);
    return keys_.Add(row, given.facility());
  }

  Result<void> RefuseRepeated() {
    return keys_.FindRepeated(
        rows_,
        [&](const SpooledRow& first, const SpooledRow& again, const v1::Facility& facility,
            const Key& key) -> Result<void> {
          if (again.rejected) return {};
          YIMA_RETURN_IF_ERROR(rows_.Reject(again.offset));
          Count(facility, again.given, -1);
          const bool code = key.index == store::Index::kFacilityCode;
          Reject(again.line, {StatusCode::kInvalidArgument, "ROW_REPEATED",
                              fmt::format("line {} and line {} have the same {}", first.line,
                                          again.line, code ? "facility code" : "external code"),
                              code ? "codes" : "external_codes"});
          return problems_.SendFull();
        });
  }

  void Reject(uint64_t line, const Error& error) {
    report_.set_rejected(report_.rejected() + 1);
    problems_.Add(line, error, false);
  }

  /// Counts what a sound row needs and lacks, or takes it back.
  void Count(const v1::Facility& facility, uint8_t said, int64_t rows) {
    organizations_.Count(facility.supervising().holder(), rows);
    if (facility.has_owning()) organizations_.Count(facility.owning().holder(), rows);
    if (facility.has_maintaining()) organizations_.Count(facility.maintaining().holder(), rows);
    for (const auto attribute : MissingAttributes(facility)) {
      const bool given_out = header_.assign_codes() && attribute == "GLBJBSM";
      if (!given_out) missing_[std::string(attribute)] += rows;
    }
    // The registry takes it for intact, which no one has seen.
    if ((said & kConditionGiven) == 0) missing_["GLBJZT"] += rows;
    if (!organizations_.HasCreditCode(facility.supervising().holder())) missing_["ZGBMDM"] += rows;
  }

  /// The rows as they came, whatever messages they came in.
  void Hash(const v1::ImportRow& row) {
    row.SerializeToString(&scratch_);
    const uint64_t size = scratch_.size();
    crypto_generichash_update(&hash_, reinterpret_cast<const uint8_t*>(&size), sizeof(size));
    crypto_generichash_update(&hash_, reinterpret_cast<const uint8_t*>(scratch_.data()), size);
  }

  RequestMark Mark() {
    v1::ImportHeader covered = header_;
    covered.clear_request_id();
    std::string bytes(crypto_generichash_BYTES, '\0');
    crypto_generichash_final(&hash_, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
    return MarkOf(domain_, call_, header_.request_id(), bytes + covered.SerializeAsString());
  }

  Result<void> Report(const ImportApply& apply) {
    const auto& counts = apply.counts();
    report_.set_batch(apply.batch().id());
    report_.set_created(counts.created());
    report_.set_updated(counts.updated());
    report_.set_unchanged(counts.unchanged());
    report_.set_conflicts(counts.conflicts());
    YIMA_RETURN_IF_ERROR(organizations_.Tell(*domain_.store.Read(), apply.batch(), report_));
    for (const auto& [attribute, rows] : missing_) {
      if (rows <= 0) continue;
      auto* missing = report_.add_missing_attributes();
      missing->set_attribute(attribute);
      missing->set_rows(static_cast<uint64_t>(rows));
    }
    v1::ImportFacilitiesResponse last;
    *last.mutable_report() = std::move(report_);
    return sink_(last);
  }

  const Domain& domain_;
  const Call& call_;
  const ImportSource& source_;
  const ImportSink& sink_;
  const v1::ImportHeader header_;
  LedgerOrganizations organizations_;
  RowSpool rows_;
  LedgerKeys keys_;
  ImportProblems problems_;
  crypto_generichash_state hash_;
  std::string scratch_;
  v1::ImportReport report_;
  std::map<std::string, int64_t> missing_;
};

}  // namespace

Result<void> ImportFacilities(const Domain& domain, const Call& call, const ImportSource& source,
                              const ImportSink& sink) {
  v1::ImportFacilitiesRequest first;
  YIMA_ASSIGN_OR_RETURN(const bool begun, source(first));
  if (!begun || !first.has_header()) {
    return Invalid("HEADER_MISSING", "the first message of the stream has no header", "header");
  }
  YIMA_RETURN_IF_ERROR(CheckHeader(first.header()));
  YIMA_ASSIGN_OR_RETURN(auto rows, SpoolFile::Create(domain.spool));
  YIMA_ASSIGN_OR_RETURN(auto keys, SpoolFile::Create(domain.spool));
  return Import(domain, call, source, sink, first.header(), std::move(rows), std::move(keys))
      .Run(first);
}

}  // namespace yima::server
