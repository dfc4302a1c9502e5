#include "server/domain/domain.h"

#include <algorithm>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <sodium.h>

namespace yima::server {
namespace {

constexpr size_t kRequestIdMax = 64;
constexpr int kRoundsMax = 10;
/// Above these, lost joins count as rounds.
constexpr int kJoinsMax = 200;
constexpr size_t kRefSize = 17;
constexpr size_t kTokenMacSize = 16;

void AppendBigEndian(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

std::string EncodeRefs(const std::vector<RecordRef>& refs) {
  std::string out;
  for (const auto& ref : refs) {
    out.push_back(static_cast<char>(ref.kind));
    AppendBigEndian(out, ref.id);
    AppendBigEndian(out, ref.revision);
  }
  return out;
}

std::vector<RecordRef> DecodeRefs(std::string_view bytes) {
  std::vector<RecordRef> refs;
  for (; bytes.size() >= kRefSize; bytes.remove_prefix(kRefSize)) {
    refs.push_back({static_cast<store::Kind>(bytes[0]), ReadBigEndian(bytes.substr(1)),
                    ReadBigEndian(bytes.substr(9))});
  }
  return refs;
}

tl::unexpected<Error> CallerGone() {
  return Fail(StatusCode::kCancelled, "CALLER_GONE", "nobody waits for the answer any more");
}

tl::unexpected<Error> RecordMissing(std::string_view what, uint64_t id) {
  return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
              fmt::format("{} {} has no record; run yimad check", what, id));
}

tl::unexpected<Error> RequestReused(std::string_view request_id) {
  return Fail(StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED",
              fmt::format("request_id \"{}\" was used for another request", request_id),
              "request_id");
}

namespace {

/// One write on its way: kept alive by the callbacks that carry it.
struct Execution : std::enable_shared_from_this<Execution> {
  const Domain& domain;
  RequestMark mark;
  Planner plan;
  std::function<void(Result<std::vector<RecordRef>>)> done;
  int rounds = 0;
  int joins_lost = 0;

  Execution(const Domain& on, RequestMark request, Planner planner,
            std::function<void(Result<std::vector<RecordRef>>)> then)
      : domain(on), mark(std::move(request)), plan(std::move(planner)), done(std::move(then)) {}

  void Round() {
    if (rounds == kRoundsMax) {
      return done(Fail(StatusCode::kAborted, "CONTENTION",
                       fmt::format("other writers moved the record {} times", kRoundsMax)));
    }
    auto planned = PlanOnce();
    if (!planned) return done(tl::unexpected(std::move(planned).error()));
    if (planned->dry_run) return done(std::move(planned->results));
    planned->change.request = store::Request{mark.principal, mark.method, mark.request_id,
                                             mark.hash, EncodeRefs(planned->results)};
    domain.store.Apply(std::move(planned->change),
                       [self = shared_from_this(),
                        results = std::move(planned->results)](store::Outcome outcome) mutable {
                         self->Settle(std::move(outcome), std::move(results));
                       });
  }

  Result<Planned> PlanOnce() {
    const auto snapshot = domain.store.Read();
    YIMA_ASSIGN_OR_RETURN(auto kept,
                          snapshot->FindRequest(mark.principal, mark.method, mark.request_id));
    if (!kept) return plan(*snapshot);
    if (kept->hash != mark.hash) return RequestReused(mark.request_id);
    return Planned{{}, DecodeRefs(kept->reply), true};
  }

  void Settle(store::Outcome outcome, std::vector<RecordRef> results) {
    if (std::holds_alternative<store::Committed>(outcome)) return done(std::move(results));
    if (auto* before = std::get_if<store::RequestDone>(&outcome)) {
      return done(DecodeRefs(before->reply));
    }
    if (std::holds_alternative<store::RequestReused>(outcome))
      return done(RequestReused(mark.request_id));
    if (auto* error = std::get_if<Error>(&outcome)) return done(tl::unexpected(*error));
    // Many may join one whole at once: who loses its slot tries another.
    const auto* taken = std::get_if<store::TakenKey>(&outcome);
    const bool lost_join = taken != nullptr && taken->index == store::Index::kJoins;
    if (!lost_join || ++joins_lost > kJoinsMax) ++rounds;
    Round();
  }
};

}  // namespace

Result<void> CheckRequestId(std::string_view request_id) {
  if (request_id.empty()) {
    return Invalid("REQUEST_ID_MISSING", "request_id is empty, want 1 to 64 of [0-9A-Za-z._-]",
                   "request_id");
  }
  const bool sound = std::ranges::all_of(request_id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!sound || request_id.size() > kRequestIdMax) {
    return Invalid(
        "REQUEST_ID_MALFORMED",
        fmt::format("request_id of {} bytes, want 1 to 64 of [0-9A-Za-z._-]", request_id.size()),
        "request_id");
  }
  return {};
}

RequestMark MarkOf(const Domain& domain, const Call& call, std::string_view request_id,
                   std::string_view request_bytes) {
  return {call.principal, call.method, std::string(request_id),
          domain.keys.KeyedHash("request",
                                fmt::format("{}{}", call.reach->Fingerprint(), request_bytes))};
}

void Execute(const Domain& domain, RequestMark mark, Planner plan,
             std::function<void(Result<std::vector<RecordRef>>)> done) {
  std::make_shared<Execution>(domain, std::move(mark), std::move(plan), std::move(done))->Round();
}

std::string Etag(const Domain& domain, uint64_t revision) {
  return fmt::format(FMT_COMPILE("{}-{}"), domain.numbers.epoch(), revision);
}

namespace {

std::string WithheldHash(std::string_view salt, std::string_view value) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(salt.data()), salt.size());
  crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(value.data()), value.size());
  crypto_hash_sha256_final(&state, reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

}  // namespace

v1::Withheld Withhold(std::string_view value) {
  v1::Withheld withheld;
  std::string salt(16, '\0');
  randombytes_buf(salt.data(), salt.size());
  withheld.set_hash(WithheldHash(salt, value));
  withheld.set_salt(std::move(salt));
  withheld.set_value(std::string(value));
  return withheld;
}

bool HashFits(const v1::Withheld& withheld) {
  return !withheld.value().empty() &&
         WithheldHash(withheld.salt(), withheld.value()) == withheld.hash();
}

namespace {

std::string TokenMac(const Domain& domain, std::string_view method, std::string_view filter,
                     std::string_view place) {
  std::string covered(method);
  covered.push_back('\0');
  AppendBigEndian(covered, filter.size());
  covered.append(filter).append(place);
  const store::Hash hash = domain.keys.KeyedHash("page token", covered);
  return std::string(reinterpret_cast<const char*>(hash.data()), kTokenMacSize);
}

}  // namespace

std::string SealPageToken(const Domain& domain, std::string_view method, std::string_view filter,
                          std::string_view place) {
  const std::string sealed = TokenMac(domain, method, filter, place).append(place);
  std::string token(
      sodium_base64_encoded_len(sealed.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(token.data(), token.size(), reinterpret_cast<const uint8_t*>(sealed.data()),
                    sealed.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  token.pop_back();  // the terminating 0
  return token;
}

Result<std::string> OpenPageToken(const Domain& domain, std::string_view method,
                                  std::string_view filter, std::string_view token) {
  if (token.empty()) return std::string();
  std::string sealed(token.size(), '\0');
  size_t size = 0;
  const bool decoded = sodium_base642bin(reinterpret_cast<uint8_t*>(sealed.data()), sealed.size(),
                                         token.data(), token.size(), nullptr, &size, nullptr,
                                         sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
  sealed.resize(size);
  if (decoded && size > kTokenMacSize) {
    const std::string place = sealed.substr(kTokenMacSize);
    const std::string mac = TokenMac(domain, method, filter, place);
    if (sodium_memcmp(mac.data(), sealed.data(), kTokenMacSize) == 0) return place;
  }
  return Invalid("PAGE_TOKEN_INVALID",
                 "page_token was not given for this request; begin again without it", "page_token");
}

Result<size_t> PageSize(int32_t asked) {
  if (asked < 0) {
    return Invalid("PAGE_SIZE_NEGATIVE", fmt::format("page_size {} is negative", asked),
                   "page_size");
  }
  if (asked > 1000) {
    return Invalid("PAGE_SIZE_TOO_LARGE", fmt::format("page_size {} exceeds 1000", asked),
                   "page_size");
  }
  return asked == 0 ? 100 : static_cast<size_t>(asked);
}

}  // namespace yima::server
