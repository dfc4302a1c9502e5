#include "tests/server/http/raw_client.h"

#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yima::server::testing {

RawClient::RawClient(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  socket_ = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    throw std::runtime_error("cannot connect to " + address);
  }
}

RawClient::~RawClient() { close(socket_); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::EndSending() { shutdown(socket_, SHUT_WR); }

bool RawClient::Fill() {
  char bytes[4096];
  const ssize_t got = recv(socket_, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

std::string RawClient::ReadAll() {
  while (Fill()) {
  }
  return std::move(buffer_);
}

std::string RawClient::ReadAnswer() {
  size_t head;
  while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  const size_t length = buffer_.find("Content-Length: ");
  const size_t body = length < head ? std::strtoul(&buffer_[length + 16], nullptr, 10) : 0;
  while (buffer_.size() < head + 4 + body) {
    if (!Fill()) return {};
  }
  const std::string answer = buffer_.substr(0, head + 4 + body);
  buffer_.erase(0, answer.size());
  return answer;
}

std::string Exchange(const std::string& address, std::string_view bytes) {
  RawClient client(address);
  client.Send(bytes);
  return client.ReadAll();
}

int StatusIn(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.0 ")) return 0;
  return std::atoi(std::string(answer.substr(9, 3)).c_str());
}

}  // namespace yima::server::testing
