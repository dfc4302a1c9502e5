#include "server/check/derived_check.h"

#include <array>
#include <optional>
#include <unordered_set>

#include "server/check/log_tail.h"

namespace yima::server {
namespace {

constexpr std::array kIndexes = {store::Index::kFacilityCode,   store::Index::kExternalCode,
                                 store::Index::kActiveCode,     store::Index::kOrganizationName,
                                 store::Index::kCreditCode,     store::Index::kClassCode,
                                 store::Index::kCertificateName};

std::string_view IndexName(store::Index index) {
  switch (index) {
    case store::Index::kFacilityCode:
      return "facility code";
    case store::Index::kExternalCode:
      return "external code";
    case store::Index::kActiveCode:
      return "active code";
    case store::Index::kOrganizationName:
      return "organization name";
    case store::Index::kCreditCode:
      return "credit code";
    case store::Index::kClassCode:
      return "class code";
    case store::Index::kCertificateName:
      return "certificate name";
    case store::Index::kAttachmentHash:
      return "attachment";
    case store::Index::kJoins:
      return "joins";
  }
  return "key";
}

/// As people can read it: bytes that are not text in hex.
std::string Readable(std::string_view key) {
  std::string text;
  for (const char c : key) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text.push_back(c);
    }
  }
  return text;
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

/// The point, and nothing that is far from it.
bool Holds(const store::Box& around, const store::Point& point) {
  constexpr double kWidthMax = 1e-4;
  return around.west <= point.longitude && point.longitude <= around.east &&
         around.south <= point.latitude && point.latitude <= around.north &&
         around.east - around.west < kWidthMax && around.north - around.south < kWidthMax;
}

}  // namespace

DerivedCheck::DerivedCheck() {
  for (const auto index : kIndexes) keys_[index];
  for (const auto kind : store::kKinds) terms_[kind];
}

void DerivedCheck::Add(store::Kind kind, uint64_t id, const Derived& derived) {
  for (const auto& key : derived.keys) keys_.at(key.index).AddDerived(key.key, id);
  for (const auto& term : derived.terms) terms_.at(kind).AddDerived(term, id);
  for (const auto& [counter, value] : derived.counters) counters_[counter] += value;
  if (derived.place) ++places_;
}

Result<void> DerivedCheck::Compare(const store::Snapshot& snapshot, const Again& again,
                                   Findings& findings) {
  for (auto& [index, pairs] : keys_) {
    YIMA_RETURN_IF_ERROR(VisitKeys(snapshot, index, [&](std::string_view key, uint64_t holder) {
      pairs.AddStored(key, holder);
    }));
  }
  for (auto& [kind, pairs] : terms_) {
    YIMA_RETURN_IF_ERROR(VisitTerms(
        snapshot, kind, [&](std::string_view term, uint64_t id) { pairs.AddStored(term, id); }));
  }
  YIMA_RETURN_IF_ERROR(CompareCounters(snapshot, findings));
  YIMA_RETURN_IF_ERROR(ComparePlaces(snapshot, again, findings));
  bool equal = true;
  for (auto& [index, pairs] : keys_) equal = pairs.IsEqual() && equal;
  for (auto& [kind, pairs] : terms_) equal = pairs.IsEqual() && equal;
  if (equal) return {};

  YIMA_RETURN_IF_ERROR(Collect(snapshot, again));
  for (const auto& [index, pairs] : keys_) {
    YIMA_RETURN_IF_ERROR(ReportKeys(snapshot, index, findings));
  }
  for (const auto& [kind, pairs] : terms_) {
    for (const auto& [term, id] : pairs.Missing()) {
      findings.Add("{} {} is not found under its term {}", KindName(kind), id, Readable(term));
    }
    for (const auto& [term, id] : pairs.Surplus()) {
      findings.Add("{} {} is found under term {}, which does not follow from it", KindName(kind),
                   id, Readable(term));
    }
  }
  return {};
}

Result<void> DerivedCheck::VisitKeys(const store::Snapshot& snapshot, store::Index index,
                                     const PairVisitor& visit) {
  return snapshot.ScanClaims(index, "", [&](std::string_view key, uint64_t holder) {
    visit(key, holder);
    return true;
  });
}

Result<void> DerivedCheck::VisitTerms(const store::Snapshot& snapshot, store::Kind kind,
                                      const PairVisitor& visit) {
  return snapshot.ScanTerms(kind, [&](std::string_view term, uint64_t id) {
    visit(term, id);
    return true;
  });
}

Result<void> DerivedCheck::CompareCounters(const store::Snapshot& snapshot,
                                           Findings& findings) const {
  auto missing = counters_;
  YIMA_RETURN_IF_ERROR(snapshot.ScanCounters([&](std::string_view counter, int64_t value) {
    const auto derived = missing.find(counter);
    const int64_t wanted = derived == missing.end() ? 0 : derived->second;
    if (value != wanted) {
      findings.Add("counter {} is {}, but the records make it {}", Readable(counter), value,
                   wanted);
    }
    if (derived != missing.end()) missing.erase(derived);
    return true;
  }));
  for (const auto& [counter, wanted] : missing) {
    if (wanted != 0) {
      findings.Add("counter {} is 0, but the records make it {}", Readable(counter), wanted);
    }
  }
  return {};
}

Result<void> DerivedCheck::ComparePlaces(const store::Snapshot& snapshot, const Again& again,
                                         Findings& findings) const {
  // Each that is stored is compared with its record; when none of these is wrong and there are as
  // many as follow from the records, they are the same.
  uint64_t sound = 0;
  Result<void> read;
  YIMA_RETURN_IF_ERROR(snapshot.ScanPlaces({}, [&](uint64_t id, const store::Box& around) {
    const auto record = snapshot.Get(store::Kind::kFacility, id);
    if (!record) {
      read = tl::unexpected(record.error());
      return false;
    }
    const auto derived =
        *record ? DeriveFrom(store::Kind::kFacility, (*record)->bytes) : std::nullopt;
    if (derived && derived->place && Holds(around, *derived->place)) {
      ++sound;
    } else {
      findings.Add("facility {} is found at {:.5f}, {:.5f}, which does not follow from it", id,
                   around.west, around.south);
    }
    return true;
  }));
  YIMA_RETURN_IF_ERROR(read);
  if (sound == places_) return {};
  std::unordered_set<uint64_t> found;
  YIMA_RETURN_IF_ERROR(snapshot.ScanPlaces({}, [&](uint64_t id, const store::Box&) {
    found.insert(id);
    return true;
  }));
  return again([&](store::Kind kind, uint64_t id, const Derived& derived) {
    if (kind != store::Kind::kFacility || !derived.place || found.contains(id)) return;
    findings.Add("facility {} is not found at its place", id);
  });
}

Result<void> DerivedCheck::Collect(const store::Snapshot& snapshot, const Again& again) {
  for (auto& [index, pairs] : keys_) {
    YIMA_RETURN_IF_ERROR(VisitKeys(snapshot, index, [&](std::string_view key, uint64_t holder) {
      pairs.CollectStored(key, holder);
    }));
  }
  for (auto& [kind, pairs] : terms_) {
    YIMA_RETURN_IF_ERROR(VisitTerms(snapshot, kind, [&](std::string_view term, uint64_t id) {
      pairs.CollectStored(term, id);
    }));
  }
  return again([&](store::Kind kind, uint64_t id, const Derived& derived) {
    for (const auto& key : derived.keys) keys_.at(key.index).CollectDerived(key.key, id);
    for (const auto& term : derived.terms) terms_.at(kind).CollectDerived(term, id);
  });
}

Result<void> DerivedCheck::ReportKeys(const store::Snapshot& snapshot, store::Index index,
                                      Findings& findings) {
  const PairCheck& pairs = keys_.at(index);
  for (const auto& [key, id] : pairs.Missing()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(index, key));
    if (index == store::Index::kActiveCode && holder != 0) {
      findings.Add("facility {} has two active codes: {} and {}", ReadBigEndian(key), holder, id);
    } else if (holder != 0) {
      findings.Add("{} {} of {} is held by {}", IndexName(index), Readable(key), id, holder);
    } else {
      findings.Add("{} {} of {} is held by nobody", IndexName(index), Readable(key), id);
    }
  }
  for (const auto& [key, id] : pairs.Surplus()) {
    findings.Add("{} {} is held by {}, which does not have it", IndexName(index), Readable(key),
                 id);
  }
  return {};
}

}  // namespace yima::server
