#ifndef YIMA_TOOLS_BENCH_D_LOAD_H_
#define YIMA_TOOLS_BENCH_D_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tools/bench.d/certificate.h"
#include "tools/bench.d/child.h"
#include "tools/bench.d/line.h"

#include "codegen/code/result.h"

namespace yima::bench {

struct Channels;

/// One unary method of a server, and what it is shown.
struct Target {
  std::string address;
  std::string method;      ///< "/yima.v1.ResolverService/Resolve"
  std::string token = {};  ///< Shown with each call; empty: none.
  std::string ca = {};     ///< PEM of who issued the server's certificate; empty: plain text.
};

/// Calls one unary method over and over through gRPC's callback interface, bytes in and out, with
/// so many calls under way at all times: the cheapest client there is, and the same for every
/// server that is compared.
class Load {
 public:
  Load(Target target, int callers);
  ~Load();

  struct Measured {
    double per_second = 0;
    double reply_bytes = 0;  ///< Mean.
    double cpu_us = 0;       ///< Processor time a call, of the server and this program together.
  };
  /// Makes n calls; `request` gives the serialized request of the ith, from any thread. CALL_FAILED
  /// when one is not answered with OK.
  Result<Measured> Run(uint64_t n, const std::function<std::string(uint64_t)>& request,
                       const Child& server) const;

 private:
  const Target target_;
  const std::unique_ptr<const Channels> channels_;
  const int callers_;
};

/// The same callers, who ask one thing without pause and take whatever they are answered. They end
/// with the object.
class Flood {
 public:
  Flood(Target target, int callers, std::string request);
  ~Flood();

  uint64_t answered() const;  ///< With OK.
  uint64_t refused() const;

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

/// Serves any unary method with a reply of so many bytes that looks at nothing, in the callback
/// style, until it is killed; writes its address to a file. The floor of `resolve`. Over TLS when
/// there is a certificate.
int ServeEcho(const std::string& address_file, uint64_t reply_bytes,
              const Certificate& certificate);

/// The same in a process of its own.
struct Echo {
  std::unique_ptr<Child> program;
  std::string address;
  static Result<Echo> Start(const Options& options, uint64_t reply_bytes,
                            const Certificate& certificate = {});
};

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_LOAD_H_
