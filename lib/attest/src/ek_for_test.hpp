// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/attest.hpp"
#include "signet/core/ensure.hpp"
#include "signet/os/file.hpp"
#include "signet/os/process.hpp"
#include "signet/test/temp_dir.hpp"

#include <filesystem>
#include <string>
#include <vector>

/// Makers of TPMs, played by the program openssl: endorsement certificates in the shapes in which makers write them.
/// For tests only.
namespace signet::attest::maker {

/// How one maker writes its certificates.
struct Shape {
  std::string name;                     ///< "infineon_rsa"
  std::string key = "RSA";              ///< of the endorsement key: "RSA", "P-256", "P-384"
  std::string authority_key = "P-384";  ///< of its authorities; also "P-521"
  int authorities = 1;                  ///< between root and certificate
  std::string subject = "/";            ///< empty, as most makers have it
  std::string usage = "keyUsage=critical,keyEncipherment";
  std::string extended_usage = "extendedKeyUsage=2.23.133.8.1";
  std::string names = "subjectAltName=critical,dirName:tpm";
  std::string constraints = "basicConstraints=critical,CA:FALSE";
  std::string more = {};  ///< further extensions, a line each
  std::string hash = "-sha256";
  std::string model = "id:49465800 SLB9670 id:070D";  ///< what model() says
};

inline void must_run(const std::vector<std::string>& arguments) {
  const auto result = os::run(arguments);
  ensure(result.has_value() && result->exit_code == 0,
         result ? "test: openssl: " + result->err : "test: openssl is installed");
}

inline std::string text_of(const std::filesystem::path& path) {
  const auto bytes = os::read_file(path, 1U << 20U);
  ensure(bytes.has_value(), "test: a file");
  return std::string(as_text(*bytes));
}

/// A maker with a root, its authorities and one certified key.
class Maker {
 public:
  explicit Maker(const Shape& shape) : shape_(shape) {
    write_config();
    make_key("a0", shape.authority_key);
    must_run({"openssl", "req", "-x509", "-new", "-key", file("a0.key"), "-subj", "/O=" + shape.name + "/CN=Root",
              "-days", "20000", "-config", file("config"), "-extensions", "authority", "-out", file("a0.pem")});
    for (int i = 1; i <= shape.authorities; ++i) make_authority(i);
    make_key("ek", shape.key);
    certify("ek", "a" + std::to_string(shape.authorities), shape.subject, "ek", shape.hash);
  }

  [[nodiscard]] pki::Certificate root() const { return *pki::Certificate::from_pem(text_of(folder_ / "a0.pem")); }
  [[nodiscard]] pki::Certificate leaf() const { return *pki::Certificate::from_pem(text_of(folder_ / "ek.pem")); }
  /// Root excluded, the nearest first.
  [[nodiscard]] std::vector<pki::Certificate> authorities() const {
    std::vector<pki::Certificate> list;
    for (int i = shape_.authorities; i > 0; --i) {
      list.push_back(*pki::Certificate::from_pem(text_of(folder_ / ("a" + std::to_string(i) + ".pem"))));
    }
    return list;
  }
  /// As it stands in NV: the certificate, then its authorities.
  [[nodiscard]] std::vector<Bytes> chain() const {
    std::vector<Bytes> list{leaf().der()};
    for (const auto& each : authorities()) list.push_back(each.der());
    return list;
  }
  /// An area as a TPM would have it; only verify_ek() reads it.
  [[nodiscard]] tpm::Public area() const {
    must_run({"openssl", "pkey", "-in", file("ek.key"), "-pubout", "-out", file("ek.pub")});
    tpm::Public area;
    area.attributes = tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_sensitive_data_origin | tpm::k_admin_with_policy |
                      tpm::k_restricted | tpm::k_decrypt;
    area.key = *crypto::PublicKey::from_pem(text_of(folder_ / "ek.pub"));
    return area;
  }
  [[nodiscard]] EkPolicy policy(Strength strength = Strength::strong) const {
    return {.anchors = {{root(), strength}}, .at = leaf().not_before()};
  }

 private:
  [[nodiscard]] std::string file(const std::string& name) const { return (folder_ / name).string(); }

  void write_config() const {
    const std::string text =
        "[req]\ndistinguished_name=none\n[none]\n"
        "[authority]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        "[ek]\n" +
        shape_.constraints + "\n" + shape_.usage + "\n" + shape_.extended_usage + "\n" + shape_.names +
        "\nauthorityKeyIdentifier=keyid\n" + shape_.more +
        "\n[tpm]\n0.2.23.133.2.1=id:49465800\n1.2.23.133.2.2=SLB9670\n2.2.23.133.2.3=id:070D\n"
        "[directory]\nspecification=SEQUENCE:specification\n"
        "[specification]\nid=OID:2.23.133.2.16\nvalue=SET:specifications\n"
        "[specifications]\none=SEQUENCE:family\n[family]\na=UTF8:2.0\nb=INTEGER:0\nc=INTEGER:138\n";
    ensure(os::replace_file(folder_ / "config", as_bytes(text)).has_value(), "test: a file");
  }
  void make_key(const std::string& name, const std::string& kind) const {
    const bool rsa = kind == "RSA";
    must_run({"openssl", "genpkey", "-algorithm", rsa ? "RSA" : "EC", "-pkeyopt",
              rsa ? "rsa_keygen_bits:2048" : "ec_paramgen_curve:" + kind, "-out", file(name + ".key")});
  }
  void make_authority(int number) const {
    const std::string name = "a" + std::to_string(number);
    make_key(name, shape_.authority_key);
    certify(name, "a" + std::to_string(number - 1), "/O=" + shape_.name + "/CN=Authority " + std::to_string(number),
            "authority", "-sha384");
  }
  void certify(const std::string& name, const std::string& issuer, const std::string& subject,
               const std::string& extensions, const std::string& hash) const {
    must_run({"openssl", "req", "-new", "-key", file(name + ".key"), "-subj", subject, "-config", file("config"),
              "-out", file(name + ".csr")});
    must_run({"openssl", "x509", "-req", "-in", file(name + ".csr"), "-CA", file(issuer + ".pem"), "-CAkey",
              file(issuer + ".key"), "-CAcreateserial", "-days", "10000", hash, "-extfile", file("config"),
              "-extensions", extensions, "-out", file(name + ".pem")});
  }

  Shape shape_;
  test::TempDir folder_;
};

}  // namespace signet::attest::maker
