#ifndef YIMA_TOOLS_BENCH_D_LOAD_H_
#define YIMA_TOOLS_BENCH_D_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tools/bench.d/child.h"

#include "codegen/code/result.h"

namespace yima::bench {

/// Calls one unary method over and over through gRPC's callback interface, bytes in and out, with
/// so many calls under way at all times: the cheapest client there is, and the same for every
/// server that is compared.
class Load {
 public:
  /// `method`: "/yima.v1.ResolverService/Resolve".
  /// `token`: shown with each call; empty: none.
  Load(const std::string& address, std::string method, int callers, std::string token = "");
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
  struct Channels;
  const std::unique_ptr<Channels> channels_;
  const std::string method_;
  const int callers_;
  const std::string token_;
};

/// Serves any unary method with a reply of so many bytes that looks at nothing, in the callback
/// style, until it is killed; writes its address to a file. The floor of `resolve`.
int ServeEcho(const std::string& address_file, uint64_t reply_bytes);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_LOAD_H_
