#include "client/cli/basis.h"

#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

#include "client/cli/words.h"
#include "codegen/code/signature.h"

namespace yima::cli {
namespace {

/// SHA-256 of the file, 32 bytes.
Result<std::string> HashOf(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::vector<char> part(size_t{1} << 16);
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) ||
         stream.gcount() > 0) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(part.data()),
                              static_cast<uint64_t>(stream.gcount()));
  }
  if (!stream.eof()) {
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
                fmt::format("cannot read {}", file.string()), "--basis-file");
  }
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state, reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

}  // namespace

void AddBasisOptions(CLI::App& command, BasisOptions& options, bool required) {
  command.add_option("--basis-kind", options.kind, T("文件种类", "kind of the document"))
      ->required(required);
  command.add_option("--basis-number", options.number, T("文号", "its number"))->required(required);
  command.add_option("--basis-date", options.date, T("日期 YYYY-MM-DD", "date YYYY-MM-DD"));
  command.add_option("--basis-file", options.file,
                     T("文件本身，记其 SHA-256；PDF 并存入登记库",
                       "the file itself: its SHA-256 is recorded; a PDF is kept"));
}

Result<v1::Basis> MakeBasis(const BasisOptions& options) {
  v1::Basis basis;
  basis.set_kind(options.kind);
  basis.set_number(options.number);
  basis.set_date(options.date);
  if (!options.file.empty()) {
    YIMA_ASSIGN_OR_RETURN(*basis.mutable_sha256(), HashOf(options.file));
  }
  return basis;
}

Result<v1::Basis> MakeKeptBasis(Session& session, const BasisOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto basis, MakeBasis(options));
  if (options.file.empty()) return basis;
  std::ifstream stream(options.file, std::ios::binary);
  const std::string file(std::istreambuf_iterator<char>(stream), {});
  if (!file.starts_with("%PDF")) return basis;
  v1::UploadHeader header;
  // The same file again is the same request.
  header.set_request_id("basis-" + ToHex({reinterpret_cast<const uint8_t*>(basis.sha256().data()),
                                          basis.sha256().size()})
                                       .substr(0, 40));
  header.set_media_type("application/pdf");
  Progress progress(T("上传依据文件", "sending the document"));
  YIMA_ASSIGN_OR_RETURN(
      const auto kept, session.client().UploadAttachment(
                           header, file, [&](uint64_t sent) { progress.Show(sent, file.size()); }));
  basis.set_sha256(kept.attachment().sha256());
  return basis;
}

Result<v1::Basis> BasisFor(Session& session, const BasisOptions& options, bool dry_run) {
  return dry_run ? MakeBasis(options) : MakeKeptBasis(session, options);
}

}  // namespace yima::cli
