#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

/// Two rows put over others and two of the log for each: SQLite does 650,000 plain ones a second.
constexpr double kFacilitiesLeast = 30'000;
constexpr double kMegabytesMost = 300;
constexpr size_t kTransactionRows = 5000;
constexpr const char* kMonthSeconds = "2592000";

/// Within it programs that are started live a month later.
class MonthLater {
 public:
  MonthLater() {
    setenv("LD_PRELOAD", YIMA_MOVED_CLOCK, 1);
    setenv("MOVED_CLOCK_SECONDS", kMonthSeconds, 1);
  }
  ~MonthLater() {
    unsetenv("LD_PRELOAD");
    unsetenv("MOVED_CLOCK_SECONDS");
  }
  MonthLater(const MonthLater&) = delete;
  MonthLater& operator=(const MonthLater&) = delete;
};

/// Two people: who claims cannot confirm.
struct People {
  uint64_t organization = 0;  ///< The claimant's.
  std::string claimant;       ///< Tokens.
  std::string registrar;
};

Result<std::string> TokenFor(const Client& admin, v1::Role role, uint64_t organization) {
  v1::CreatePrincipalRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_principal()->mutable_name()->set_value(v1::Role_Name(role));
  request.mutable_principal()->set_kind(v1::PRINCIPAL_KIND_SYSTEM);
  request.mutable_principal()->set_organization(organization);
  request.mutable_principal()->add_grants()->set_role(role);
  YIMA_ASSIGN_OR_RETURN(const auto made, admin.CreatePrincipal(request));
  v1::CreateTokenRequest token;
  token.set_request_id(NewRequestId());
  token.set_principal(made.principal().id());
  YIMA_ASSIGN_OR_RETURN(const auto created, admin.CreateToken(token));
  return created.text();
}

Result<People> MakePeople(const Registry& registry) {
  People people;
  v1::CreateOrganizationRequest request;
  request.set_request_id(NewRequestId());
  request.mutable_input()->mutable_organization()->set_name("城区市政公用设施管理中心");
  YIMA_ASSIGN_OR_RETURN(const auto made, registry.client().CreateOrganization(request));
  people.organization = made.organization().id();
  YIMA_ASSIGN_OR_RETURN(people.claimant,
                        TokenFor(registry.client(), v1::ROLE_MANAGER, people.organization));
  YIMA_ASSIGN_OR_RETURN(people.registrar, TokenFor(registry.client(), v1::ROLE_REGISTRAR, 0));
  return people;
}

Client As(const Registry& registry, const std::string& token) {
  ClientOptions options;
  options.server = registry.address();
  options.token = token;
  return Client(options);
}

v1::RightsTarget OwningOf(uint64_t batch) {
  v1::RightsTarget target;
  target.mutable_filter()->set_batch(batch);
  target.add_kinds(v1::RIGHT_KIND_OWNING);
  return target;
}

Result<void> ClaimAll(const Registry& registry, const People& people, uint64_t batch) {
  v1::ClaimRightsRequest request;
  request.mutable_run()->set_request_id(NewRequestId());
  *request.mutable_target() = OwningOf(batch);
  request.set_organization(people.organization);
  request.mutable_basis()->set_kind("竣工移交单");
  request.mutable_basis()->set_number("晋市移〔2026〕12号");
  return As(registry, people.claimant)
      .ClaimRights(request, [](const v1::ClaimRightsResponse&) -> Result<void> { return {}; });
}

Result<void> PublishAll(const Registry& registry, const People& people, uint64_t batch) {
  v1::PublishClaimsRequest request;
  request.mutable_run()->set_request_id(NewRequestId());
  *request.mutable_target() = OwningOf(batch);
  request.set_title("公示");
  return As(registry, people.registrar)
      .PublishClaims(request, [](const v1::PublishClaimsResponse&) -> Result<void> { return {}; });
}

/// Seconds until the last one is confirmed and durable.
Result<double> ConfirmAll(const Registry& registry, const People& people, uint64_t batch,
                          uint64_t facilities) {
  v1::ConfirmClaimsRequest request;
  request.mutable_run()->set_request_id(NewRequestId());
  *request.mutable_target() = OwningOf(batch);
  uint64_t confirmed = 0;
  Result<void> done;
  const Client registrar = As(registry, people.registrar);
  const double seconds = SecondsOf([&] {
    done = registrar.ConfirmClaims(request,
                                   [&](const v1::ConfirmClaimsResponse& answer) -> Result<void> {
                                     confirmed = answer.progress().rights();
                                     return {};
                                   });
  });
  if (!done) return tl::unexpected(done.error());
  if (confirmed == facilities) return seconds;
  return Fail(StatusCode::kInternal, "CONFIRMATION_INCOMPLETE",
              fmt::format("{} of {} rights were confirmed", confirmed, facilities));
}

/// One round: a ledger of its own, claimed, published, and a month later confirmed; then the same
/// rows put over the same tables as they were before, by nothing but SQLite.
Result<Round> ConfirmANotice(const Options& options, uint64_t facilities) {
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "rights_notice"));
  YIMA_ASSIGN_OR_RETURN(const People people, MakePeople(*registry));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(facilities));
  YIMA_RETURN_IF_ERROR(ClaimAll(*registry, people, ledger.batch));
  YIMA_RETURN_IF_ERROR(PublishAll(*registry, people, ledger.batch));
  {
    const MonthLater later;
    YIMA_RETURN_IF_ERROR(registry->Restart());
  }
  const auto before = registry->data() / "before.db";
  std::filesystem::copy_file(registry->database(), before);
  const double cpu = registry->server().CpuSecondsWithOwn();
  YIMA_ASSIGN_OR_RETURN(const double seconds,
                        ConfirmAll(*registry, people, ledger.batch, facilities));
  const double used = registry->server().CpuSecondsWithOwn() - cpu;
  Note(fmt::format("rights_notice: server {:.1f} MB", registry->server().peak_megabytes()));
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_ASSIGN_OR_RETURN(const double floor_seconds,
                        ReplaceRows(registry->database(), before, kTransactionRows));
  const auto count = static_cast<double>(facilities);
  return Round{count / seconds, count / floor_seconds, used * 1e6 / count,
               floor_seconds * 1e6 / count};
}

}  // namespace

Result<Line> BenchRightsNotice(const Options& options) {
  const uint64_t facilities = options.quick ? 5'000 : 200'000;
  Line line{
      .bench = "rights_notice", .unit = "facilities/s", .floor_unit = "facilities/s raw SQLite"};
  line.bar = 0.4;
  return MedianOfRounds(line, options.quick ? 1 : 3, kFacilitiesLeast,
                        [&] { return ConfirmANotice(options, facilities); });
}

namespace {

/// The peak of the program that runs a command with a caller's token.
Result<double> RunCli(const Options& options, const Registry& registry, const std::string& token,
                      std::vector<std::string> words) {
  words.insert(words.begin(), options.yima.string());
  words.insert(words.end(), {"--server", registry.address(), "--yes"});
  setenv("YIMA_TOKEN", token.c_str(), 1);
  auto program = Child::Start(words);
  unsetenv("YIMA_TOKEN");
  if (!program) return tl::unexpected(program.error());
  YIMA_RETURN_IF_ERROR((*program)->Wait());
  return (*program)->peak_megabytes();
}

}  // namespace

Result<Line> BenchMemoryRights(const Options& options) {
  const uint64_t facilities = options.quick ? 5'000 : 200'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "memory_rights"));
  YIMA_ASSIGN_OR_RETURN(const People people, MakePeople(*registry));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(facilities));
  const std::string where = fmt::format("batch={}", ledger.batch);
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_ASSIGN_OR_RETURN(
      double cli, RunCli(options, *registry, people.claimant,
                         {"rights", "claim", "--where", where, "--right", "owning", "--basis-kind",
                          "竣工移交单", "--basis-number", "12号"}));
  YIMA_ASSIGN_OR_RETURN(const double publishing, RunCli(options, *registry, people.registrar,
                                                        {"rights", "publish", "--where", where,
                                                         "--right", "owning", "--title", "公示"}));
  double server = registry->server().peak_megabytes();
  {
    const MonthLater later;
    YIMA_RETURN_IF_ERROR(registry->Restart());
  }
  YIMA_ASSIGN_OR_RETURN(const double confirming,
                        RunCli(options, *registry, people.registrar,
                               {"rights", "confirm", "--where", where, "--right", "owning"}));
  server = std::max(server, registry->server().peak_megabytes());
  cli = std::max({cli, publishing, confirming});
  Note(
      fmt::format("memory_rights {}: server {:.1f} MB, client {:.1f} MB", facilities, server, cli));
  Line line{.bench = "memory_rights", .unit = server >= cli ? "MB, yimad" : "MB, yima"};
  line.value = std::max(server, cli);
  line.bar = kMegabytesMost;
  line.better = Better::kMin;
  line.met = line.value <= kMegabytesMost;
  return line;
}

}  // namespace yima::bench
