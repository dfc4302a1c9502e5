#ifndef YIMA_SERVER_YIMAD_COMMANDS_H_
#define YIMA_SERVER_YIMAD_COMMANDS_H_

#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace yima::server {

/// What the command lines hold. Each command gives yimad's exit code.
struct InitOptions {
  std::filesystem::path data;
  std::string origin;
  std::filesystem::path passphrase_file;
  bool allow_test_origin = false;
  bool self_signed = false;
};
int RunInit(const InitOptions& options);

struct AdminTokenOptions {
  std::filesystem::path data;
  std::filesystem::path passphrase_file;
};
int RunAdminToken(const AdminTokenOptions& options);

struct ServeOptions {
  std::filesystem::path data;
  std::string listen = "127.0.0.1:8340";
  std::filesystem::path address_file;
  std::filesystem::path passphrase_file;
  std::string http = "127.0.0.1:8341";  ///< `none`: no pages.
  std::filesystem::path http_address_file;
  std::filesystem::path webroot;
  std::string hotline;
  std::string metrics = "none";
  std::string log_format = "text";
  std::string log_level = "info";
  std::filesystem::path tls_certificate;  ///< PEM, with the chain; empty: plain text.
  std::filesystem::path tls_key;
  std::filesystem::path client_ca;  ///< PEM of who may issue client certificates.
  double public_rate = 50;          ///< Calls a second without a token, by address; 0: any.
};
/// Serves until SIGTERM or SIGINT.
int RunServe(const ServeOptions& options);

struct CertificateOptions {
  std::filesystem::path data;
  std::vector<std::string> hosts;  ///< Beside those of the origins and of the present one.
};
/// Makes or renews the certificate of a network that no public authority reaches.
int RunCertificate(const CertificateOptions& options);

struct DoctorOptions {
  std::filesystem::path data;
  std::filesystem::path ca;  ///< Certificates that count; empty: the system's.
  bool json = false;
};
/// kFailed when something is wrong.
int RunDoctor(const DoctorOptions& options);

/// `app` must have been parsed.
int RunConfigShow(const CLI::App& app, bool json);

struct CheckOptions {
  std::filesystem::path data;
};
int RunCheck(const CheckOptions& options);

struct BackupOptions {
  std::filesystem::path data;
  std::filesystem::path to;
  bool json = false;
};
int RunBackup(const BackupOptions& options);

struct RestoreOptions {
  std::filesystem::path from;
  std::filesystem::path data;
  std::filesystem::path bundle;  ///< The last that was published, and …
  std::filesystem::path list;
  bool nothing_published = false;  ///< … or the word that there is none.
  std::filesystem::path passphrase_file;
  std::filesystem::path state;  ///< Where epochs are remembered.
  /// The last one published of the log, if one is at hand.
  std::filesystem::path checkpoint;
  bool keep_tokens = false;
  bool json = false;
};
int RunRestore(const RestoreOptions& options);

struct RebuildOptions {
  std::filesystem::path from;           ///< A log as `yima log export` writes it.
  std::filesystem::path data;           ///< The folder to make.
  std::filesystem::path personal_from;  ///< A data folder or backup of the registry; may be empty.
  std::filesystem::path keys;           ///< A `keys` folder; may be empty.
  std::filesystem::path bundle;         ///< A trust bundle that judges the log; may be empty.
  std::string root;                     ///< The key that must have signed the bundle, in hex.
  bool json = false;
};
int RunRebuild(const RebuildOptions& options);

struct TrustExportOptions {
  std::filesystem::path data;
  std::filesystem::path out;  ///< A folder in the form that `yima --trust` reads.
};
int RunTrustExport(const TrustExportOptions& options);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_COMMANDS_H_
