#include "tests/server/rpc/served.h"

#include <gtest/gtest.h>

#include "server/access/tokens.h"
#include "server/store/sqlite_store.h"

namespace yima::server::testing {
namespace {

constexpr server::Gate::Options kNoLimit{.public_calls_a_second = 0, .public_burst = 0};

}  // namespace

Doors::Doors(World& world) : audit(world.domain()), gate(world.domain(), audit, kNoLimit) {
  static_cast<void>(MakeFirstAdministrator(world.domain(), [&](std::string_view made) {
    token = made;
    return Result<void>();
  }));
}

Doors& OpenDoors() {
  static World world;
  static Doors doors(world);
  return doors;
}

Served::Served() {
  std::string pattern = ::testing::TempDir() + "yima-served-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  world_ = std::make_unique<World>(Open());
  methods_ = std::make_unique<Methods>(*world_);
  doors_ = std::make_unique<Doors>(*world_);
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  server_ = *GrpcServer::Start(methods_->table(), doors_->gate, options);
}

Served::~Served() {
  server_.reset();
  doors_.reset();
  methods_.reset();
  world_.reset();
  std::filesystem::remove_all(folder_);
}

std::unique_ptr<store::Store> Served::Open() const {
  store::SqliteOptions options;
  options.create = true;
  return *store::OpenSqliteStore(folder_ / "yima.db", options);
}

Client Served::client(std::chrono::milliseconds deadline) const {
  ClientOptions options;
  options.server = address();
  options.token = doors_->token;
  options.deadline = deadline;
  return Client(options);
}

void Served::StopAndReopen() {
  Stop();
  methods_.reset();
  world_->Reopen([&] { return Open(); });
  methods_ = std::make_unique<Methods>(*world_);
}

std::unique_ptr<GrpcServer> Serve(const std::vector<Method>& table, int streams_max) {
  GrpcServer::Options options;
  options.address = "127.0.0.1:0";
  options.streams_max = streams_max;
  return *GrpcServer::Start(table, OpenGate(), options);
}

}  // namespace yima::server::testing
