#include "server/check/derived_check.h"

#include <array>
#include <optional>

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

}  // namespace

DerivedCheck::DerivedCheck() {
  for (const auto index : kIndexes) keys_[index];
  for (const auto kind : store::kKinds) terms_[kind];
}

void DerivedCheck::Add(store::Kind kind, uint64_t id, const Derived& derived) {
  for (const auto& key : derived.keys) keys_.at(key.index).AddDerived(key.key, id);
  for (const auto& term : derived.terms) terms_.at(kind).AddDerived(term, id);
  for (const auto& [counter, value] : derived.counters) counters_[counter] += value;
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
