#include "client/log/verify_state.h"

#include <fmt/format.h>
#include <sodium.h>

#include "client/log/fast_hash.h"
#include "client/log/state_bytes.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

constexpr std::string_view kName = "yima-log-state-3\n";
constexpr size_t kSum = crypto_hash_sha256_BYTES;

std::string Sum(std::string_view bytes) {
  std::string sum(kSum, '\0');
  crypto_hash_sha256(reinterpret_cast<uint8_t*>(sum.data()),
                     reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return sum;
}

void AppendTree(std::string& bytes, const TileTree& tree) {
  AppendNumber(bytes, tree.size());
  for (const auto& hashes : tree.open()) AppendText(bytes, TileBytesOf(hashes));
}

bool TakeTree(std::string_view& bytes, TileTree& tree) {
  uint64_t size = 0;
  if (!TakeNumber(bytes, size)) return false;
  OpenTiles open;
  std::string text;
  for (size_t level = 0; level < open.size(); ++level) {
    if (!TakeText(bytes, text)) return false;
    const auto width = static_cast<uint32_t>(text.size() / sizeof(TreeHash));
    auto hashes = ParseTileHashes(text, {false, static_cast<int>(level), 0, width});
    if (!hashes) return false;
    open[level] = *std::move(hashes);
  }
  auto made = TileTree::From(size, std::move(open), FastHashChildren);
  if (made) tree = *std::move(made);
  return made.has_value();
}

}  // namespace

std::optional<SeenLog> VerifyState::known() const {
  const auto opened = SignedNote::Parse(note);
  if (!opened) return std::nullopt;
  auto checkpoint = Checkpoint::Parse(opened->text);
  auto name = checkpoint ? LogName::Parse(checkpoint->origin) : std::nullopt;
  if (!name) return std::nullopt;
  return SeenLog{*std::move(name), *std::move(checkpoint), note};
}

Result<std::optional<VerifyState>> VerifyState::Load(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file));
  VerifyState state;
  if (state.Parse(bytes)) return state;
  return Fail(StatusCode::kDataLoss, "STATE_DAMAGED",
              fmt::format("{} is not as it was written, or of another program or version; without "
                          "it the whole is verified again",
                          file.string()),
              "--state");
}

bool VerifyState::Parse(std::string_view bytes) {
  if (!bytes.starts_with(kName) || bytes.size() < kName.size() + kSum) return false;
  const std::string_view sum = bytes.substr(bytes.size() - kSum);
  bytes.remove_suffix(kSum);
  if (Sum(bytes) != sum) return false;
  bytes.remove_prefix(kName.size());
  std::string origin;
  uint64_t hashes = 0;
  if (!TakeText(bytes, note) || !TakeText(bytes, origin) || !TakeText(bytes, source) ||
      !TakeNumber(bytes, hashes) || !TakeNumber(bytes, time_us) || !TakeTree(bytes, tree)) {
    return false;
  }
  hashes_only = hashes != 0;
  auto name = LogName::Parse(origin);
  if (!name || (!note.empty() && !known())) return false;
  log = *std::move(name);
  return revisions.TakeFrom(bytes) && restores.TakeFrom(bytes) && bytes.empty();
}

Result<void> VerifyState::Keep(const std::filesystem::path& file) const {
  std::string bytes(kName);
  AppendText(bytes, note);
  AppendText(bytes, log.ToString());
  AppendText(bytes, source);
  AppendNumber(bytes, hashes_only ? 1 : 0);
  AppendNumber(bytes, time_us);
  AppendTree(bytes, tree);
  revisions.AppendTo(bytes);
  restores.AppendTo(bytes);
  bytes += Sum(bytes);
  return ReplaceFile(file, bytes, 0600);
}

}  // namespace yima
