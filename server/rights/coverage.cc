#include "server/rights/coverage.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace yima::server {
namespace {

constexpr int kValuesMax = 1000;

bool IsDigits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<void> CheckCount(int count, std::string_view field) {
  if (count <= kValuesMax) return {};
  return Invalid("TOO_MANY_VALUES", fmt::format("{} {}, want at most {}", count, field, kValuesMax),
                 std::string(field));
}

template <typename Enum>
Result<void> CheckEnum(Enum value, bool known, std::string_view field) {
  if (known) return {};
  return Invalid("ENUM_UNKNOWN", fmt::format("{} is no known value", static_cast<int>(value)),
                 std::string(field));
}

Result<void> CheckRequest(const v1::GetCoverageRequest& request) {
  YIMA_RETURN_IF_ERROR(
      CheckEnum(request.group(), v1::CoverageGroup_IsValid(request.group()), "group"));
  YIMA_RETURN_IF_ERROR(CheckEnum(request.role(), v1::RightKind_IsValid(request.role()), "role"));
  YIMA_RETURN_IF_ERROR(CheckCount(request.divisions_size(), "divisions"));
  YIMA_RETURN_IF_ERROR(CheckCount(request.class_codes_size(), "class_codes"));
  YIMA_RETURN_IF_ERROR(CheckCount(request.organizations_size(), "organizations"));
  for (int i = 0; i < request.divisions_size(); ++i) {
    const std::string& prefix = request.divisions(i);
    if (!IsDigits(prefix) || (prefix.size() != 2 && prefix.size() != 4 && prefix.size() != 6)) {
      return Invalid(
          "DIVISION_MALFORMED",
          fmt::format("division prefix \"{}\", want 2, 4 or 6 digits", prefix.substr(0, 64)),
          fmt::format("divisions[{}]", i));
    }
  }
  for (int i = 0; i < request.class_codes_size(); ++i) {
    if (request.class_codes(i).empty() || request.class_codes(i).size() > 16) {
      return Invalid("CLASS_MALFORMED",
                     fmt::format("class \"{}\", want a code or 2 digits of a group",
                                 request.class_codes(i).substr(0, 64)),
                     fmt::format("class_codes[{}]", i));
    }
  }
  return {};
}

/// What a request asks for, held against one counter after the other.
class Asked {
 public:
  Asked(const Call& call, const v1::GetCoverageRequest& request)
      : call_(call),
        request_(request),
        role_(request.role() == v1::RIGHT_KIND_UNSPECIFIED
                  ? 0
                  : static_cast<size_t>(request.role()) - v1::RIGHT_KIND_SUPERVISING),
        organizations_(request.organizations().begin(), request.organizations().end()) {}

  bool Takes(const Cover& cover) {
    return HasDivision(cover) && HasClass(cover) &&
           (organizations_.empty() || organizations_.contains(Holder(cover))) && IsWithin(cover);
  }
  /// Of the right by which organizations are told apart.
  uint64_t Holder(const Cover& cover) const { return cover.rights.at(role_).holder; }

 private:
  bool HasDivision(const Cover& cover) const {
    return request_.divisions().empty() ||
           std::ranges::any_of(request_.divisions(), [&](const std::string& prefix) {
             return cover.division.starts_with(prefix);
           });
  }
  /// As in a FacilityFilter: two digits match every class of that group.
  bool HasClass(const Cover& cover) const {
    return request_.class_codes().empty() ||
           std::ranges::any_of(request_.class_codes(), [&](const std::string& code) {
             return cover.class_code == code ||
                    (code.size() == 2 && cover.class_code.starts_with(code));
           });
  }
  /// Reach asks a facility for its division and holders, and a counter says all of these.
  bool IsWithin(const Cover& cover) {
    if (call_.is_public || call_.reach->everywhere()) return true;
    facility_.set_division(std::string(cover.division));
    facility_.mutable_supervising()->set_holder(cover.rights[0].holder);
    facility_.mutable_owning()->set_holder(cover.rights[1].holder);
    facility_.mutable_maintaining()->set_holder(cover.rights[2].holder);
    return call_.reach->Covers(facility_);
  }

  const Call& call_;
  const v1::GetCoverageRequest& request_;
  const size_t role_;
  const std::unordered_set<uint64_t> organizations_;
  v1::Facility facility_;  ///< Its memory is used again for each counter.
};

/// The sums of a request's groups.
class Groups {
 public:
  explicit Groups(v1::CoverageGroup group) : group_(group) {}

  void Add(const Asked& asked, const Cover& cover, bool coded, uint64_t count) {
    total_.Add(cover, coded, count);
    switch (group_) {
      case v1::COVERAGE_GROUP_DIVISION:
        return Named(cover.division).Add(cover, coded, count);
      case v1::COVERAGE_GROUP_CLASS:
        return Named(cover.class_code).Add(cover, coded, count);
      case v1::COVERAGE_GROUP_ORGANIZATION:
        return held_[asked.Holder(cover)].Add(cover, coded, count);
      default:
        return;
    }
  }

  Result<v1::GetCoverageResponse> Tell(const store::Snapshot& snapshot) const {
    v1::GetCoverageResponse response;
    *response.mutable_total() = total_.Under("");
    if (group_ == v1::COVERAGE_GROUP_UNSPECIFIED) *response.add_rows() = response.total();
    for (const auto& [name, sum] : named_) *response.add_rows() = sum.Under(name);
    for (const auto& [holder, sum] : held_) {
      *response.add_rows() = sum.Under(fmt::to_string(holder));
      YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, holder));
      if (!read) continue;
      auto* organization = response.add_organizations();
      organization->set_id(holder);
      organization->set_name(read->record.name());
    }
    return response;
  }

 private:
  /// Counters come by division and class, so most are of the group of the one before.
  CoverageSum& Named(std::string_view name) {
    if (latest_ != named_.end() && latest_->first == name) return latest_->second;
    latest_ = named_.try_emplace(std::string(name)).first;
    return latest_->second;
  }

  const v1::CoverageGroup group_;
  CoverageSum total_;
  std::map<std::string, CoverageSum> named_;
  std::map<std::string, CoverageSum>::iterator latest_ = named_.end();
  std::map<uint64_t, CoverageSum> held_;
};

}  // namespace

void CoverageSum::Add(const Cover& cover, bool coded, uint64_t count) {
  if (coded) {
    coded_ += count;
    return;
  }
  facilities_ += count;
  for (size_t i = 0; i < rights_.size(); ++i) {
    const RightCover& right = cover.rights[i];
    rights_[i].states.at(static_cast<size_t>(right.state)) += count;
    if (right.published) rights_[i].published += count;
  }
}

void CoverageSum::Fill(const Right& right, v1::RightCounts& counts) {
  counts.set_none(right.states[v1::RIGHT_STATE_UNSPECIFIED]);
  counts.set_recorded(right.states[v1::RIGHT_STATE_RECORDED]);
  counts.set_claimed(right.states[v1::RIGHT_STATE_CLAIMED]);
  counts.set_confirmed(right.states[v1::RIGHT_STATE_CONFIRMED]);
  counts.set_ownerless(right.states[v1::RIGHT_STATE_OWNERLESS]);
  counts.set_published(right.published);
}

v1::Coverage CoverageSum::Under(std::string group) const {
  v1::Coverage coverage;
  coverage.set_group(std::move(group));
  coverage.set_facilities(facilities_);
  coverage.set_coded(coded_);
  Fill(rights_[0], *coverage.mutable_supervising());
  Fill(rights_[1], *coverage.mutable_owning());
  Fill(rights_[2], *coverage.mutable_maintaining());
  return coverage;
}

Result<void> EachCover(const store::Snapshot& snapshot, const CoverVisitor& visit) {
  return snapshot.ScanCounters([&](std::string_view counter, int64_t value) {
    if (counter >= kCoverEnd) return false;
    // What a damaged store counts below nothing is for `yimad check` to tell.
    const auto cover = value > 0 ? ParseCover(counter) : std::nullopt;
    if (cover) visit(*cover, IsCodedCounter(counter), static_cast<uint64_t>(value));
    return true;
  });
}

Result<v1::GetCoverageResponse> GetCoverage(const Domain&, const Call& call,
                                            const v1::GetCoverageRequest& request,
                                            const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  if (call.is_public &&
      (request.group() == v1::COVERAGE_GROUP_ORGANIZATION || !request.organizations().empty())) {
    return Fail(StatusCode::kUnauthenticated, "TOKEN_MISSING",
                "how far organizations have come is told to callers with a token");
  }
  Asked asked(call, request);
  Groups groups(request.group());
  YIMA_RETURN_IF_ERROR(EachCover(snapshot, [&](const Cover& cover, bool coded, uint64_t count) {
    if (asked.Takes(cover)) groups.Add(asked, cover, coded, count);
  }));
  return groups.Tell(snapshot);
}

}  // namespace yima::server
