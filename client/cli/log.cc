#include <fstream>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/log_lines.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

/// `--from` and `--to`, either of which may be left out.
struct EntryRange {
  std::string from;
  std::string to;
};

struct ProofWanted {
  std::string index;
  std::string older;
};

Result<VerifiedTiles> TilesOf(const LogSource& source, const Checkpoint& checkpoint) {
  return VerifiedTiles::Open(checkpoint.size, checkpoint.root,
                             [&source](const Tile& tile) { return source.Read(tile); });
}

Result<void> ShowCheckpoint(Session& session) {
  const ServerLog source(session.client());
  YIMA_ASSIGN_OR_RETURN(const auto log, ServedLog(session, source));
  if (session.json) {
    session.Object({{"registry", log.name.registry},
                    {"epoch", log.name.epoch},
                    {"size", fmt::to_string(log.checkpoint.size)},
                    {"root", HexOf(log.checkpoint.root)},
                    {"note", log.note}});
    return {};
  }
  session.Line(fmt::format("log: {}", log.checkpoint.origin));
  session.Line(fmt::format("size: {}", log.checkpoint.size));
  session.Line(fmt::format("root: {}", HexOf(log.checkpoint.root)));
  return {};
}

Result<void> ShowEntries(Session& session, const EntryRange& range) {
  const ServerLog source(session.client());
  YIMA_ASSIGN_OR_RETURN(const auto log, ServedLog(session, source));
  const uint64_t size = log.checkpoint.size;
  uint64_t from = 0;
  uint64_t to = size;
  if (!range.from.empty()) {
    YIMA_ASSIGN_OR_RETURN(from, ParseNumber(range.from, "--from"));
  }
  if (!range.to.empty()) {
    YIMA_ASSIGN_OR_RETURN(to, ParseNumber(range.to, "--to"));
  }
  if (from > to || to > size) {
    return Invalid("RANGE_MALFORMED",
                   fmt::format("entries {} to {} of a log of {} entries", from, to, size), "--to");
  }
  YIMA_ASSIGN_OR_RETURN(auto tiles, TilesOf(source, log.checkpoint));
  return VisitEntries(source, tiles, size, from, to, [&](uint64_t index, std::string_view entry) {
    return ShowEntry(session, index, entry);
  });
}

template <typename Response>
Result<std::vector<TreeHash>> ProofIn(const Response& answer) {
  std::vector<TreeHash> proof;
  for (const auto& hash : answer.hashes()) {
    if (hash.size() != sizeof(TreeHash)) {
      return Fail(
          StatusCode::kDataLoss, "PROOF_WRONG",
          fmt::format("a hash of the proof has {} bytes, want {}", hash.size(), sizeof(TreeHash)));
    }
    std::copy(hash.begin(), hash.end(), proof.emplace_back().begin());
  }
  return proof;
}

void ShowProof(Session& session, Json facts, const std::vector<TreeHash>& proof) {
  if (session.json) {
    facts["proof"] = Json::array();
    for (const auto& hash : proof) facts["proof"].push_back(HexOf(hash));
    return session.Object(facts);
  }
  for (const auto& [name, value] : facts.items()) {
    session.Line(fmt::format("{}: {}", name, value.get<std::string>()));
  }
  for (const auto& hash : proof) session.Line(HexOf(hash));
}

Result<void> ProveInclusion(Session& session, const KnownLog& log, const std::string& index) {
  v1::GetInclusionProofRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t entry, ParseNumber(index, "INDEX"));
  request.set_index(entry);
  request.set_size(log.checkpoint.size);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetInclusionProof(request));
  YIMA_ASSIGN_OR_RETURN(const auto proof, ProofIn(answer));
  TreeHash leaf{};
  if (answer.leaf_hash().size() != leaf.size()) {
    return Fail(StatusCode::kDataLoss, "PROOF_WRONG", "the entry's hash has not 32 bytes");
  }
  std::copy(answer.leaf_hash().begin(), answer.leaf_hash().end(), leaf.begin());
  YIMA_RETURN_IF_ERROR(
      VerifyInclusion(entry, log.checkpoint.size, leaf, proof, log.checkpoint.root));
  ShowProof(session,
            {{"index", fmt::to_string(entry)},
             {"size", fmt::to_string(log.checkpoint.size)},
             {"root", HexOf(log.checkpoint.root)},
             {"leaf", HexOf(leaf)}},
            proof);
  return {};
}

/// Of a checkpoint in a file, or of the log itself at a size.
Result<Checkpoint> OlderOf(Session& session, const KnownLog& log, const std::string& older) {
  if (older.find_first_not_of("0123456789") != std::string::npos) {
    YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(session.trust).Load());
    YIMA_ASSIGN_OR_RETURN(std::string note, ReadWholeFile(older));
    YIMA_ASSIGN_OR_RETURN(const auto kept, OpenKnownLog(std::move(note), stores));
    if (kept.name == log.name && kept.checkpoint.size > log.checkpoint.size) {
      return Fail(StatusCode::kFailedPrecondition, "LOG_SMALLER",
                  fmt::format("the log has {} entries, {} signs {}", log.checkpoint.size, older,
                              kept.checkpoint.size),
                  "--consistency");
    }
    if (kept.name == log.name) return kept.checkpoint;
    return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_OF_ANOTHER_LOG",
                fmt::format("the checkpoint is of log \"{}\", the server's is \"{}\"",
                            kept.checkpoint.origin, log.checkpoint.origin),
                "--consistency");
  }
  Checkpoint checkpoint;
  YIMA_ASSIGN_OR_RETURN(checkpoint.size, ParseNumber(older, "--consistency"));
  if (checkpoint.size > log.checkpoint.size) return checkpoint;  // The server says so.
  const ServerLog source(session.client());
  YIMA_ASSIGN_OR_RETURN(auto tiles, TilesOf(source, log.checkpoint));
  YIMA_ASSIGN_OR_RETURN(checkpoint.root, RootOf(checkpoint.size, tiles.hashes()));
  return checkpoint;
}

Result<void> ProveConsistency(Session& session, const KnownLog& log, const std::string& older) {
  YIMA_ASSIGN_OR_RETURN(const auto before, OlderOf(session, log, older));
  v1::GetConsistencyProofRequest request;
  request.set_older_size(before.size);
  request.set_newer_size(log.checkpoint.size);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetConsistencyProof(request));
  YIMA_ASSIGN_OR_RETURN(const auto proof, ProofIn(answer));
  YIMA_RETURN_IF_ERROR(
      VerifyConsistency(before.size, log.checkpoint.size, proof, before.root, log.checkpoint.root));
  ShowProof(session,
            {{"olderSize", fmt::to_string(before.size)},
             {"olderRoot", HexOf(before.root)},
             {"size", fmt::to_string(log.checkpoint.size)},
             {"root", HexOf(log.checkpoint.root)}},
            proof);
  return {};
}

Result<void> Prove(Session& session, const ProofWanted& wanted) {
  if (wanted.index.empty() == wanted.older.empty()) {
    return Invalid("TARGET_MISSING", "want either the index of an entry or --consistency OLD",
                   "INDEX");
  }
  const ServerLog source(session.client());
  YIMA_ASSIGN_OR_RETURN(const auto log, ServedLog(session, source));
  return wanted.older.empty() ? ProveInclusion(session, log, wanted.index)
                              : ProveConsistency(session, log, wanted.older);
}

}  // namespace

void AddLog(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "log", T("公开核验的日志", "the log that anyone can check"));
  AddCommand(group, session, "checkpoint",
             T("获取最新检查点并按信任包核对签名：日志、条数、根",
               "fetch the newest checkpoint, judged by the trust kept: log, size, root"),
             {"yima log checkpoint", "yima log checkpoint --json"},
             [&session] { return ShowCheckpoint(session); });

  const auto range = std::make_shared<EntryRange>();
  auto* entries =
      AddCommand(group, session, "entries",
                 T("列出日志条目，逐条核对属于已签署的树（须审计员）",
                   "list entries, each proved to be in the tree that is signed (for auditors)"),
                 {"yima log entries --from 100 --to 120", "yima log entries --json"},
                 [&session, range] { return ShowEntries(session, *range); });
  entries->add_option("--from", range->from, T("从第几条起，首条为 0", "the first, from 0"));
  entries->add_option("--to", range->to, T("到第几条止（不含）", "up to this one, exclusive"));

  const auto wanted = std::make_shared<ProofWanted>();
  auto* proof = AddCommand(
      group, session, "proof",
      T("获取并核对证明：某条在日志中，或旧日志是新日志的开头",
        "fetch and verify a proof that an entry is in the log, or that an older log is its "
        "beginning"),
      {"yima log proof 1234", "yima log proof --consistency checkpoint.old"},
      [&session, wanted] { return Prove(session, *wanted); });
  proof->add_option("index", wanted->index, T("条目序号，首条为 0", "the entry, from 0"));
  proof->add_option("--consistency", wanted->older,
                    T("旧检查点的文件，或旧日志的条数", "file of an older checkpoint, or a size"));
  AddLogCopies(*group, session);
  AddLogMonitor(*group, session);
}

}  // namespace yima::cli
