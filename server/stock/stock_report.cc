#include "server/stock/stock_report.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "server/access/roles.h"
#include "server/stock/findings.h"
#include "server/stock/stock_takes.h"

namespace yima::server {
namespace {

/// How much a finding says for a facility of the list; the greatest decides.
int WeightOf(v1::StockOutcome outcome) {
  switch (outcome) {
    case v1::STOCK_OUTCOME_FOUND:
      return 3;
    case v1::STOCK_OUTCOME_WRONG_PLACE:
      return 2;
    case v1::STOCK_OUTCOME_PLATE_ENDED:
      return 1;
    default:
      return 0;
  }
}

/// Whose findings are looked at.
using Senders = std::function<bool(const v1::StockFinding&)>;

bool IsAnybody(const v1::StockFinding&) { return true; }

/// The finding that decides about a facility of the list; nothing when it was not seen.
Result<std::optional<v1::StockFinding>> DecidingFinding(const store::Snapshot& snapshot,
                                                        uint64_t stock_take, uint64_t facility,
                                                        const Senders& senders = IsAnybody) {
  std::optional<v1::StockFinding> best;
  YIMA_RETURN_IF_ERROR(EachFinding(
      snapshot, 0, StockFacilityTerm(stock_take, facility), [&](const v1::StockFinding& finding) {
        const int weight = WeightOf(finding.outcome());
        if (weight > (best ? WeightOf(best->outcome()) : 0) && senders(finding)) best = finding;
        return true;
      }));
  return best;
}

/// The same may have been sent twice at the same moment: the first of them counts.
Result<bool> IsFirst(const store::Snapshot& snapshot, const v1::StockFinding& finding,
                     const Senders& senders = IsAnybody) {
  bool first = true;
  YIMA_RETURN_IF_ERROR(
      EachFinding(snapshot, 0, ThingTerm(finding), [&](const v1::StockFinding& kept) {
        if (kept.id() >= finding.id()) return false;
        if (kept.outcome() == finding.outcome() && senders(kept)) first = false;
        return first;
      }));
  return first;
}

class Report {
 public:
  Report(const Domain& domain, const Call& call, const v1::GetStockTakeReportRequest& request,
         const ReportSink& sink, v1::StockTake stock_take)
      : domain_(domain),
        call_(call),
        sink_(sink),
        stock_take_(std::move(stock_take)),
        outcomes_(request.outcomes().begin(), request.outcomes().end()) {}

  Result<void> Run() {
    // Managers who go out with a crew see all the same.
    if ((call_.roles & (kReaders & ~RoleBit(v1::ROLE_CREW))) == 0) {
      YIMA_RETURN_IF_ERROR(
          EachPage(StockSenderTerm(stock_take_.id(), call_.principal), &Report::AddOwn));
    } else {
      YIMA_RETURN_IF_ERROR(AddList());
      YIMA_RETURN_IF_ERROR(EachPage(StockRestTerm(stock_take_.id()), &Report::AddRest));
    }
    *message_.mutable_counts() = counts_;
    return sink_(message_);
  }

 private:
  Result<void> AddList() {
    const uint64_t chunks = (stock_take_.expected() + kBatchChunk - 1) / kBatchChunk;
    for (uint64_t chunk = 0; chunk < chunks; ++chunk) {
      if (call_.cancelled()) return CallEnded();
      YIMA_RETURN_IF_ERROR(AddChunk(*domain_.store.Read(), chunk));
      YIMA_RETURN_IF_ERROR(Send());
    }
    return {};
  }

  Result<void> AddChunk(const store::Snapshot& snapshot, uint64_t chunk) {
    YIMA_ASSIGN_OR_RETURN(const auto items, FrozenList(snapshot, stock_take_).Chunk(chunk));
    for (const BatchItem& item : items) {
      YIMA_ASSIGN_OR_RETURN(const bool visible, MaySee(snapshot, item.facility));
      if (!visible) continue;
      YIMA_ASSIGN_OR_RETURN(const auto finding,
                            DecidingFinding(snapshot, stock_take_.id(), item.facility));
      const v1::StockOutcome outcome = finding ? finding->outcome() : v1::STOCK_OUTCOME_MISSING;
      counts_.set_expected(counts_.expected() + 1);
      CountExpected(outcome);
      v1::StockTakeLine line;
      line.set_outcome(outcome);
      line.set_facility(item.facility);
      line.set_serial(item.serial);
      YIMA_RETURN_IF_ERROR(AddLine(snapshot, std::move(line), finding ? &*finding : nullptr));
    }
    return {};
  }

  void CountExpected(v1::StockOutcome outcome) {
    switch (outcome) {
      case v1::STOCK_OUTCOME_FOUND:
        return counts_.set_found(counts_.found() + 1);
      case v1::STOCK_OUTCOME_WRONG_PLACE:
        return counts_.set_wrong_place(counts_.wrong_place() + 1);
      case v1::STOCK_OUTCOME_PLATE_ENDED:
        return counts_.set_only_ended_plate(counts_.only_ended_plate() + 1);
      default:
        return counts_.set_missing(counts_.missing() + 1);
    }
  }

  /// Of everything that is not a facility of the list.
  void CountOther(v1::StockOutcome outcome) {
    switch (outcome) {
      case v1::STOCK_OUTCOME_UNEXPECTED:
      case v1::STOCK_OUTCOME_WRONG_PLACE:
        return counts_.set_unexpected(counts_.unexpected() + 1);
      case v1::STOCK_OUTCOME_PLATE_ENDED:
        return counts_.set_plate_ended(counts_.plate_ended() + 1);
      case v1::STOCK_OUTCOME_PLATE_BLANK:
        return counts_.set_plate_blank(counts_.plate_blank() + 1);
      case v1::STOCK_OUTCOME_NOT_AUTHENTIC:
        return counts_.set_not_authentic(counts_.not_authentic() + 1);
      default:
        return counts_.set_unknown(counts_.unknown() + 1);
    }
  }

  /// Findings under a term, a page from each snapshot.
  Result<void> EachPage(const std::string& term,
                        Result<void> (Report::*add)(const store::Snapshot&,
                                                    const v1::StockFinding&)) {
    constexpr size_t kPage = 500;
    std::vector<v1::StockFinding> page;
    uint64_t after = 0;
    do {
      if (call_.cancelled()) return CallEnded();
      page.clear();
      const auto snapshot = domain_.store.Read();
      YIMA_RETURN_IF_ERROR(
          EachFinding(*snapshot, after, term, [&](const v1::StockFinding& finding) {
            page.push_back(finding);
            return page.size() < kPage;
          }));
      for (const auto& finding : page) YIMA_RETURN_IF_ERROR((this->*add)(*snapshot, finding));
      if (!page.empty()) after = page.back().id();
      YIMA_RETURN_IF_ERROR(Send());
    } while (page.size() == kPage);
    return {};
  }

  Result<void> AddRest(const store::Snapshot& snapshot, const v1::StockFinding& finding) {
    YIMA_ASSIGN_OR_RETURN(const bool visible, MaySee(snapshot, finding));
    if (!visible) return {};
    YIMA_ASSIGN_OR_RETURN(const bool first, IsFirst(snapshot, finding));
    if (!first) return {};
    YIMA_ASSIGN_OR_RETURN(const bool counted, IsCounted(snapshot, finding));
    if (!counted) CountOther(finding.outcome());
    // An ended plate that decided about its facility stands there already.
    if (finding.expected()) {
      YIMA_ASSIGN_OR_RETURN(const auto deciding,
                            DecidingFinding(snapshot, stock_take_.id(), finding.facility()));
      if (deciding && deciding->id() == finding.id()) return {};
    }
    return AddFinding(snapshot, finding);
  }

  Result<void> AddOwn(const store::Snapshot& snapshot, const v1::StockFinding& finding) {
    const Senders own = [this](const v1::StockFinding& kept) {
      return kept.principal() == call_.principal;
    };
    if (finding.expected() && WeightOf(finding.outcome()) > 1) {
      YIMA_ASSIGN_OR_RETURN(const auto deciding,
                            DecidingFinding(snapshot, stock_take_.id(), finding.facility(), own));
      // Seen at another place, too, or sent twice: a facility counts once.
      if (!deciding || deciding->id() != finding.id()) return {};
      CountExpected(finding.outcome());
      return AddFinding(snapshot, finding);
    }
    YIMA_ASSIGN_OR_RETURN(const bool first, IsFirst(snapshot, finding, own));
    if (!first) return {};
    YIMA_ASSIGN_OR_RETURN(const bool counted, IsCounted(snapshot, finding, own));
    if (!counted) CountOther(finding.outcome());
    return AddFinding(snapshot, finding);
  }

  /// A facility beside the list that was seen with and without a position has two lines and counts
  /// once.
  static Result<bool> IsCounted(const store::Snapshot& snapshot, const v1::StockFinding& finding,
                                const Senders& senders = IsAnybody) {
    if (finding.outcome() != v1::STOCK_OUTCOME_WRONG_PLACE) return false;
    bool counted = false;
    YIMA_RETURN_IF_ERROR(
        EachFinding(snapshot, 0, ThingTerm(finding), [&](const v1::StockFinding& kept) {
          counted = kept.outcome() == v1::STOCK_OUTCOME_UNEXPECTED && senders(kept);
          return !counted;
        }));
    return counted;
  }

  Result<void> AddFinding(const store::Snapshot& snapshot, const v1::StockFinding& finding) {
    v1::StockTakeLine line;
    line.set_outcome(finding.outcome());
    line.set_facility(finding.facility());
    line.set_serial(finding.serial());
    return AddLine(snapshot, std::move(line), &finding);
  }

  Result<void> AddLine(const store::Snapshot& snapshot, v1::StockTakeLine line,
                       const v1::StockFinding* finding) {
    if (!outcomes_.empty() && !outcomes_.contains(line.outcome())) return {};
    if (finding != nullptr) {
      *line.mutable_finding() = *finding;
      if (finding->serial() != 0) line.set_serial(finding->serial());
    }
    if (line.facility() != 0) {
      YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, line.facility()));
      // What a crew read from a plate beyond its reach is shown as the public sees it: not at all.
      if (facility && call_.reach->Covers(facility->record)) Describe(facility->record, line);
    }
    *message_.add_lines() = std::move(line);
    return {};
  }

  static void Describe(const v1::Facility& facility, v1::StockTakeLine& line) {
    if (facility.codes_size() > 0) line.set_facility_code(facility.codes().rbegin()->digits());
    line.set_name(facility.name());
    line.set_address(facility.address());
  }

  Result<bool> MaySee(const store::Snapshot& snapshot, uint64_t facility) const {
    if (call_.reach->everywhere()) return true;
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, facility));
    return read && call_.reach->Covers(read->record);
  }
  /// What leads to no facility belongs to who sent it, and to who began the stock-take.
  Result<bool> MaySee(const store::Snapshot& snapshot, const v1::StockFinding& finding) const {
    if (finding.facility() != 0) return MaySee(snapshot, finding.facility());
    return call_.reach->everywhere() || call_.principal == finding.principal() ||
           call_.principal == stock_take_.principal();
  }

  /// What has gathered; nothing when no line was asked for.
  Result<void> Send() {
    if (message_.lines().empty()) return {};
    YIMA_RETURN_IF_ERROR(sink_(message_));
    message_.clear_lines();
    return {};
  }

  const Domain& domain_;
  const Call& call_;
  const ReportSink& sink_;
  const v1::StockTake stock_take_;
  const std::set<int> outcomes_;
  v1::GetStockTakeReportResponse message_;
  v1::StockTakeCounts counts_;
};

}  // namespace

Result<void> GetStockTakeReport(const Domain& domain, const Call& call,
                                const v1::GetStockTakeReportRequest& request,
                                const ReportSink& sink) {
  constexpr int kOutcomesMax = 1000;
  if (request.outcomes_size() > kOutcomesMax) {
    return Invalid(
        "TOO_MANY_VALUES",
        fmt::format("{} outcomes, want at most {}", request.outcomes_size(), kOutcomesMax),
        "outcomes");
  }
  for (int i = 0; i < request.outcomes_size(); ++i) {
    if (v1::StockOutcome_IsValid(request.outcomes(i)) && request.outcomes(i) != 0) continue;
    return Invalid("ENUM_UNKNOWN",
                   fmt::format("{} is no known value", static_cast<int>(request.outcomes(i))),
                   fmt::format("outcomes[{}]", i));
  }
  YIMA_ASSIGN_OR_RETURN(auto stock_take, FindStockTake(*domain.store.Read(), request.stock_take()));
  return Report(domain, call, request, sink, std::move(stock_take.record)).Run();
}

}  // namespace yima::server
