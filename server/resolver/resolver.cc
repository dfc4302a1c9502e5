#include "server/resolver/resolver.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "codegen/code/wire_walk.h"
#include "server/registry/wholes.h"
#include "server/resolver/lost_codes.h"
#include "server/resolver/shown.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {
namespace {

constexpr size_t kTextSizeMax = 512;
constexpr int kBatchSizeMax = 1000;
/// A text and a position, with room for what later versions add. Checked before anything is parsed:
/// many small parts take far more memory than bytes.
constexpr size_t kRequestSizeMax = 1024;
/// What most answers take, organizations and all.
constexpr size_t kAnswerSize = 1024;
/// Above this the cache begins anew: a bound, not a tuning.
constexpr size_t kShownMax = 4096;

Result<void> CheckRequest(const v1::ResolveRequest& request) {
  if (request.text().empty()) return Invalid("TEXT_EMPTY", "text is empty", "text");
  if (request.text().size() > kTextSizeMax) {
    return Invalid(
        "TEXT_TOO_LONG",
        fmt::format("text of {} bytes, want at most {}", request.text().size(), kTextSizeMax),
        "text");
  }
  if (request.has_longitude() != request.has_latitude()) {
    const bool longitude_missing = request.has_latitude();
    return Invalid(
        "POSITION_INCOMPLETE",
        fmt::format("{} is given without {}", longitude_missing ? "latitude" : "longitude",
                    longitude_missing ? "longitude" : "latitude"),
        longitude_missing ? "longitude" : "latitude");
  }
  // Written so that NaN is refused too.
  if (!(std::abs(request.longitude()) <= 180)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("longitude {} is not -180 to 180", request.longitude()),
                   "longitude");
  }
  if (!(std::abs(request.latitude()) <= 90)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("latitude {} is not -90 to 90", request.latitude()), "latitude");
  }
  return {};
}

Result<void> CheckSize(std::string_view request, size_t max) {
  if (request.size() <= max) return {};
  return Invalid("REQUEST_TOO_LONG",
                 fmt::format("a request of {} bytes, want at most {}", request.size(), max));
}

/// Equal but for the case of a to z.
bool SameOrigin(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return std::ranges::equal(a, b, {}, fold, fold);
}

void FillPayload(v1::ResolveResponse& response, const Payload& payload) {
  response.set_serial(payload.serial.value());
  response.set_short_number(payload.serial.ShortNumber());
  response.set_scheme(payload.scheme);
  if (payload.scheme == kSchemeBlank) return;
  const auto code = FacilityCode::FromInteger(payload.scheme, payload.facility_code);
  // A number that this server cannot read is shown as it stands.
  response.set_facility_code(code ? code->ToString() : fmt::to_string(payload.facility_code));
}

tl::unexpected<Error> Damaged(uint64_t serial) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("code {} does not parse; run yimad check", serial));
}

/// Parsed only for callers whose reach has bounds.
Result<Audience> AudienceOf(std::string_view stored, const Reach& reach) {
  if (reach.everywhere()) return Audience::kWithinReach;
  if (reach.nowhere()) return Audience::kEverybody;
  v1::Facility facility;
  if (!facility.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                "a stored facility does not parse; run yimad check");
  }
  return reach.Covers(facility) ? Audience::kWithinReach : Audience::kEverybody;
}

}  // namespace

/// What a stored v1::Code says, read where it stands: parsing it would cost more than finding it.
struct Resolver::Issued {
  std::string_view origin;
  std::string_view payload;
  std::string_view signature;
  uint64_t facility = 0;
  uint64_t successor = 0;
  v1::CodeState state = v1::CODE_STATE_UNSPECIFIED;

  /// False when the bytes are damaged.
  bool Read(std::string_view stored) {
    bool sound = true;
    const auto read_signature = [&](const WireField& field) {
      if (field.number == v1::Withheld::kValueFieldNumber) signature = field.bytes;
    };
    const bool walked = WalkFields(stored, [&](const WireField& field) {
      switch (field.number) {
        case v1::Code::kOriginFieldNumber:
          origin = field.bytes;
          break;
        case v1::Code::kPayloadFieldNumber:
          payload = field.bytes;
          break;
        case v1::Code::kSignatureFieldNumber:
          sound = WalkFields(field.bytes, read_signature) && sound;
          break;
        case v1::Code::kFacilityFieldNumber:
          facility = field.value;
          break;
        case v1::Code::kStateFieldNumber:
          state = static_cast<v1::CodeState>(field.value);
          break;
        case v1::Code::kSuccessorFieldNumber:
          successor = field.value;
          break;
        default:
          break;
      }
    });
    return walked && sound;
  }

  bool IsOf(std::string_view other_origin, const CodeBytes& code) const {
    const std::string_view bytes(reinterpret_cast<const char*>(code.data()), code.size());
    return SameOrigin(origin, other_origin) && payload == bytes.substr(0, kPayloadSize) &&
           signature == bytes.substr(kPayloadSize);
  }
};

/// One version of the registry's record, made ready for judging.
struct Resolver::Trust {
  const v1::Registry* of;
  Verifier verifier;
  std::vector<std::string> lost_origins;
};

Resolver::Resolver(const Domain& domain, SightingKeeper* sightings)
    : domain_(domain), sightings_(sightings) {}
Resolver::~Resolver() = default;

Result<const Resolver::Trust*> Resolver::CurrentTrust() const {
  const v1::Registry* now = &*domain_.registry;
  const Trust* trust = trust_.load(std::memory_order_acquire);
  if (trust != nullptr && trust->of == now) return trust;
  const std::lock_guard lock(trust_mutex_);
  trust = trust_.load(std::memory_order_acquire);
  if (trust != nullptr && trust->of == now) return trust;
  YIMA_ASSIGN_OR_RETURN(const auto store, TrustIn(*now, domain_.now()));
  auto made = std::make_unique<Trust>(Trust{now, Verifier(store), {}});
  for (const auto& origin : store.bundle()->origins) {
    if (origin.status == OriginStatus::kLost) made->lost_origins.push_back(origin.origin);
  }
  trusts_.push_back(std::move(made));
  trust_.store(trusts_.back().get(), std::memory_order_release);
  return trusts_.back().get();
}

Result<std::string> Resolver::ResolveBytes(std::string_view request,
                                           const store::Snapshot& snapshot,
                                           const Reach& reach) const {
  YIMA_RETURN_IF_ERROR(CheckSize(request, kRequestSizeMax));
  // Kept by the thread, so that its strings are not allocated anew for each request.
  thread_local v1::ResolveRequest parsed;
  if (!parsed.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return Invalid("REQUEST_MALFORMED", "the request does not parse as yima.v1.ResolveRequest");
  }
  std::string answer;
  answer.reserve(kAnswerSize);
  YIMA_RETURN_IF_ERROR(Answer(parsed, snapshot, reach, answer));
  return answer;
}

Result<v1::ResolveResponse> Resolver::Resolve(const v1::ResolveRequest& request,
                                              const store::Snapshot& snapshot) const {
  std::string answer;
  YIMA_RETURN_IF_ERROR(Answer(request, snapshot, *Reach::Everywhere(), answer));
  v1::ResolveResponse response;
  if (!response.ParseFromString(answer)) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                "a stored facility or organization does not parse; run yimad check");
  }
  return response;
}

Result<std::string> Resolver::BatchResolveBytes(std::string_view request,
                                                const store::Snapshot& snapshot,
                                                const Reach& reach) const {
  YIMA_RETURN_IF_ERROR(CheckSize(request, kBatchSizeMax * kRequestSizeMax));
  v1::BatchResolveRequest parsed;
  if (!parsed.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return Invalid("REQUEST_MALFORMED", "the request does not parse as texts to resolve");
  }
  if (parsed.requests_size() < 1 || parsed.requests_size() > kBatchSizeMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} requests, want 1 to {}", parsed.requests_size(), kBatchSizeMax),
                   "requests");
  }
  std::string answers;
  answers.reserve(static_cast<size_t>(parsed.requests_size()) * kAnswerSize);
  // One string for all: its memory is asked for once.
  std::string answer;
  for (int i = 0; i < parsed.requests_size(); ++i) {
    answer.clear();
    if (auto answered = Answer(parsed.requests(i), snapshot, reach, answer); !answered) {
      Error error = std::move(answered).error();
      error.field = error.field.empty() ? fmt::format("requests[{}]", i)
                                        : fmt::format("requests[{}].{}", i, error.field);
      return tl::unexpected(std::move(error));
    }
    AppendField(answers, v1::BatchResolveResponse::kResponsesFieldNumber, answer);
  }
  return answers;
}

Result<std::string> Resolver::ResolveMessageBytes(uint64_t message, std::string_view request,
                                                  const store::Snapshot& snapshot,
                                                  const Reach& reach) const {
  auto answers = BatchResolveBytes(request, snapshot, reach);
  if (answers) return answers;
  Error error = std::move(answers).error();
  error.field =
      fmt::format("messages[{}]{}{}", message, error.field.empty() ? "" : ".", error.field);
  return tl::unexpected(std::move(error));
}

Result<void> Resolver::Answer(const v1::ResolveRequest& request, const store::Snapshot& snapshot,
                              const Reach& reach, std::string& answer) const {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  const auto parts = SplitCodeText(request.text());
  const auto code = parts ? DecodeBody(parts->digits) : std::nullopt;
  if (!code) return AnswerJudged(request.text(), v1::CODE_STATE_UNSPECIFIED, answer);
  const Payload payload = DecodePayload(std::span(*code).first<kPayloadSize>());
  YIMA_ASSIGN_OR_RETURN(const auto stored,
                        snapshot.Get(store::Kind::kCode, payload.serial.value()));
  if (!stored) {
    YIMA_ASSIGN_OR_RETURN(const auto lost, LostStateOf(snapshot, payload.serial.value()));
    return AnswerJudged(request.text(), lost, answer);
  }
  Issued record;
  if (!record.Read(stored->bytes)) return Damaged(payload.serial.value());
  if (!record.IsOf(parts->origin, *code)) {
    return AnswerJudged(request.text(), v1::CODE_STATE_UNSPECIFIED, answer);
  }
  return AnswerIssued(request, *parts, payload, record, snapshot, reach, answer);
}

Result<void> Resolver::AnswerIssued(const v1::ResolveRequest& request, const CodeParts& parts,
                                    const Payload& payload, const Issued& record,
                                    const store::Snapshot& snapshot, const Reach& reach,
                                    std::string& answer) const {
  YIMA_ASSIGN_OR_RETURN(const auto* trust, CurrentTrust());
  // Kept by the thread, so that its strings are not allocated anew for each answer.
  thread_local v1::ResolveResponse head;
  head.Clear();
  head.set_verdict(v1::VERDICT_AUTHENTIC);
  head.set_state(record.state);
  head.set_successor(record.successor);
  head.set_origin_lost(std::ranges::any_of(trust->lost_origins, [&](const std::string& origin) {
    return SameOrigin(origin, parts.origin);
  }));
  FillPayload(head, payload);
  const uint64_t serial = payload.serial.value();
  if (sightings_ != nullptr) head.set_seen_elsewhere(sightings_->IsSuspicious(serial));
  // Blank plates travel to where they are mounted, and those that have ended to the workshop.
  const bool noted =
      sightings_ != nullptr && request.has_longitude() && record.state == v1::CODE_STATE_ACTIVE;
  if (record.facility == 0) {
    head.AppendToString(&answer);
    return {};
  }

  YIMA_ASSIGN_OR_RETURN(const auto facility, FindFacility(record.facility, snapshot, reach));
  if (request.has_longitude() && facility.longitude && facility.latitude) {
    head.set_distance_metres(DistanceMetres(request.longitude(), request.latitude(),
                                            *facility.longitude, *facility.latitude));
  }
  if (noted) {
    sightings_->Note(serial, request.longitude(), request.latitude(), head.distance_metres());
  }
  // Fields of a message may stand in any order, so the stored bytes follow as they are.
  head.AppendToString(&answer);
  AppendField(answer, v1::ResolveResponse::kFacilityFieldNumber, facility.bytes);
  YIMA_RETURN_IF_ERROR(AppendOrganizations(facility, v1::ResolveResponse::kOrganizationsFieldNumber,
                                           snapshot, answer));
  YIMA_RETURN_IF_ERROR(
      AppendNotices(facility, v1::ResolveResponse::kNoticesFieldNumber, snapshot, answer));
  return AppendRelated(record.facility, facility, v1::ResolveResponse::kParentFieldNumber,
                       v1::ResolveResponse::kChildrenFieldNumber, snapshot, answer);
}

Result<FacilityAnswer> Resolver::FindFacility(uint64_t uid, const store::Snapshot& snapshot,
                                              const Reach& reach) const {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kFacility, uid));
  if (!stored) return RecordMissing("facility", uid);
  YIMA_ASSIGN_OR_RETURN(const Audience audience, AudienceOf(stored->bytes, reach));
  return ShowFacility(stored->bytes, Etag(domain_, stored->revision), audience);
}

Result<std::string> Resolver::LookupBytes(std::string_view request, const store::Snapshot& snapshot,
                                          const Reach& reach) const {
  YIMA_RETURN_IF_ERROR(CheckSize(request, kRequestSizeMax));
  v1::LookupRequest parsed;
  if (!parsed.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return Invalid("REQUEST_MALFORMED", "the request does not parse as yima.v1.LookupRequest");
  }
  YIMA_ASSIGN_OR_RETURN(const Serial serial, Serial::ParseShortNumber(parsed.short_number()));
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kCode, serial.value()));
  if (!stored) {
    return Fail(StatusCode::kNotFound, "CODE_NOT_FOUND",
                fmt::format("no code has short number {}", serial.ShortNumber()), "short_number");
  }
  Issued record;
  if (!record.Read(stored->bytes)) return Damaged(serial.value());
  v1::LookupResponse head;
  head.set_serial(serial.value());
  head.set_short_number(serial.ShortNumber());
  head.set_state(record.state);
  head.set_successor(record.successor);
  std::string answer = head.SerializeAsString();
  if (record.facility == 0) return answer;
  YIMA_ASSIGN_OR_RETURN(const auto facility, FindFacility(record.facility, snapshot, reach));
  AppendField(answer, v1::LookupResponse::kFacilityFieldNumber, facility.bytes);
  YIMA_RETURN_IF_ERROR(AppendOrganizations(facility, v1::LookupResponse::kOrganizationsFieldNumber,
                                           snapshot, answer));
  YIMA_RETURN_IF_ERROR(
      AppendNotices(facility, v1::LookupResponse::kNoticesFieldNumber, snapshot, answer));
  YIMA_RETURN_IF_ERROR(AppendRelated(record.facility, facility,
                                     v1::LookupResponse::kParentFieldNumber,
                                     v1::LookupResponse::kChildrenFieldNumber, snapshot, answer));
  return answer;
}

Result<void> Resolver::AnswerJudged(std::string_view text, v1::CodeState lost,
                                    std::string& answer) const {
  YIMA_ASSIGN_OR_RETURN(const auto* trust, CurrentTrust());
  const Judgement judgement = trust->verifier.Judge(text);
  v1::ResolveResponse response;
  response.set_verdict(static_cast<v1::Verdict>(judgement.verdict));
  response.set_origin_lost(judgement.origin_lost);
  response.set_refresh_trust(judgement.refresh_trust);
  if (judgement.payload) FillPayload(response, *judgement.payload);
  if (judgement.verdict == Verdict::kAuthentic && lost != v1::CODE_STATE_UNSPECIFIED) {
    // What took its place, if anything did, is lost too.
    response.set_state(lost == v1::CODE_STATE_REPLACED ? v1::CODE_STATE_REVOKED : lost);
  } else if (judgement.verdict == Verdict::kAuthentic) {
    response.set_state(v1::CODE_STATE_NOT_ISSUED);
    const uint64_t alarm = alarms_.fetch_add(1, std::memory_order_relaxed) + 1;
    spdlog::critical(
        "alarm {} since the start: a code with serial {} and key {} is genuine by its signature "
        "but was never issued: a key is stolen or records are lost",
        alarm, judgement.payload->serial.value(), judgement.payload->key_id);
  }
  response.AppendToString(&answer);
  return {};
}

Result<void> Resolver::AppendRelated(uint64_t uid, const FacilityAnswer& facility,
                                     int parent_number, int children_number,
                                     const store::Snapshot& snapshot, std::string& answer) {
  // Most facilities have neither, and nothing is read for them.
  if (facility.parent == 0 && !facility.has_parts) return {};
  YIMA_ASSIGN_OR_RETURN(const Related related,
                        RelatedTo(snapshot, uid, facility.parent, facility.has_parts));
  if (related.parent) AppendField(answer, parent_number, related.parent->SerializeAsString());
  for (const auto& child : related.children) {
    AppendField(answer, children_number, child.SerializeAsString());
  }
  return {};
}

/// Of those that have opened; a draft is nothing yet, and a withdrawn one nothing any more.
Result<void> Resolver::AppendNotices(const FacilityAnswer& facility, int number,
                                     const store::Snapshot& snapshot, std::string& answer) {
  for (const uint64_t id : facility.notices) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Notice>(snapshot, id));
    if (!read) return RecordMissing("notice", id);
    if (read->record.state() != v1::NOTICE_STATE_OPEN) continue;
    v1::NoticeSummary summary;
    summary.set_id(id);
    summary.set_title(read->record.title());
    summary.set_last_day(read->record.last_day());
    summary.set_open_time_us(read->record.open_time_us());
    summary.set_close_time_us(read->record.close_time_us());
    AppendField(answer, number, summary.SerializeAsString());
  }
  return {};
}

Result<void> Resolver::AppendOrganizations(const FacilityAnswer& facility, int number,
                                           const store::Snapshot& snapshot,
                                           std::string& answer) const {
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  for (const uint64_t id : facility.organizations) {
    YIMA_RETURN_IF_ERROR(AppendOrganization(id, number, log_size, snapshot, answer));
  }
  return {};
}

Result<void> Resolver::AppendOrganization(uint64_t id, int number, uint64_t log_size,
                                          const store::Snapshot& snapshot,
                                          std::string& answer) const {
  {
    const std::shared_lock lock(shown_mutex_);
    if (shown_log_size_ == log_size) {
      const auto found = shown_.find(id);
      if (found != shown_.end()) {
        AppendField(answer, number, found->second);
        return {};
      }
    }
  }
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kOrganization, id));
  if (!stored) return RecordMissing("organization", id);
  YIMA_ASSIGN_OR_RETURN(auto shown,
                        ShowOrganization(stored->bytes, Etag(domain_, stored->revision)));
  AppendField(answer, number, shown);
  const std::unique_lock lock(shown_mutex_);
  if (log_size > shown_log_size_ || shown_.size() >= kShownMax) {
    shown_.clear();
    shown_log_size_ = std::max(shown_log_size_, log_size);
  }
  // An older snapshot that another thread still reads from has nothing to tell the newer ones.
  if (log_size == shown_log_size_) shown_.emplace(id, std::move(shown));
  return {};
}

double DistanceMetres(double longitude_a, double latitude_a, double longitude_b,
                      double latitude_b) {
  constexpr double kEarthRadius = 6'371'008.8;
  constexpr double kRadians = std::numbers::pi / 180;
  const auto half_sine_squared = [](double degrees) {
    const double sine = std::sin(degrees * kRadians / 2);
    return sine * sine;
  };
  const double h = half_sine_squared(latitude_b - latitude_a) +
                   std::cos(latitude_a * kRadians) * std::cos(latitude_b * kRadians) *
                       half_sine_squared(longitude_b - longitude_a);
  return 2 * kEarthRadius * std::asin(std::sqrt(std::min(1.0, h)));
}

}  // namespace yima::server
