// Serves every page there is, from a registry in memory, for a browser to look at: prints the
// address, then a line `NAME HOST PATH` for each page, then an empty one. Ends with its standard
// input.
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "server/http/http_server.h"
#include "server/http/site.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;
constexpr std::string_view kLostOrigin = "HTTPS://OLD.EXAMPLE.CN/";

/// A lost origin, its key 2, and a revoked key 3.
void AddTrust(World& world) {
  world.ChangeRegistry([](v1::Registry& registry) {
    registry.add_origins()->set_origin(std::string(kLostOrigin));
    registry.mutable_origins(1)->set_state(v1::ORIGIN_STATE_LOST);
    const v1::RegistryKey own = registry.code_keys(0);
    auto* revoked = registry.add_code_keys();
    *revoked = own;
    revoked->set_key_id(3);
    revoked->set_revoked(true);
    auto* lost = registry.add_code_keys();
    *lost = own;
    lost->set_origin(std::string(kLostOrigin));
    lost->set_key_id(2);
  });
}

/// A text that is signed and in no record.
std::string Sign(const SigningKey& key, std::string_view origin, uint16_t key_id) {
  const Payload payload{key_id, *Serial::FromInteger(kSerial + 90), *ParseDay("2026-11-24"),
                        kSchemeBlank, 0};
  return std::string(origin) + EncodeBody(SignCode(key, *Origin::Parse(origin), payload));
}

/// With everything that a page may have to hold.
uint64_t AddFullFacility(World& world, uint32_t number) {
  const uint64_t bureau =
      world.AddOrganization(fmt::format("晋城市城区城市管理局 {}", number), "0356-2190001");
  const uint64_t owner = world.AddOrganization(
      fmt::format("一个名字很长很长的市政排水设施运行维护与应急抢险有限责任公司 {}", number), "");
  const uint64_t facility = world.AddFacility(number, bureau, owner);
  Edit<v1::Facility>(world, facility, [&](v1::Facility& record) {
    record.set_name("雨水井盖 & <检查井>");
    record.set_subdistrict_name("东街街道");
    record.set_community_name("黄华社区");
    record.set_address("黄华街297号门前人行道，距路口约三十米");
    record.mutable_owning()->set_state(v1::RIGHT_STATE_CLAIMED);
    record.mutable_maintaining()->set_holder(bureau);
    record.mutable_maintaining()->set_state(v1::RIGHT_STATE_CONFIRMED);
  });
  return facility;
}

void Tell(std::string_view name, const std::string& text) {
  const size_t host = std::string_view("https://").size();
  const size_t path = text.find('/', host);
  fmt::print("{} {} {}\n", name, text.substr(host, path - host), text.substr(path));
}

void TellAll(World& world) {
  const KeyRing& keys = world.domain().keys;
  const KeyRing::Key held = keys.code(1);
  const SigningKey& key = *held;
  const std::string origin = "HTTPS://QR.EXAMPLE.CN/";
  const std::string active = AddPlate(world, kSerial, AddFullFacility(world, 1)).text;
  Tell("ACTIVE", active);
  Tell("BLANK", AddPlate(world, kSerial + 1, 0).text);
  for (const auto& [state, name] : {std::pair{v1::CODE_STATE_SUSPENDED, "SUSPENDED"},
                                    {v1::CODE_STATE_REVOKED, "REVOKED"},
                                    {v1::CODE_STATE_REPLACED, "REPLACED"}}) {
    const auto number = static_cast<uint32_t>(state);
    Tell(name, AddPlate(world, kSerial + number, AddFullFacility(world, number), state,
                        state == v1::CODE_STATE_REPLACED ? kSerial : 0)
                   .text);
  }
  Tell("NOT_ISSUED", Sign(key, origin, 1));
  Tell("FORGED", Sign(*keys.All(KeyKind::kStatus).front(), origin, 1));
  Tell("UNKNOWN_ISSUER", Sign(key, "HTTPS://QR.SOMEWHERE-ELSE.COM/", 1));
  Tell("UNKNOWN_KEY", Sign(key, origin, 9));
  Tell("KEY_REVOKED", Sign(key, origin, 3));
  Tell("UNSUPPORTED", origin + "2" + active.substr(origin.size() + 1));
  Tell("MALFORMED", active.substr(0, active.size() - 3));
  Tell("NOT_ISSUED", Sign(key, kLostOrigin, 2));
  Tell("SEARCH", origin);
  Tell("FOUND", origin + "?q=" + Serial::FromInteger(kSerial)->ShortNumber());
  Tell("NOT_FOUND", origin + "?q=00040-00001-9");
  Tell("ERROR_404", origin + "nothing-here");
}

}  // namespace

int Main() {
  World world;
  AddTrust(world);
  const Resolver resolver(world.domain());
  TrustNotes notes(world.domain());
  const Site site(MakeMethodTable(world.domain(), resolver, notes), world.domain().classes,
                  *Webroot::Open(""), [] { return Result<void>(); }, {.hotline = "12345"});
  HttpServer::Options options;
  options.address = "127.0.0.1:0";
  const auto server = HttpServer::Start(
      [&](const auto& request, const auto& reply) { site.Answer(request, reply); }, options);
  if (!server) return 1;
  fmt::print("{}\n", (*server)->address());
  TellAll(world);
  fmt::print("\n");
  std::fflush(stdout);
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return 0;
}

}  // namespace yima::server::testing

int main() { return yima::server::testing::Main(); }
