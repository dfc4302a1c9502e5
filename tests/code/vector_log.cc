#include <functional>
#include <string>
#include <vector>

#include "codegen/code/checkpoint.h"
#include "codegen/code/tile_tree.h"
#include "tests/code/vector_world.h"
#include "tests/code/vectors.h"

namespace yima::testing {
namespace {

using nlohmann::ordered_json;

constexpr uint8_t kLogSeed = 103;
constexpr std::string_view kLog = "0123456789abcdef0123456789abcdef/1";
constexpr uint64_t kTime = 1'795'478'400'000'000;  // 2026-11-24T00:00:00Z
constexpr uint64_t kLarge = 70'000;

std::string HexOf(std::string_view bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

// Just enough of protobuf's wire format.
void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
std::string Number(uint64_t field, uint64_t value) {
  std::string bytes;
  AppendVarint(bytes, field << 3);
  AppendVarint(bytes, value);
  return bytes;
}
std::string Text(uint64_t field, std::string_view text) {
  std::string bytes;
  AppendVarint(bytes, field << 3 | 2);
  AppendVarint(bytes, text.size());
  return bytes.append(text);
}

/// A LogEntry: `field` is the record's, 16 for a facility and 18 for an organization.
std::string Entry(uint64_t second, std::string_view method, uint64_t revision, uint64_t field,
                  const std::string& record) {
  const uint64_t time = kTime + second * 1'000'000;
  std::string entry(1, '\x09');
  for (int shift = 0; shift < 64; shift += 8) entry.push_back(static_cast<char>(time >> shift));
  return entry + Text(2, "7") + Text(3, method) + Number(6, revision) + Text(field, record);
}

std::vector<std::string> Entries() {
  const std::string organization = Number(1, 4'294'967'297) + Text(2, "城市管理局");
  const std::string facility = Number(1, 4'294'967'297);
  constexpr std::string_view kService = "yima.v1.RegistryService/";
  const auto method = [&](std::string_view name) { return std::string(kService).append(name); };
  return {Entry(0, method("CreateOrganization"), 1, 18, organization),
          Entry(1, method("CreateFacility"), 1, 16, facility),
          Entry(2, method("UpdateFacility"), 2, 16, facility + Number(9, 1)),
          Entry(2, method("CreateFacility"), 1, 16, Number(1, 4'294'967'298)),
          Entry(3, method("UpdateFacility"), 3, 16, facility)};
}

/// Entries that a reader must refuse, each for one reason.
ordered_json Malformed() {
  const auto entry = [](uint64_t field, const std::string& record) {
    return Entry(0, "yima.v1.RegistryService/CreateFacility", 1, field, record);
  };
  const std::string good = entry(16, Number(1, 1));
  const std::string record = Text(16, Number(1, 1));
  const std::string without = good.substr(0, good.size() - record.size());
  auto list = ordered_json::array();
  const auto add = [&](std::string_view name, const std::string& bytes) {
    list.push_back({{"name", name}, {"entry", HexOf(bytes)}});
  };
  add("no record", without);
  add("two records", good + Text(16, Number(1, 1)));
  add("the time is not first", good.substr(9) + good.substr(0, 9));
  add("cut off", good.substr(0, good.size() - 1));
  add("the time as a varint", good + Number(1, kTime));
  add("the method as a number", good + Number(3, 1));
  add("the batch as bytes", good + Text(5, "1"));
  add("the revision as bytes", good + Text(6, "1"));
  add("a record as a number", without + Number(16, 1));
  add("a facility named by bytes", entry(16, Text(1, "1")));
  add("a class named by a number", entry(19, Number(1, 1)));
  add("a registry named by a number", entry(21, Number(1, 1)));
  return list;
}

/// Entries that say whose log they are, under the name of a log, and whether it may be theirs.
ordered_json Named() {
  const std::string own(kLog.substr(0, kLog.size() - 2));
  const std::string first = own + "/1";
  const std::string second = own + "/2";
  const auto registry = [](uint64_t revision, std::string_view id, uint64_t epoch) {
    return HexOf(Entry(revision, "yimad/restore", revision, 21, Text(1, id) + Number(2, epoch)));
  };
  const std::string other = "f" + own.substr(1);
  auto list = ordered_json::array();
  const auto add = [&](std::string_view name, std::string_view log, bool holds,
                       const std::vector<std::string>& entries) {
    list.push_back({{"name", name}, {"log", log}, {"entries", entries}, {"holds", holds}});
  };
  add("its own", first, true, {registry(1, own, 1)});
  add("its own after a restore", second, true, {registry(1, own, 1), registry(2, own, 2)});
  add("of an epoch before", second, false, {registry(1, own, 1)});
  add("of a later epoch", first, false, {registry(1, own, 2)});
  add("of a later epoch before the last", second, false,
      {registry(1, own, 3), registry(2, own, 2)});
  add("of another registry", first, false, {registry(1, other, 1)});
  add("of nobody", first, false, {HexOf(Entries().front())});
  return list;
}

/// Hashes of all complete subtrees, so that proofs can be made.
SubtreeHashes HashesOf(const std::vector<TreeHash>& leaves) {
  return [&leaves](const Subtree& subtree) -> Result<TreeHash> {
    const size_t count = size_t{1} << subtree.level;
    return RootOverHashes(std::span(leaves).subspan(subtree.index << subtree.level, count));
  };
}

ordered_json HexList(const std::vector<TreeHash>& hashes) {
  auto list = ordered_json::array();
  for (const TreeHash& hash : hashes) list.push_back(ToHex(hash));
  return list;
}

ordered_json Inclusion(std::string_view name, uint64_t index, uint64_t size,
                       const std::vector<TreeHash>& proof, bool holds) {
  return {{"name", name},
          {"index", index},
          {"size", size},
          {"proof", HexList(proof)},
          {"holds", holds}};
}

ordered_json InclusionProofs(const std::vector<TreeHash>& leaves) {
  auto list = ordered_json::array();
  const auto hashes = HashesOf(leaves);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      list.push_back(Inclusion("as made", index, size, *InclusionProof(index, size, hashes), true));
    }
  }
  const auto good = *InclusionProof(2, 5, hashes);
  auto changed = good;
  changed[1][31] ^= 1;
  auto longer = good;
  longer.push_back(leaves[0]);
  list.push_back(Inclusion("a hash changed", 2, 5, changed, false));
  list.push_back(Inclusion("a hash too few", 2, 5, {good.begin(), good.end() - 1}, false));
  list.push_back(Inclusion("a hash too many", 2, 5, longer, false));
  list.push_back(Inclusion("no hash", 2, 5, {}, false));
  list.push_back(Inclusion("of another entry", 3, 5, good, false));
  list.push_back(Inclusion("of an entry that is not there", 5, 5, good, false));
  return list;
}

ordered_json Consistency(std::string_view name, uint64_t older, uint64_t newer,
                         const std::vector<TreeHash>& proof, bool holds) {
  return {{"name", name},
          {"older", older},
          {"newer", newer},
          {"proof", HexList(proof)},
          {"holds", holds}};
}

ordered_json ConsistencyProofs(const std::vector<TreeHash>& leaves) {
  auto list = ordered_json::array();
  const auto hashes = HashesOf(leaves);
  for (uint64_t newer = 1; newer <= leaves.size(); ++newer) {
    for (uint64_t older = 1; older <= newer; ++older) {
      list.push_back(
          Consistency("as made", older, newer, *ConsistencyProof(older, newer, hashes), true));
    }
  }
  const auto good = *ConsistencyProof(3, 5, hashes);
  auto changed = good;
  changed[0][0] ^= 1;
  auto longer = good;
  longer.push_back(leaves[0]);
  list.push_back(Consistency("a hash changed", 3, 5, changed, false));
  list.push_back(Consistency("a hash too few", 3, 5, {good.begin(), good.end() - 1}, false));
  list.push_back(Consistency("a hash too many", 3, 5, longer, false));
  list.push_back(Consistency("of another size", 2, 5, good, false));
  list.push_back(Consistency("of a log that shrank", 5, 3, good, false));
  return list;
}

ordered_json Judged(std::string_view name, const std::string& note, std::string_view refused) {
  return {{"name", name}, {"note", note}, {"refused", refused}};
}

ordered_json Checkpoints(const Checkpoint& good) {
  const auto sign = [](const Checkpoint& checkpoint, uint8_t seed) {
    return checkpoint.Sign(SigningKey::FromSeed(Seed(seed))).ToString();
  };
  const std::string note = sign(good, kLogSeed);
  auto altered = note;
  altered.replace(altered.find("\n5\n"), 3, "\n6\n");
  Checkpoint other = good;
  other.origin.back() = '2';
  Checkpoint empty{std::string(kLog), 0, EmptyTreeRoot(), ""};
  const std::string text = good.ToString();
  const auto signed_text = [&](std::string changed) {
    SignedNote made{std::move(changed), {}};
    made.Sign(kLog, SigningKey::FromSeed(Seed(kLogSeed)));
    return made.ToString();
  };
  auto zero = text;
  zero.replace(zero.find("\n5\n"), 3, "\n05\n");
  return {Judged("of five entries", note, ""),
          Judged("of none", sign(empty, kLogSeed), ""),
          Judged("with an extension line", signed_text(text + "more\n"), ""),
          Judged("altered after it was signed", altered, "CHECKPOINT_UNSIGNED"),
          Judged("by another key", sign(good, kStatusSeed), "CHECKPOINT_UNSIGNED"),
          Judged("of another epoch", sign(other, kLogSeed), "CHECKPOINT_OF_ANOTHER_LOG"),
          Judged("a size with a leading zero", signed_text(zero), "CHECKPOINT_MALFORMED"),
          Judged("two lines", signed_text(std::string(kLog) + "\n5\n"), "CHECKPOINT_MALFORMED"),
          Judged("without signature", text, "NOTE_MALFORMED")};
}

/// Entry n is its number in decimal digits.
ordered_json Large() {
  TileTree tree;
  std::vector<std::string> full;
  for (uint64_t n = 0; n < kLarge; ++n) {
    static_cast<void>(
        tree.Append(HashLeaf(std::to_string(n)), [&](const Tile& tile, std::span<const TreeHash>) {
          if (tile.level > 0) full.push_back(tile.Path());
          return Result<void>();
        }));
  }
  ordered_json partial;
  for (const Tile& tile : tree.PartialTiles()) {
    const auto& hashes = tree.open()[static_cast<size_t>(tile.level)];
    partial[tile.Path()] = {{"first", ToHex(hashes.front())}, {"last", ToHex(hashes.back())}};
  }
  return {{"comment", "entry n is n in decimal digits"},
          {"size", kLarge},
          {"root", ToHex(tree.Root())},
          {"full", full},
          {"partial", partial}};
}

}  // namespace

ordered_json MakeLogVectors() {
  const auto entries = Entries();
  std::vector<TreeHash> leaves;
  std::string bundle;
  auto listed = ordered_json::array();
  auto roots = ordered_json::array({ToHex(EmptyTreeRoot())});
  for (const auto& entry : entries) {
    leaves.push_back(HashLeaf(entry));
    AppendTileEntry(bundle, entry);
    listed.push_back(HexOf(entry));
    roots.push_back(ToHex(RootOverHashes(leaves)));
  }
  const Checkpoint checkpoint{std::string(kLog), entries.size(), RootOverHashes(leaves), ""};
  const SigningKey key = SigningKey::FromSeed(Seed(kLogSeed));
  return {
      {"comment",
       "A log of five entries, in hex, and what follows from it; roots[n] is that of the first "
       "n. Proofs and checkpoints say whether they hold, or why they are refused."},
      {"log", kLog},
      {"log_key", ToHex(key.public_key())},
      {"entries", listed},
      {"malformed", Malformed()},
      {"named", Named()},
      {"leaves", HexList(leaves)},
      {"roots", roots},
      {"tiles",
       {{"tile/entries/000.p/5", HexOf(bundle)}, {"tile/0/000.p/5", HexOf(TileBytesOf(leaves))}}},
      {"checkpoints", Checkpoints(checkpoint)},
      {"inclusion", InclusionProofs(leaves)},
      {"consistency", ConsistencyProofs(leaves)},
      {"large", Large()}};
}

}  // namespace yima::testing
