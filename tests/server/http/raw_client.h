#ifndef YIMA_TESTS_SERVER_HTTP_RAW_CLIENT_H_
#define YIMA_TESTS_SERVER_HTTP_RAW_CLIENT_H_

#include <string>
#include <string_view>

namespace yima::server::testing {

/// A socket that sends whatever bytes it is told to: a client that keeps to no rules.
class RawClient {
 public:
  /// `address`: 127.0.0.1:port.
  explicit RawClient(const std::string& address);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False once the server has closed.
  bool Send(std::string_view bytes);
  /// No more is sent.
  void EndSending();
  /// What comes until the server closes.
  std::string ReadAll();
  /// One answer: its head and as many bytes as Content-Length says; empty when the server closed.
  std::string ReadAnswer();

 private:
  bool Fill();

  int socket_ = -1;
  std::string buffer_;
};

/// Sends and gives all that comes back until the server closes.
std::string Exchange(const std::string& address, std::string_view bytes);

/// The status of an answer; 0 when it has none.
int StatusIn(std::string_view answer);

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_HTTP_RAW_CLIENT_H_
