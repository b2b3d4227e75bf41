// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "id/tls_peer.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace signet::cli::id {

namespace {

constexpr std::string_view k_scheme = "https://";
constexpr long k_timeout_seconds = 15;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};

Error unavailable(std::string reason, std::string text, std::string hint) {
  char words[256] = "";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, words, sizeof(words));
    text += std::string(": ") + words;
  }
  ERR_clear_error();
  return {Errc::unavailable, std::move(reason), std::move(text), std::move(hint)};
}

/// "HOST:PORT" of "https://HOST[:PORT][/]".
Result<std::string> host_and_port(const std::string& where) {
  std::string rest = where.substr(k_scheme.size());
  if (rest.ends_with('/')) rest.pop_back();
  const std::size_t bracket = rest.rfind(']');  // an IPv6 address stands in brackets
  const bool has_port = rest.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;
  if (rest.empty() || rest.find_first_of("/?# @") != std::string::npos) {
    return Error(Errc::usage, "id.url", "'" + printable(where, 120) + "' names no host",
                 "Write https://HOST or https://HOST:PORT, without a path.");
  }
  return has_port ? rest : rest + ":443";
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
  TRY_ASSIGN(const std::string host, host_and_port(where));
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return unavailable("id.handshake", "TLS cannot be set up", {});
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // A device ID names no host, so OpenSSL is not asked for a verdict: the caller judges what it gets.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_ssl_connect(context.get()));
  if (!bio) return unavailable("id.handshake", "TLS cannot be set up", {});
  BIO_set_conn_hostname(bio.get(), host.c_str());
  BIO_set_nbio(bio.get(), 1);
  SSL* ssl = nullptr;
  BIO_get_ssl(bio.get(), &ssl);
  if (BIO_do_connect_retry(bio.get(), k_timeout_seconds, 0) != 1) {
    return unavailable("id.connect", "cannot reach " + printable(host, 120) + " by TLS",
                       "Is the device on, and is this its address? signet id verify takes a file as well.");
  }
  std::vector<pki::Certificate> chain;
  const STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl);  // of a client: with the server's own, first
  for (int i = 0; shown != nullptr && i < sk_X509_num(shown) && i < 16; ++i) {
    TRY_ASSIGN(pki::Certificate one, from_x509(sk_X509_value(shown, i)));
    chain.push_back(std::move(one));
  }
  if (chain.empty()) return unavailable("id.handshake", printable(host, 120) + " shows no certificate", {});
  return chain;
}

}  // namespace signet::cli::id
