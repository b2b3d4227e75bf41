// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: key_file_fuzz)
#include "key_file.hpp"

#include "signet/core/ids.hpp"
#include "signet/core/json.hpp"

namespace signet::keystore {

namespace {

constexpr std::string_view k_first_line = "signet key file 1";
constexpr std::size_t k_salt_bytes = 16;
constexpr std::size_t k_key_bytes = 32;
constexpr std::size_t k_size_bytes_max = 64U * 1024U;
/// Without a passphrase stretching buys nothing; the sealing then only finds changed bytes.
constexpr crypto::ScryptCost k_no_cost{.n = 2, .r = 1, .p = 1};

Error malformed(std::string why) {
  return {Errc::invalid_input, "keystore.file-malformed", "not a key file that Signet can read: " + std::move(why),
          "Restore it from a backup; a key file is written by `signet key generate` only."};
}

/// Takes one line off the front; the file must have it whole.
Result<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return malformed("it is cut off");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

Result<crypto::ScryptCost> cost_in(const Json& kdf) {
  TRY(kdf.only_members({"name", "n", "r", "p", "salt"}));
  TRY_ASSIGN(const std::string name, kdf.string_at("name"));
  TRY_ASSIGN(const std::uint64_t n, kdf.uint_at("n"));
  TRY_ASSIGN(const std::uint64_t r, kdf.uint_at("r"));
  TRY_ASSIGN(const std::uint64_t p, kdf.uint_at("p"));
  // Bounds before anything is computed: the file decides how long we work for it.
  const bool sane =
      name == "scrypt" && n >= 2 && n <= (1U << 20U) && (n & (n - 1)) == 0 && r >= 1 && r <= 32 && p >= 1 && p <= 16;
  if (!sane) return malformed("its key derivation is not known");
  return crypto::ScryptCost{.n = n, .r = static_cast<std::uint32_t>(r), .p = static_cast<std::uint32_t>(p)};
}

}  // namespace

std::string KeyFile::header() const {
  Json kdf = Json::object();
  kdf.set("name", "scrypt")
      .set("n", cost_.n)
      .set("r", std::int64_t{cost_.r})
      .set("p", std::int64_t{cost_.p})
      .set("salt", to_base64(salt_));
  Json header = Json::object();
  header.set("label", label_).set("algorithm", std::string(name_of(public_key_.algorithm())));
  header.set("public_key", to_base64(public_key_.spki_der()))
      .set("passphrase", Json(has_passphrase_))
      .set("kdf", std::move(kdf));
  return std::string(k_first_line) + "\n" + header.dump() + "\n";
}

std::string KeyFile::text() const { return header() + to_base64(sealed_) + "\n"; }

Result<Secret> KeyFile::key_from(const Secret& passphrase) const {
  return crypto::scrypt(has_passphrase_ ? passphrase.clone() : Secret(), salt_, cost_, k_key_bytes);
}

Result<KeyFile> KeyFile::seal(std::string label, crypto::PublicKey public_key, const Secret& pkcs8_der,
                              const Secret& passphrase) {
  KeyFile file(std::move(label), std::move(public_key));
  file.has_passphrase_ = !passphrase.empty();
  if (!file.has_passphrase_) file.cost_ = k_no_cost;
  file.salt_ = crypto::random_bytes(k_salt_bytes);
  TRY_ASSIGN(const Secret key, file.key_from(passphrase));
  TRY_ASSIGN(file.sealed_,
             crypto::seal(key, pkcs8_der.read(SecretAccess::for_cryptography()), as_bytes(file.header())));
  return file;
}

Result<KeyFile> KeyFile::parse(ByteView text) {
  if (text.size() > k_size_bytes_max) return malformed("it is too large");
  std::string_view rest = as_text(text);
  TRY_ASSIGN(const std::string_view first, take_line(rest));
  if (first != k_first_line) return malformed("its first line is not '" + std::string(k_first_line) + "'");
  TRY_ASSIGN(const std::string_view header, take_line(rest));
  TRY_ASSIGN(const std::string_view sealed, take_line(rest));
  if (!rest.empty()) return malformed("bytes follow its end");

  const auto fields = Json::parse(as_bytes(header), {.size_bytes_max = 16'384, .depth_max = 4, .values_max = 32});
  if (!fields) return malformed(fields.error().text());
  TRY(fields->only_members({"label", "algorithm", "public_key", "passphrase", "kdf"}));
  TRY_ASSIGN(std::string label, fields->string_at("label"));
  TRY(check_name(label, "label"));
  TRY_ASSIGN(const std::string spki, fields->string_at("public_key"));
  TRY_ASSIGN(const Bytes spki_der, from_base64(spki));
  TRY_ASSIGN(crypto::PublicKey public_key, crypto::PublicKey::from_spki_der(spki_der));
  KeyFile file(std::move(label), std::move(public_key));
  const Json* passphrase = fields->find("passphrase");
  if (passphrase == nullptr) return malformed("it does not say whether it has a passphrase");
  TRY(passphrase->as_bool(file.has_passphrase_, "passphrase"));
  TRY_ASSIGN(const Json kdf, fields->object_at("kdf"));
  TRY_ASSIGN(file.cost_, cost_in(kdf));
  TRY_ASSIGN(const std::string salt, kdf.string_at("salt"));
  TRY_ASSIGN(file.salt_, from_base64(salt));
  TRY_ASSIGN(file.sealed_, from_base64(sealed));
  if (file.salt_.size() != k_salt_bytes) return malformed("its salt has the wrong size");
  // The seal covers the header as we would write it, so a header that is spelled otherwise must not pass for it.
  if (file.text() != as_text(text)) return malformed("its header is not spelled as Signet writes it");
  return file;
}

Result<Secret> KeyFile::unseal(const Secret& passphrase) const {
  TRY_ASSIGN(const Secret key, key_from(passphrase));
  auto opened = crypto::open(key, sealed_, as_bytes(header()));
  if (opened) return opened;
  return Error(Errc::denied, "keystore.passphrase",
               "the key '" + label_ + "' does not open: " +
                   (has_passphrase_ ? "wrong passphrase, or the file was changed" : "the file was changed"),
               has_passphrase_ ? "Check the passphrase; if it is right, restore the file from a backup."
                               : "Restore it from a backup.");
}

}  // namespace signet::keystore
