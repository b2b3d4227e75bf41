// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// TLS with keys behind a Signer on either side, over memory BIOs; the other side is a plain OpenSSL key.
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"

#include "ossl.hpp"
#include "provider_test_support.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <tuple>

namespace signet::ossl {

namespace {

using crypto::KeyAlgorithm;
using SslCtx = Handle<SSL_CTX, SSL_CTX_free>;
using Ssl = Handle<SSL, SSL_free>;

struct Identity {
  EvpPkey key;
  X509Cert certificate;
};

Identity make_identity(EvpPkey key) {
  const EVP_MD* hash = EVP_PKEY_is_a(key.get(), "ED25519") == 1 ? nullptr : EVP_sha256();
  X509Cert certificate = test::self_signed(key.get(), hash);
  return {std::move(key), std::move(certificate)};
}

SslCtx make_context(const SSL_METHOD* method, int version, const Identity& own, X509* trusted, const char* signatures) {
  SslCtx ctx(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(ctx.get(), version);
  SSL_CTX_set_max_proto_version(ctx.get(), version);
  EXPECT_EQ(SSL_CTX_use_certificate(ctx.get(), own.certificate.get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(ctx.get(), own.key.get()), 1);
  EXPECT_EQ(SSL_CTX_check_private_key(ctx.get()), 1);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx.get()), trusted);
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  EXPECT_TRUE(signatures == nullptr || SSL_CTX_set1_sigalgs_list(ctx.get(), signatures) == 1);
  EXPECT_EQ(ERR_peek_error(), 0U);  // stale entries would make SSL_get_error() lie
  return ctx;
}

/// Shakes hands until both are done or one gives up.
bool handshake(SSL* client, SSL* server) {
  BIO *client_end = nullptr, *server_end = nullptr;
  BIO_new_bio_pair(&client_end, 1 << 17, &server_end, 1 << 17);
  SSL_set_bio(client, client_end, client_end);
  SSL_set_bio(server, server_end, server_end);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int round = 0; round < 20; ++round) {
    for (SSL* side : {client, server}) {
      ERR_clear_error();
      const int result = SSL_do_handshake(side);
      if (result != 1 && SSL_get_error(side, result) != SSL_ERROR_WANT_READ) return false;
    }
    if (SSL_is_init_finished(client) == 1 && SSL_is_init_finished(server) == 1) return true;
  }
  return false;
}

struct TlsRow {
  std::string name;
  KeyAlgorithm algorithm;
  int version;
  const char* signatures;  ///< what the plain side accepts; null: its defaults
};

class EachTls : public ::testing::TestWithParam<std::tuple<TlsRow, bool>> {};
INSTANTIATE_TEST_SUITE_P(
    Provider, EachTls,
    ::testing::Combine(
        ::testing::Values(
            TlsRow{"p256_tls13", KeyAlgorithm::ec_p256, TLS1_3_VERSION, nullptr},
            TlsRow{"p256_tls12", KeyAlgorithm::ec_p256, TLS1_2_VERSION, nullptr},
            TlsRow{"p384_tls13", KeyAlgorithm::ec_p384, TLS1_3_VERSION, nullptr},
            TlsRow{"p384_tls12", KeyAlgorithm::ec_p384, TLS1_2_VERSION, nullptr},
            TlsRow{"rsa_tls13_pss256", KeyAlgorithm::rsa_2048, TLS1_3_VERSION, "rsa_pss_rsae_sha256:RSA+SHA256"},
            TlsRow{"rsa_tls13_pss512", KeyAlgorithm::rsa_2048, TLS1_3_VERSION, "rsa_pss_rsae_sha512:RSA+SHA256"},
            TlsRow{"rsa_tls12_pkcs1", KeyAlgorithm::rsa_2048, TLS1_2_VERSION, "RSA+SHA256:RSA+SHA384"},
            TlsRow{"rsa_tls12_pss", KeyAlgorithm::rsa_2048, TLS1_2_VERSION, "rsa_pss_rsae_sha384:RSA+SHA256"},
            TlsRow{"ed25519_tls13", KeyAlgorithm::ed25519, TLS1_3_VERSION, nullptr},
            TlsRow{"ed25519_tls12", KeyAlgorithm::ed25519, TLS1_2_VERSION, nullptr}),
        ::testing::Bool()),
    [](const auto& param) {
      return std::get<0>(param.param).name + (std::get<1>(param.param) ? "_server" : "_client");
    });

}  // namespace

TEST_P(EachTls, P_CRYPTO_001_handshake_succeeds) {
  const auto& [row, as_server] = GetParam();
  auto key = signing_key(test::make_memory_signer(row.algorithm));
  ASSERT_OK(key);
  const Identity ours = make_identity(*std::move(key));
  const Identity plain = make_identity(EvpPkey(EVP_RSA_gen(2048)));
  const Identity& at_client = as_server ? plain : ours;
  const Identity& at_server = as_server ? ours : plain;
  const SslCtx client_ctx = make_context(TLS_client_method(), row.version, at_client, at_server.certificate.get(),
                                         as_server ? row.signatures : nullptr);
  const SslCtx server_ctx = make_context(TLS_server_method(), row.version, at_server, at_client.certificate.get(),
                                         as_server ? nullptr : row.signatures);
  const Ssl client(SSL_new(client_ctx.get()));
  const Ssl server(SSL_new(server_ctx.get()));
  EXPECT_TRUE(handshake(client.get(), server.get())) << take_error(Errc::internal, "", "").message();
  EXPECT_EQ(SSL_version(client.get()), row.version);
  EXPECT_EQ(SSL_get_verify_result(client.get()), X509_V_OK);
  EXPECT_EQ(SSL_get_verify_result(server.get()), X509_V_OK);
}

}  // namespace signet::ossl
