#ifndef YIMA_TESTS_SERVER_RPC_SERVED_H_
#define YIMA_TESTS_SERVER_RPC_SERVED_H_

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/transport.h"
#include "server/rpc/grpc_server.h"
#include "tests/server/methods.h"

namespace yima::server::testing {

/// Opens once, for all who wait.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

/// A gate before a World, and the token of one who may do everything.
struct Doors {
  explicit Doors(World& world);

  /// The first one of a registry's first epoch.
  static constexpr const char* kPrincipal = "4294967297";

  AuditTrail audit;
  server::Gate gate;
  std::string token;
};

/// Before which everybody may call what is public, as a test's own methods are.
Doors& OpenDoors();
inline server::Gate& OpenGate() { return OpenDoors().gate; }

/// A registry on the real store in a folder of its own, served over real gRPC on a free port.
class Served {
 public:
  Served();
  ~Served();

  World& world() { return *world_; }
  Methods& methods() { return *methods_; }
  const std::string& address() const { return server_->address(); }
  Client client(std::chrono::milliseconds deadline = std::chrono::minutes(2)) const;
  Transport transport() const { return Transport({.server = address(), .token = doors_->token}); }
  /// The store anew, from its file, without a server.
  void StopAndReopen();
  void SetServing(bool serving) { server_->SetServing(serving); }
  void Stop() { server_->Stop(std::chrono::minutes(5)); }

 private:
  std::unique_ptr<store::Store> Open() const;

  std::filesystem::path folder_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Methods> methods_;
  std::unique_ptr<Doors> doors_;
  std::unique_ptr<GrpcServer> server_;
};

/// Serves a table of a test's own on a free port.
std::unique_ptr<GrpcServer> Serve(const std::vector<Method>& table, int streams_max = 64);

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_RPC_SERVED_H_
