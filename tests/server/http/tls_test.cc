#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "server/http/certificate.h"
#include "server/http/http_server.h"
#include "tests/server/http/echo.h"
#include "tests/server/http/raw_client.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;

/// A certificate of our own, by openssl(1), and what curl(1) makes of a server that shows it.
class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    std::string pattern = ::testing::TempDir() + "yima-tls-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  void Make(const std::string& name) const {
    const std::string made = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout {0}/{1}.key -out {0}/{1}.pem "
        "2>{0}/openssl.err",
        folder_.string(), name);
    ASSERT_EQ(std::system(made.c_str()), 0);
  }
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }
  HttpServer::Options Options(const std::string& name) const {
    HttpServer::Options options;
    options.certificate_pem = Read(name + ".pem");
    options.key_pem = Read(name + ".key");
    return options;
  }
  /// curl's exit code, trusting the certificate of that name alone.
  int Curl(const HttpServer& server, const std::string& trusted,
           const std::string& more = "") const {
    const int status =
        std::system(fmt::format("curl -s -m 20 -o {0}/answer --cacert {0}/{1}.pem {2} "
                                "https://{3}/secure",
                                folder_.string(), trusted, more, server.address())
                        .c_str());
    return WEXITSTATUS(status);
  }

  std::filesystem::path folder_;
};

TEST_F(TlsTest, ServesNewProtocolsAlone) {
  Make("a");
  const auto server = Serve(Echo, Options("a"));
  EXPECT_EQ(Curl(*server, "a"), 0);
  EXPECT_THAT(Read("answer"), HasSubstr("GET /secure"));
  EXPECT_EQ(Curl(*server, "a", "--tls-max 1.2"), 0);
  EXPECT_NE(Curl(*server, "a", "--tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0"), 0);
  EXPECT_EQ(StatusIn(Exchange(server->address(), Get("/"))), 0) << "plain text on the TLS port";
  // Others are served all the same.
  EXPECT_EQ(Curl(*server, "a"), 0);
}

TEST_F(TlsTest, CertificateIsRenewedWithoutAStop) {
  Make("a");
  Make("b");
  const auto server = Serve(Echo, Options("a"));
  EXPECT_NE(Curl(*server, "b"), 0);
  EXPECT_EQ(server->Renew(Read("a.pem"), Read("b.key")).error().reason, "TLS_MALFORMED");
  EXPECT_EQ(Curl(*server, "a"), 0);
  // What a file being written holds must not end TLS.
  EXPECT_EQ(server->Renew("", "").error().reason, "TLS_MALFORMED");
  EXPECT_EQ(server->Renew("", Read("b.key")).error().reason, "TLS_MALFORMED");
  EXPECT_EQ(StatusIn(Exchange(server->address(), Get("/"))), 0) << "plain text on the TLS port";
  EXPECT_EQ(Curl(*server, "a"), 0);
  ASSERT_TRUE(server->Renew(Read("b.pem"), Read("b.key")));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Curl(*server, "b"), 0);
  EXPECT_NE(Curl(*server, "a"), 0);
}

/// The library closes the socket of a pair that does not fit, whose number may be another's by
/// then.
TEST_F(TlsTest, RefusedPairsCloseNothingOfOthers) {
  Make("a");
  Make("b");
  const auto server = Serve(Echo, Options("a"));
  const std::string pem = Read("a.pem");
  const std::string other = Read("b.key");
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = descriptors();
  std::atomic<bool> stopping = false;
  int closed_by_others = 0;
  std::thread opening([&] {
    while (!stopping) {
      const int own = open("/dev/null", O_RDONLY | O_CLOEXEC);
      std::this_thread::yield();
      if (close(own) != 0) ++closed_by_others;
    }
  });
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(server->Renew(pem, other));
  stopping = true;
  opening.join();
  EXPECT_EQ(closed_by_others, 0);
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(Curl(*server, "a"), 0);
}

TEST_F(TlsTest, CertificateSaysWhenItRunsOut) {
  Make("a");
  const auto expires = CertificateExpires(Read("a.pem"));
  ASSERT_TRUE(expires);
  constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
  EXPECT_GT(*expires, Now() + kDay);
  EXPECT_LE(*expires, Now() + 2 * kDay);
  for (const std::string& none : {std::string(), std::string("nonsense"), Read("a.key")}) {
    EXPECT_EQ(CertificateExpires(none).error().reason, "TLS_MALFORMED");
  }
}

TEST_F(TlsTest, CertificateThatIsNoneIsRefused) {
  Make("a");
  for (const auto& [certificate, key] :
       {std::pair{std::string("nonsense"), Read("a.key")}, {Read("a.pem"), std::string()}}) {
    HttpServer::Options options;
    options.address = "127.0.0.1:0";
    options.certificate_pem = certificate;
    options.key_pem = key;
    const auto server = HttpServer::Start(Echo, options);
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().reason, "TLS_MALFORMED");
  }
}

}  // namespace
}  // namespace yima::server::testing
