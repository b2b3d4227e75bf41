// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "http_fetcher.hpp"

#include "signet/os/fd.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace signet::test {

namespace {

constexpr std::size_t k_head_size_bytes_max = 16'384;

struct Url {
  std::string host;
  std::string port;
  std::string path;
};

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view k_scheme = "http://";
  const std::size_t slash = text.starts_with(k_scheme) ? text.find('/', k_scheme.size()) : std::string_view::npos;
  if (slash == std::string_view::npos) {
    return Error(Errc::usage, "test.url", "'" + printable(text) + "' is not of the form http://HOST:PORT/PATH");
  }
  const std::string_view authority = text.substr(k_scheme.size(), slash - k_scheme.size());
  const std::size_t colon = authority.rfind(':');
  return Url{std::string(authority.substr(0, colon)),
             colon == std::string_view::npos ? "80" : std::string(authority.substr(colon + 1)),
             std::string(text.substr(slash))};
}

Result<os::Fd> connect_to(const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found) != 0) {
    return Error(Errc::unavailable, "test.host", "no address for '" + printable(url.host) + "'");
  }
  int connect_errno = ECONNREFUSED;
  os::Fd open;
  for (const addrinfo* at = found; at != nullptr && !open.is_open(); at = at->ai_next) {
    os::Fd fd(::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol));
    if (fd.is_open() && ::connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0) {
      open = std::move(fd);
    } else {
      connect_errno = errno;
    }
  }
  ::freeaddrinfo(found);
  if (!open.is_open()) return errno_error(connect_errno, "connect to " + url.host + ":" + url.port);
  return open;
}

/// The code of a status line.
Result<int> status_of(std::string_view head) {
  const std::size_t space = head.find(' ');
  if (!head.starts_with("HTTP/1.") || space == std::string_view::npos || head.size() < space + 4) {
    return Error(Errc::invalid_input, "test.http", "the answer is not HTTP");
  }
  int status = 0;
  const char* const digits = head.data() + space + 1;
  std::from_chars(digits, digits + 3, status);
  return status;
}

/// The body of a GET, piece by piece; what an answer that is not 200 says is not looked at.
Result<void> get(const std::string& address, const tuf::Sink& sink) {
  TRY_ASSIGN(const Url url, parse_url(address));
  TRY_ASSIGN(const os::Fd fd, connect_to(url));
  TRY(os::write_all(fd, as_bytes("GET " + url.path + " HTTP/1.0\r\nHost: " + url.host + "\r\n\r\n")));
  Bytes buffer(1U << 16U);
  std::string head;
  std::size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    TRY_ASSIGN(const std::size_t count, os::read_some(fd, buffer));
    if (count == 0 || head.size() > k_head_size_bytes_max) {
      return Error(Errc::invalid_input, "test.http", "the answer has no end of its head");
    }
    head += as_text(ByteView(buffer).first(count));
  }
  TRY_ASSIGN(const int status, status_of(head));
  if (status == 403 || status == 404) return Error(Errc::not_found, "test.not-found", "no " + address);
  if (status != 200) return Error(Errc::unavailable, "test.http", "status " + std::to_string(status));
  TRY(sink(as_bytes(std::string_view(head).substr(end + 4))));
  for (;;) {
    TRY_ASSIGN(const std::size_t count, os::read_some(fd, buffer));
    if (count == 0) return {};
    TRY(sink(ByteView(buffer).first(count)));
  }
}

class HttpFetcher : public tuf::Fetcher {
 public:
  HttpFetcher(std::string metadata_url, std::string targets_url)
      : metadata_url_(std::move(metadata_url)), targets_url_(std::move(targets_url)) {}

  Result<Bytes> metadata(const std::string& name, std::uint64_t size_bytes_max) override {
    Bytes all;
    TRY(get(join(metadata_url_, name), [&](ByteView piece) -> Result<void> {
      if (piece.size() > size_bytes_max - all.size()) {
        return Error(Errc::invalid_input, "tuf.too-long", "'" + name + "' is longer than allowed");
      }
      append(all, piece);
      return {};
    }));
    return all;
  }

  Result<void> target(const std::string& name, std::uint64_t, const tuf::Sink& sink) override {
    return get(join(targets_url_, name), sink);
  }

 private:
  static std::string join(const std::string& base, const std::string& name) {
    return base.ends_with('/') ? base + name : base + "/" + name;
  }

  std::string metadata_url_;
  std::string targets_url_;
};

}  // namespace

std::unique_ptr<tuf::Fetcher> make_http_fetcher(std::string metadata_url, std::string targets_url) {
  return std::make_unique<HttpFetcher>(std::move(metadata_url), std::move(targets_url));
}

}  // namespace signet::test
