#include "client/log/known_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "codegen/code/signed_note.h"

namespace yima {
namespace {

constexpr size_t kNoteSizeMax = 64 << 10;

}  // namespace

Result<Checkpoint> OpenSignedBy(std::string_view note, const std::vector<PublicKey>& keys) {
  YIMA_ASSIGN_OR_RETURN(const auto opened, SignedNote::Parse(note, kNoteSizeMax));
  YIMA_ASSIGN_OR_RETURN(auto checkpoint, Checkpoint::Parse(opened.text));
  if (std::ranges::any_of(keys, [&](const PublicKey& key) { return opened.IsSignedBy(key); })) {
    return checkpoint;
  }
  return Fail(StatusCode::kPermissionDenied, "CHECKPOINT_UNSIGNED",
              fmt::format("the checkpoint of log \"{}\" is signed by no log key that the trust "
                          "bundle names",
                          checkpoint.origin));
}

Result<KnownLog> OpenKnownLog(std::string note, const std::vector<TrustStore>& stores) {
  if (stores.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "TRUST_MISSING",
                "no trust is kept, so no checkpoint can be believed", "--trust");
  }
  YIMA_ASSIGN_OR_RETURN(const auto opened, SignedNote::Parse(note, kNoteSizeMax));
  YIMA_ASSIGN_OR_RETURN(const auto said, Checkpoint::Parse(opened.text));
  const auto name = LogName::Parse(said.origin);
  const auto store = std::ranges::find_if(stores, [&](const TrustStore& held) {
    return name && held.bundle()->registry == name->registry;
  });
  if (store == stores.end()) {
    return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_OF_ANOTHER_LOG",
                fmt::format("the checkpoint is of log \"{}\", of no registry whose trust is kept",
                            said.origin));
  }
  YIMA_ASSIGN_OR_RETURN(auto checkpoint, OpenSignedBy(note, store->bundle()->log_keys));
  if (name->epoch > store->bundle()->epoch) {
    return Fail(StatusCode::kFailedPrecondition, "EPOCH_AHEAD",
                fmt::format("the checkpoint is of epoch {}, the trust bundle kept of epoch {}",
                            name->epoch, store->bundle()->epoch));
  }
  return KnownLog{*name, std::move(checkpoint), std::move(note), *store->bundle()};
}

}  // namespace yima
