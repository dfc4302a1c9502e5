#include "client/cli/judging.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "client/cli/words.h"
#include "client/trust_dir.h"
#include "codegen/code/code_text.h"

namespace yima::cli {
namespace {

std::string FacilityDigits(const Payload& payload) {
  if (payload.scheme == kSchemeBlank) return {};
  const auto code = FacilityCode::FromInteger(payload.scheme, payload.facility_code);
  return code ? code->ToString() : fmt::to_string(payload.facility_code);
}

void Warn(const Session& session, const char* words, const std::string& registry, TimeUs since) {
  session.Tell(fmt::format(fmt::runtime(words), registry, FormatTime(since)));
}

/// Says of bundle and list that they are stale; since when the first of them is, if one is.
std::optional<TimeUs> WarnWhenStale(const Session& session, const TrustStore& store) {
  const TimeUs now = Now();
  std::optional<TimeUs> since;
  if (store.bundle()->expires < now) {
    since = store.bundle()->expires;
    Warn(session,
         T("提示：登记库 {} 的信任包已于 {} 过期",
           "note: the trust of registry {} is stale since {}"),
         store.bundle()->registry, *since);
  }
  if (store.list() && store.list()->next_update < now) {
    const TimeUs list_since = store.list()->next_update;
    Warn(session,
         T("提示：登记库 {} 的吊销清单已于 {} 过期",
           "note: the revocation list of registry {} is stale since {}"),
         store.list()->registry, list_since);
    since = std::min(since.value_or(list_since), list_since);
  }
  return since;
}

}  // namespace

Result<Judge> LoadJudge(Session& session) {
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(session.trust).Load());
  Judge judge{Verifier(stores), !stores.empty(), {}, {}};
  for (const auto& store : stores) {
    const auto since = WarnWhenStale(session, store);
    for (const auto& origin : store.bundle()->origins) {
      judge.origins.insert(origin.origin);
      if (since) judge.stale_since[origin.origin] = FormatTime(*since);
    }
  }
  return judge;
}

std::string Judge::StaleSince(std::string_view text) const {
  const auto parts = SplitCodeText(text);
  if (!parts || stale_since.empty()) return {};
  const std::string origin = FoldOrigin(parts->origin);
  if (origins.contains(origin)) {
    const auto found = stale_since.find(origin);
    return found == stale_since.end() ? std::string() : found->second;
  }
  const auto by_time = [](const auto& a, const auto& b) { return a.second < b.second; };
  return std::min_element(stale_since.begin(), stale_since.end(), by_time)->second;
}

Exit ExitFor(const Judgement& judgement) {
  if (judgement.verdict != Verdict::kAuthentic) return Exit::kNotAuthentic;
  switch (judgement.state) {
    case CodeState::kActive:
    case CodeState::kBlank:
    case CodeState::kNotListed:
    case CodeState::kNoList:
      return Exit::kDone;
    default:  // A state that only a newer server knows is no reason to trust a plate.
      return Exit::kNotAuthentic;
  }
}

Json ToJson(const Judgement& judgement) {
  Json object = {{"verdict", VerdictName(judgement.verdict)},
                 {"state", CodeStateName(judgement.state)},
                 {"serial", ""},
                 {"scheme", nullptr},
                 {"facilityCode", ""},
                 {"shortNumber", ""},
                 {"originLost", judgement.origin_lost},
                 {"refreshTrust", judgement.refresh_trust}};
  if (const auto& payload = judgement.payload) {
    object["serial"] = payload->serial.ToString();
    object["scheme"] = payload->scheme;
    object["facilityCode"] = FacilityDigits(*payload);
    if (payload->serial.IsUsable()) object["shortNumber"] = payload->serial.ShortNumber();
  }
  return object;
}

std::string Words(const Judgement& judgement) {
  std::string line = Gloss(VerdictName(judgement.verdict));
  if (judgement.state != CodeState::kUnspecified) {
    line += " " + Gloss(CodeStateName(judgement.state));
  }
  if (judgement.verdict == Verdict::kAuthentic && judgement.payload) {
    line += fmt::format("\t{}\t{}", judgement.payload->serial.ShortNumber(),
                        FacilityDigits(*judgement.payload));
  }
  if (judgement.refresh_trust) {
    line += T("\t（信任包较旧，请运行 yima trust fetch）", "\t(trust is older: yima trust fetch)");
  }
  if (judgement.origin_lost) {
    line += T("\t（该网址已不属登记库，勿打开）",
              "\t(the host is no longer the registry's: do not open it)");
  }
  return line;
}

bool EachLine(const std::function<void(const std::string&)>& take) {
  bool any = false;
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    any = true;
    take(line);
  }
  return any;
}

}  // namespace yima::cli
