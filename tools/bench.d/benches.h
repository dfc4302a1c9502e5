#ifndef YIMA_TOOLS_BENCH_D_BENCHES_H_
#define YIMA_TOOLS_BENCH_D_BENCHES_H_

#include "tools/bench.d/line.h"

namespace yima::bench {

/// Each makes one line; README.md in the folder above says what its floor is and why that is fair.
Result<Line> BenchIssue(const Options& options);
Result<Line> BenchImport(const Options& options);
Result<Line> BenchResolve(const Options& options);
Result<Line> BenchResolveStream(const Options& options);
Result<Line> BenchResolveTls(const Options& options);
Result<Line> BenchAccess(const Options& options);
Result<Line> BenchVerify(const Options& options);
Result<Line> BenchSymbol(const Options& options);
Result<Line> BenchSheet(const Options& options);
Result<Line> BenchSingleWrite(const Options& options);
Result<Line> BenchFlood(const Options& options);
Result<Line> BenchBackup(const Options& options);
Result<Line> BenchRestart(const Options& options);
Result<Line> BenchPage(const Options& options);
Result<Line> BenchPageSlow(const Options& options);
Result<Line> BenchCoverage(const Options& options);
Result<Line> BenchNearby(const Options& options);
Result<Line> BenchWatch(const Options& options);
Result<Line> BenchHistory(const Options& options);
Result<Line> BenchMemoryImport(const Options& options);
Result<Line> BenchMemoryIssue(const Options& options);
Result<Line> BenchMemoryLabels(const Options& options);
Result<Line> BenchMemoryRights(const Options& options);
Result<Line> BenchRightsNotice(const Options& options);
Result<Line> BenchCertificate(const Options& options);
Result<Line> BenchVerifyCertificate(const Options& options);
Result<Line> BenchLogIntegrate(const Options& options);
Result<Line> BenchLogVerify(const Options& options);
Result<Line> BenchLogProof(const Options& options);

/// Serves a page of so many bytes at an address that it writes to the file. Gives an exit code.
int ServeConstantPage(const std::string& address_file, uint64_t bytes);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_BENCHES_H_
