// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "id/tls_peer.hpp"

#include "signet/os/tcp.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <system_error>

namespace signet::cli::id {

namespace {

constexpr std::string_view k_scheme = "https://";
constexpr std::chrono::seconds k_patience(15);  // for name, connection and handshake together
constexpr int k_certificates_max = 16;

using SteadyClock = std::chrono::steady_clock;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, FreeSsl>;

struct Address {
  std::string host;  ///< without brackets
  std::string port;
  std::string name;   ///< of the host where it has one, for servers that show several certificates; else empty
  std::string shown;  ///< "HOST:PORT"
};

Error no_host(const std::string& where) {
  return {Errc::usage, "id.url", "'" + printable(where, 120) + "' names no host and port",
          "Write https://HOST or https://HOST:PORT, without a path; an IPv6 address in brackets."};
}

Result<Address> address_of(const std::string& where) {
  std::string rest = where.substr(k_scheme.size());
  if (rest.ends_with('/')) rest.pop_back();
  const std::size_t bracket = rest.rfind(']');
  const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  const std::string host = rest.substr(0, colon);
  const std::string port = colon == std::string::npos ? "443" : rest.substr(colon + 1);
  std::uint16_t number = 0;
  const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool ends_well = end.ec == std::errc() && end.ptr == port.data() + port.size() && number != 0;
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  const bool plain = !host.empty() && host.find_first_of("/?#@[]\\") == std::string::npos;
  const bool visible = std::ranges::none_of(host, [](unsigned char each) { return each <= ' ' || each == 0x7f; });
  if (!ends_well || !visible || (!bracketed && !plain)) return no_host(where);
  in_addr number_of_host{};
  const bool numeric = bracketed || ::inet_pton(AF_INET, host.c_str(), &number_of_host) == 1;
  return Address{.host = bracketed ? host.substr(1, host.size() - 2) : host,
                 .port = port,
                 .name = numeric ? "" : host,
                 .shown = host + ":" + port};
}

/// False where the deadline came first.
bool wait_for(const os::Fd& fd, short events, os::Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{.fd = fd.get(), .events = events, .revents = 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // a broken socket says so when it is used
  }
}

// --- Connection ---

Result<os::Fd> connect(const Address& address, os::Deadline deadline) {
  auto fd = os::connect_tcp(address.host, address.port, deadline);
  if (fd) return fd;
  const bool late = fd.error().reason() == "os.timeout";
  return Error(Errc::unavailable, "id.connect",
               "cannot reach " + printable(address.shown, 120) + ": " + fd.error().text() +
                   (late ? ", " + std::to_string(k_patience.count()) + " s" : ""),
               "Is the device on, and is this its address? 'signet id verify' takes a statement in a file as well.");
}

// --- Handshake ---

Error no_handshake(const Address& address, const std::string& why, std::string hint) {
  return {Errc::unavailable, "id.handshake", printable(address.shown, 120) + " makes no TLS connection: " + why,
          std::move(hint)};
}

Error too_late(const Address& address, SSL* ssl) {
  const bool silent = BIO_number_read(SSL_get_rbio(ssl)) == 0;
  return {Errc::unavailable, "id.timeout",
          printable(address.shown, 120) +
              (silent ? " takes the connection, but says nothing" : " does not come to an end with its handshake") +
              ", for " + std::to_string(k_patience.count()) + " s",
          "Is this the port of its TLS server? If it is, the device may be overloaded: try again."};
}

/// Why SSL_connect() gave up; `system` is the errno that it left.
Error not_shaken(const Address& address, SSL* ssl, int system) {
  const std::string shown = printable(address.shown, 120);
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  const char* const words = ERR_reason_error_string(code);
  ERR_clear_error();
  if (reason == SSL_R_BAD_SIGNATURE) {  // RFC 8446 section 4.4.3, RFC 5246 section 7.4.3
    return {Errc::untrusted, "id.not-its-key", shown + " does not hold the key of the certificate that it shows",
            "The certificate was copied from a device. Do not trust this one."};
  }
  if (code == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    const bool reset = code == 0 && system != 0;
    return no_handshake(address, reset ? std::generic_category().message(system) : "it closes the connection",
                        "Is this the port of its TLS server? The device's log may say more.");
  }
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
    return no_handshake(address, "it knows neither TLS 1.2 nor 1.3",
                        "Switch a newer version on, or update the device.");
  }
  const std::string said = words == nullptr ? "unknown reason" : words;
  if (reason >= SSL_AD_REASON_OFFSET) {
    return no_handshake(address, "it refuses with '" + said + "'",
                        "The device's log may say more; a server that wants certificates of its clients refuses too.");
  }
  if (SSL_get_current_cipher(ssl) == nullptr) {  // it came from before any answer in TLS
    return {Errc::invalid_input, "id.no-tls", "what answers at " + shown + " is not TLS (" + said + ")",
            "Is this the port of its TLS server? Its web page without TLS proves nothing."};
  }
  return no_handshake(address, said, "The handshake is broken: is something between this machine and the device?");
}

Result<void> shake_hands(const Address& address, SSL* ssl, const os::Fd& connection, os::Deadline deadline) {
  ERR_clear_error();
  errno = 0;
  int done = 0;
  while ((done = SSL_connect(ssl)) != 1) {
    const int system = errno;
    const int wants = SSL_get_error(ssl, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return not_shaken(address, ssl, system);
    const short events = wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (!wait_for(connection, events, deadline)) return too_late(address, ssl);
    errno = 0;
  }
  return {};
}

/// It talks over a connection that stays the caller's.
Result<Ssl> client_of(const Address& address, const os::Fd& connection) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  Ssl ssl(context ? SSL_new(context.get()) : nullptr);
  if (!ssl) return Error(Errc::internal, "id.setup", "TLS cannot be set up");
  SSL_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  // A device ID names no host, so OpenSSL is not asked for a verdict on the chain: the caller judges what it gets. That
  // the server holds the key of its certificate is checked all the same.
  SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);
  if (!address.name.empty()) {  // SSL_set_tlsext_host_name() without its C cast; the name is copied
    std::string name = address.name;
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  if (SSL_set_fd(ssl.get(), connection.get()) != 1) return Error(Errc::internal, "id.setup", "TLS cannot be set up");
  return ssl;
}

Result<pki::Certificate> from_x509(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return Error(Errc::internal, "id.encode", "a certificate cannot be written");
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
      der, [](unsigned char* bytes) { OPENSSL_free(bytes); });
  return pki::Certificate::from_der(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
}

}  // namespace

Result<std::vector<pki::Certificate>> certificates_of(const std::string& where) {
  TRY_ASSIGN(const Address address, address_of(where));
  const auto deadline = SteadyClock::now() + k_patience;
  TRY_ASSIGN(const os::Fd connection, connect(address, deadline));
  TRY_ASSIGN(const Ssl ssl, client_of(address, connection));
  TRY(shake_hands(address, ssl.get(), connection, deadline));
  SSL_shutdown(ssl.get());  // says goodbye; whether that arrives changes nothing
  std::vector<pki::Certificate> chain;
  const STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl.get());  // of a client: with the server's own, first
  for (int i = 0; shown != nullptr && i < std::min(sk_X509_num(shown), k_certificates_max); ++i) {
    TRY_ASSIGN(pki::Certificate one,
               from_x509(sk_X509_value(shown, i)).context("read what " + printable(address.shown, 120) + " shows"));
    chain.push_back(std::move(one));
  }
  if (chain.empty()) {
    return no_handshake(address, "it shows no certificate", "Configure its server with the device's certificates.");
  }
  return chain;
}

}  // namespace signet::cli::id
