#include "tests/server/world.h"

#include <future>

#include <fmt/format.h>

#include "codegen/code/signed_note.h"
#include "server/resolver/trust_notes.h"

namespace yima::server::testing {

TimeUs world_now = *ParseTime("2026-11-24T08:00:00Z");

namespace {

constexpr std::string_view kOrigin = "HTTPS://QR.EXAMPLE.CN/";

v1::Registry MakeRegistry(const KeyRing& keys) {
  v1::Registry registry;
  registry.set_id("0123456789abcdef0123456789abcdef");
  registry.set_epoch(1);
  auto* origin = registry.add_origins();
  origin->set_origin(std::string(kOrigin));
  origin->set_state(v1::ORIGIN_STATE_CURRENT);
  auto* key = registry.add_code_keys();
  key->set_origin(std::string(kOrigin));
  key->set_key_id(1);
  key->set_algorithm("ed25519");
  key->set_public_key(AsString(keys.code(1)->public_key()));
  key->set_first_day(0);
  key->set_last_day(*ParseDay("2099-12-31"));
  registry.add_root_keys(AsString(keys.All(KeyKind::kRoot).front()->public_key()));
  registry.add_status_keys(AsString(keys.All(KeyKind::kStatus).front()->public_key()));
  registry.add_log_keys(AsString(keys.All(KeyKind::kLog).front()->public_key()));
  registry.add_certificate_keys(AsString(keys.All(KeyKind::kCertificate).front()->public_key()));
  return registry;
}

std::filesystem::path MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "yima-world-XXXXXX").string();
  return mkdtemp(pattern.data());
}

/// Puts the registry's record and its classes, as `yimad init` does.
void Found(store::Store& store, const Call& call, const v1::Registry& registry) {
  ChangeWriter writer(call, "");
  writer.Create(kRegistryId, registry);
  uint64_t id = 0;
  for (const auto& facility_class : ClassCatalogue::BuiltIn()) writer.Create(++id, facility_class);
  store::ApplyAndWait(store, writer.Take());
}

}  // namespace

World::World(std::unique_ptr<store::Store> with)
    : spool_(MakeFolder()),
      store_(std::move(with)),
      keys_(*KeyRing::Create(spool_ / "keys", std::nullopt)),
      registry_(MakeRegistry(keys_)) {
  Found(*store_, call("found"), *registry_);
  Assemble();
  static_cast<void>(TrustNotes(domain()).Bundle());
}

void World::ChangeRegistry(const std::function<void(v1::Registry&)>& change) {
  const auto read = *Get<v1::Registry>(*Read(), kRegistryId);
  v1::Registry after = read->record;
  change(after);
  ChangeWriter writer(call("test"), "");
  writer.Replace(kRegistryId, read->revision, read->record, after);
  store::ApplyAndWait(*store_, writer.Take());
  registry_.Set(after);
}

void World::Assemble() {
  numbers_.emplace(*store_, uint16_t{1});
  classes_ = *ClassCatalogue::Load(*store_->Read());
  domain_ = std::make_unique<Domain>(
      Domain{*store_, *numbers_, keys_, classes_, registry_, spool_, [] { return world_now; }});
}

void World::Reopen(const std::function<std::unique_ptr<store::Store>()>& open) {
  domain_.reset();
  store_.reset();
  store_ = open();
  Assemble();
}

std::string World::State() const {
  const auto snapshot = Read();
  std::string state = fmt::format("log {}\n", *snapshot->LogSize());
  for (const auto kind : store::kKinds) {
    // That a token was used, and what was refused, is no change of the registry.
    if (kind == store::Kind::kToken || kind == store::Kind::kRefusal) continue;
    const auto record = [&](uint64_t id, uint64_t revision, std::string_view bytes) {
      state += fmt::format("record {} {} {} {:x}\n", static_cast<int>(kind), id, revision,
                           std::hash<std::string_view>()(bytes));
      return true;
    };
    const auto term = [&](std::string_view text, uint64_t id) {
      state += fmt::format("term {} {} {}\n", static_cast<int>(kind), text, id);
      return true;
    };
    static_cast<void>(snapshot->Scan(kind, 0, {}, record));
    static_cast<void>(snapshot->ScanTerms(kind, term));
  }
  for (const auto index :
       {store::Index::kFacilityCode, store::Index::kExternalCode, store::Index::kActiveCode,
        store::Index::kOrganizationName, store::Index::kCreditCode, store::Index::kClassCode}) {
    static_cast<void>(snapshot->ScanClaims(index, "", [&](std::string_view key, uint64_t holder) {
      state += fmt::format("key {} {} {}\n", static_cast<int>(index), key, holder);
      return true;
    }));
  }
  static_cast<void>(snapshot->ScanCounters([&](std::string_view counter, int64_t value) {
    state += fmt::format("counter {} {}\n", counter, value);
    return true;
  }));
  return state;
}

World::~World() { std::filesystem::remove_all(spool_); }

Call World::call(std::string_view method) const {
  Call call;
  call.method = method;
  call.principal = principal;
  call.principal_id = principal_id;
  call.roles = roles;
  call.reach = reach;
  return call;
}

TrustStore World::trust() const {
  // Judged by its parts rather than by a note, so that the rules' tests need no trust notes.
  TrustBundle bundle;
  bundle.registry = registry_->id();
  bundle.sequence = 1;
  bundle.issued = world_now;
  bundle.expires = world_now + 86'400'000'000;
  bundle.roots = {keys_.All(KeyKind::kRoot).front()->public_key()};
  bundle.origins = {{std::string(kOrigin), OriginStatus::kCurrent, false}};
  bundle.keys = {{std::string(kOrigin), 1, Algorithm::kEd25519, keys_.code(1)->public_key(), 0,
                  *ParseDay("2099-12-31"), false}};
  bundle.status_keys = {keys_.All(KeyKind::kStatus).front()->public_key()};
  SignedNote note{bundle.ToText(), {}};
  note.Sign("yima-" + registry_->id(), *keys_.All(KeyKind::kRoot).front());
  TrustStore trust(bundle.roots);
  static_cast<void>(trust.AcceptBundle(note.ToString()));
  return trust;
}

Result<std::vector<RecordRef>> World::Write(std::string_view method, std::string_view request_id,
                                            std::string_view request_bytes, Planner plan) {
  std::promise<Result<std::vector<RecordRef>>> promise;
  Execute(domain(), MarkOf(domain(), call(method), request_id, request_bytes), std::move(plan),
          [&](auto result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

uint64_t World::AddOrganization(std::string_view name, std::string_view telephone) {
  v1::Organization organization;
  organization.set_id(*numbers_->NewId(store::Kind::kOrganization));
  organization.set_name(std::string(name));
  organization.set_telephone(std::string(telephone));
  ChangeWriter writer(call("test"), "");
  writer.Create(organization.id(), organization);
  store::ApplyAndWait(*store_, writer.Take());
  return organization.id();
}

uint64_t World::AddFacility(uint32_t number, uint64_t supervisor, uint64_t owner) {
  v1::Facility facility;
  facility.set_uid(*numbers_->NewId(store::Kind::kFacility));
  auto* code = facility.add_codes();
  code->set_scheme(kSchemeGbt47678);
  code->set_digits(fmt::format("14050201001{:06}", number));
  facility.set_division("140502");
  facility.set_class_code("01001");
  facility.set_name("上水井盖");
  facility.set_condition(v1::CONDITION_INTACT);
  facility.set_life(v1::LIFE_IN_USE);
  const auto record = [](v1::Right& right, uint64_t holder) {
    right.set_holder(holder);
    right.set_state(v1::RIGHT_STATE_RECORDED);
  };
  record(*facility.mutable_supervising(), supervisor);
  if (owner != 0) record(*facility.mutable_owning(), owner);
  ChangeWriter writer(call("test"), "");
  writer.Create(facility.uid(), facility);
  auto change = writer.Take(*Read());
  store::ApplyAndWait(*store_, *std::move(change));
  return facility.uid();
}

v1::Facility World::Facility(uint64_t uid) const {
  const auto read = Get<v1::Facility>(*Read(), uid);
  return read && *read ? (*read)->record : v1::Facility();
}

}  // namespace yima::server::testing
