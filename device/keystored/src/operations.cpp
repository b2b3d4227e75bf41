// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// parses: foreign bytes (fuzz: keystored_request_fuzz)
#include "operations.hpp"

#include "key_operations.hpp"
#include "token_operations.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

namespace signet::keystored {

namespace {

using keystore::bytes_at;
using keystore::Purpose;
using keystore::TpmKeyInfo;

constexpr std::size_t k_nonce_bytes_max = 32;  // what fits a SHA-256 TPM's qualifying data beside the algorithm
constexpr std::uint64_t k_random_bytes_max = 1024;
constexpr std::size_t k_sealed_bytes_max = 128;

/// Whether a word stands in a list of words.
bool names(std::string_view words, std::string_view wanted) {
  for (const auto word : std::views::split(words, ' ')) {
    if (std::string_view(word.begin(), word.end()) == wanted) return true;
  }
  return false;
}

Error bad(std::string text) { return {Errc::invalid_input, "keystored.request", std::move(text)}; }

/// What a new key is for. The algorithm of an imported one is not known before the TPM has taken it, so a decrypting
/// key says so.
Result<tpm::KeyUse> use_at(const Json& arguments, Purpose purpose,
                           crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ec_p256) {
  if (arguments.find("use") == nullptr) return keystore::default_use(purpose, algorithm);
  TRY_ASSIGN(const std::string name, arguments.string_at("use"));
  for (const auto use : {tpm::KeyUse::sign, tpm::KeyUse::decrypt, tpm::KeyUse::derive, tpm::KeyUse::sign_any}) {
    if (keystore::name_of(use) == name) return use;
  }
  return bad("a key is used to 'sign', 'decrypt', 'derive' or 'sign-any'");
}

Result<Bytes> nonce_at(const Json& arguments) {
  TRY_ASSIGN(Bytes nonce, bytes_at(arguments, "nonce"));
  if (nonce.size() <= k_nonce_bytes_max) return nonce;
  return Error(Errc::invalid_input, "keystored.request", "a nonce has at most 32 bytes", "Send its SHA-256.");
}

Result<std::vector<unsigned>> pcrs_at(const Json& arguments) {
  TRY_ASSIGN(const Json::Array numbers, arguments.array_at("pcrs"));
  std::vector<unsigned> pcrs;
  for (const Json& number : numbers) {
    TRY_ASSIGN(const std::uint64_t pcr, number.as_uint("pcrs"));
    if (pcr >= tpm::k_pcrs) return bad("PCRs are numbered from 0 to 23");
    if (std::ranges::find(pcrs, static_cast<unsigned>(pcr)) != pcrs.end()) return bad("a PCR is named twice");
    pcrs.push_back(static_cast<unsigned>(pcr));
  }
  return pcrs;
}

Json proof_json(const tpm::Attestation& attestation) {
  return Json::object(
      {{"statement", to_base64(attestation.statement)}, {"signature", to_base64(attestation.signature)}});
}

// --- Keys ---

Result<Json> generate(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const std::string name, arguments.string_at("algorithm"));
  TRY_ASSIGN(const crypto::KeyAlgorithm algorithm, crypto::key_algorithm_from(name));
  TRY_ASSIGN(const tpm::KeyUse use, use_at(arguments, purpose, algorithm));
  std::vector<unsigned> pcrs;
  if (arguments.find("pcrs") != nullptr) {
    TRY_ASSIGN(pcrs, pcrs_at(arguments));
    if (pcrs.empty()) return bad("'pcrs' names at least one");
  }
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const TpmKeyInfo info, keys->generate(label, algorithm, purpose, use, pcrs));
  return key_json(*keys, info);
}

Result<Json> import_key(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const tpm::KeyUse use, use_at(arguments, purpose));
  TRY_ASSIGN(const Secret pkcs8, keystore::secret_at(arguments, "pkcs8"));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const TpmKeyInfo info, keys->import_key(label, pkcs8, purpose, use));
  return key_json(*keys, info);
}

Result<Json> list(Device& device, const Json& /*arguments*/) {
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const std::vector<TpmKeyInfo> infos, keys->keys());
  Json rows = Json::array();
  for (const TpmKeyInfo& info : infos) {
    TRY_ASSIGN(Json row, key_json(*keys, info));
    rows.push(std::move(row));
  }
  return Json::object({{"keys", std::move(rows)}});
}

Result<Json> public_half(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const TpmKeyInfo info, keys->info(label));
  return key_json(*keys, info);
}

Result<Json> sign(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const std::string name, arguments.string_at("scheme"));
  TRY_ASSIGN(const Bytes input, bytes_at(arguments, "input"));
  TRY_ASSIGN(const auto keys, device.keys());
  if (name == keystore::k_rsa_block) {
    TRY_ASSIGN(const Bytes signature, keys->sign_block(label, purpose, input));
    return Json::object({{"signature", to_base64(signature)}});
  }
  TRY_ASSIGN(const crypto::SignatureScheme scheme, keystore::scheme_from(name));
  TRY_ASSIGN(const Bytes signature, keys->sign(label, purpose, scheme, input));
  return Json::object({{"signature", to_base64(signature)}});
}

Result<Json> decrypt(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const Bytes input, bytes_at(arguments, "input"));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const Secret secret, keys->decrypt(label, purpose, input));
  return Json::object({{"secret", keystore::text_of(secret)}});
}

Result<Json> derive(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const Bytes spki, bytes_at(arguments, "peer"));
  TRY_ASSIGN(const crypto::PublicKey peer, crypto::PublicKey::from_spki_der(spki));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const Secret secret, keys->derive(label, purpose, peer));
  return Json::object({{"secret", keystore::text_of(secret)}});
}

Result<Json> seal(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Secret data, keystore::secret_at(arguments, "data"));
  if (data.empty() || data.size() > k_sealed_bytes_max) return bad("1 to 128 bytes can be sealed");
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const Bytes sealed, keys->seal(data));
  return Json::object({{"sealed", to_base64(sealed)}});
}

Result<Json> unseal(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Bytes sealed, bytes_at(arguments, "sealed"));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const Secret data, keys->unseal(sealed));
  return Json::object({{"data", keystore::text_of(data)}});
}

Result<Json> destroy(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Purpose purpose, purpose_at(arguments));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY(keys->destroy(label, purpose));
  return Json::object();
}

Result<Json> random(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::uint64_t size_bytes, arguments.uint_at("size_bytes"));
  if (size_bytes == 0 || size_bytes > k_random_bytes_max) return bad("1 to 1024 random bytes can be asked for");
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const Bytes bytes, keys->random(size_bytes));
  return Json::object({{"bytes", to_base64(bytes)}});
}

// --- Proofs ---

Result<Json> quote(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Bytes nonce, nonce_at(arguments));
  TRY_ASSIGN(const std::vector<unsigned> pcrs, pcrs_at(arguments));
  TRY_ASSIGN(const auto keys, device.keys());
  Json out;
  const auto act = [&](tpm::Tpm& tpm, const tpm::Object& iak) -> Result<void> {
    TRY_ASSIGN(const auto quoted, tpm.quote(iak, pcrs, nonce));
    out = proof_json(quoted.first);
    Json values = Json::array();
    for (const tpm::PcrValue& value : quoted.second) {
      values.push(Json::object({{"pcr", std::uint64_t{value.index}}, {"value", to_base64(value.value)}}));
    }
    out.set("values", std::move(values));
    return {};
  };
  TRY(keys->with_key("iak", act));
  return out;
}

Result<Json> certify(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const Bytes nonce, nonce_at(arguments));
  TRY_ASSIGN(const auto keys, device.keys());
  TRY_ASSIGN(const keystore::TpmKeyEvidence evidence, keys->certify(label, "iak", nonce));
  return proof_json(evidence.attestation).set("public_area", to_base64(evidence.public_area));
}

Result<Json> identity(Device& device, const Json& arguments) {
  std::optional<Bytes> nonce;
  if (arguments.find("nonce") != nullptr) {
    TRY_ASSIGN(nonce, nonce_at(arguments));
  }
  TRY_ASSIGN(const attest::IdentityStatement statement, device.identity(nonce));
  TRY_ASSIGN(Json json, Json::parse(statement.encode()));
  return Json::object({{"statement", std::move(json)}});
}

Result<Json> certificates(Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string label, arguments.string_at("label"));
  TRY_ASSIGN(const std::vector<pki::Certificate> chain, device.certificates(label));
  Json list = Json::array();
  for (const pki::Certificate& certificate : chain) list.push(to_base64(certificate.der()));
  return Json::object({{"certificates", std::move(list)}});
}

// --- The floor ---

Json floor_json(const Floor& floor) {
  return Json::object({{"floor", floor.value},
                       {"name", to_base64(floor.name)},
                       {"reset_count", std::uint64_t{floor.reset_count}},
                       {"device_name", to_base64(floor.device_name)}});
}

Result<Json> floor_read(Device& device, const Json& /*arguments*/) {
  TRY_ASSIGN(const Floor floor, device.read_floor());
  return floor_json(floor);
}

Result<Json> floor_write(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Json json, arguments.object_at("approval"));
  TRY_ASSIGN(const tpm::FloorApproval approval, tpm::FloorApproval::parse(to_bytes(json.dump())));
  TRY_ASSIGN(const Floor floor, device.write_floor(approval));
  return floor_json(floor);
}

// --- The device and its birth ---

Result<Json> describe(Device& device, const Json& /*arguments*/) { return device.describe(); }

Json message_json(const birth::Message& message) { return Json::object({{"message", as_json(message)}}); }

/// Who the unit's own software says it is, and whose it is. The vendor's key may be left to the service's own option.
Result<Order> order_of(const Device& device, const Json& arguments) {
  TRY_ASSIGN(const std::string product_text, arguments.string_at("product"));
  TRY_ASSIGN(ProductId product, ProductId::parse(product_text));
  TRY_ASSIGN(std::string serial, arguments.string_at("serial"));
  TRY_ASSIGN(std::string hardware, arguments.string_at("hardware"));
  std::optional<crypto::PublicKey> vendor_key = device.vendor_key();
  if (arguments.find("vendor_key") != nullptr) {
    TRY_ASSIGN(const std::string pem, arguments.string_at("vendor_key"));
    TRY_ASSIGN(vendor_key, crypto::PublicKey::from_pem(pem));
  }
  if (!vendor_key) {
    return Error(Errc::invalid_input, "keystored.vendor-key", "whose device this is to be is not said",
                 "Give the vendor's key, or start signet-keystored with --vendor-key.");
  }
  return Order{.product = std::move(product),
               .serial = std::move(serial),
               .hardware = std::move(hardware),
               .vendor_key = *std::move(vendor_key),
               .policy_envelope = {}};
}

Result<Json> birth_begin(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Json message, arguments.object_at("message"));
  TRY_ASSIGN(const birth::Begin begin, message_of<birth::Begin>(message));
  TRY_ASSIGN(Order order, order_of(device, arguments));
  TRY_ASSIGN(const birth::Message answer, device.begin(begin, std::move(order)));
  return message_json(answer);
}

Result<Json> birth_prove(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Json message, arguments.object_at("message"));
  TRY_ASSIGN(const birth::Ask ask, message_of<birth::Ask>(message));
  Json tests = Json::object();
  if (arguments.find("tests") != nullptr) {
    TRY_ASSIGN(tests, arguments.object_at("tests"));
  }
  TRY_ASSIGN(const birth::Proof proof, device.prove(ask, tests));
  return message_json(proof);
}

Result<Json> birth_install(Device& device, const Json& arguments) {
  TRY_ASSIGN(const Json message, arguments.object_at("message"));
  TRY_ASSIGN(const birth::Identity identity, message_of<birth::Identity>(message));
  TRY_ASSIGN(const birth::Installed installed, device.install(identity));
  return message_json(installed);
}

constexpr auto k_any = Who::anybody;
constexpr auto k_ask_words = "uid gid groups unit program act label purpose logged_in";
constexpr std::array k_operations{
    Operation{"generate", k_any, "label purpose algorithm use pcrs", generate, Act::generate, KeyAt::label, note_made},
    Operation{"import", k_any, "label purpose pkcs8 use", import_key, Act::import, KeyAt::label, note_made},
    Operation{"list", k_any, "", list, {}, KeyAt::none, only_shown},
    Operation{"public", k_any, "label", public_half, Act::list, KeyAt::label},
    Operation{"sign", k_any, "label purpose scheme input", sign, Act::sign, KeyAt::label},
    Operation{"decrypt", k_any, "label purpose input", decrypt, Act::decrypt, KeyAt::label},
    Operation{"derive", k_any, "label purpose peer", derive, Act::derive, KeyAt::label},
    Operation{"seal", k_any, "data", seal, Act::seal},
    Operation{"unseal", k_any, "sealed", unseal, Act::seal},
    Operation{"rotate-prepare", k_any, "label purpose subject", rotate_prepare, Act::rotate, KeyAt::label, note_next},
    Operation{"rotate", k_any, "label purpose", rotate, Act::rotate, KeyAt::label, note_rotated},
    Operation{"destroy", k_any, "label purpose", destroy, Act::destroy, KeyAt::label, note_destroyed},
    Operation{"random", k_any, "size_bytes", random},
    Operation{"quote", k_any, "nonce pcrs", quote, Act::attest, KeyAt::iak},
    Operation{"certify", k_any, "label nonce", certify, Act::attest, KeyAt::label},
    Operation{"identity", k_any, "nonce", identity, Act::attest, KeyAt::if_nonce},
    Operation{"certificates", k_any, "label", certificates},
    Operation{"floor-read", k_any, "", floor_read},
    Operation{"floor-write", k_any, "approval", floor_write, {}, KeyAt::none, forget_floor},
    Operation{"token-info", k_any, "", token_info},
    Operation{"token-init", k_any, "pin label", token_init, Act::token, KeyAt::none, end_logins},
    Operation{"token-init-pin", k_any, "pin new", token_init_pin, {}, KeyAt::none, end_logins},
    Operation{"token-set-pin", k_any, "owner pin new", token_set_pin, {}, KeyAt::none, end_logins},
    Operation{"token-login", k_any, "owner pin", token_login, {}, KeyAt::none, begin_login},
    Operation{"token-join", k_any, "ticket", nullptr, {}, KeyAt::none, join_login},
    Operation{"token-logout", k_any, "", nullptr, {}, KeyAt::none, end_login},
    Operation{"object-put", k_any, "name data", object_put, Act::objects},
    Operation{"object-remove", k_any, "name", object_remove, Act::objects},
    Operation{"object-list", k_any, "", object_list},
    Operation{"describe", k_any, "", describe, {}, KeyAt::none, describe_service},
    Operation{"policy-explain", k_any, k_ask_words, nullptr, {}, KeyAt::none, explain},
    Operation{"watch", k_any, "next wait_ms", nullptr, Act::watch, KeyAt::none, watch},
    Operation{"birth-begin", Who::root, "message serial product hardware vendor_key", birth_begin},
    Operation{"birth-prove", Who::root, "message tests", birth_prove},
    Operation{"birth-install", Who::root, "message", birth_install},
};

}  // namespace

std::span<const Operation> operations() { return k_operations; }

Result<Operation> find_operation(std::string_view name, const Json& arguments) {
  const auto row = std::ranges::find(k_operations, name, &Operation::name);
  if (row == k_operations.end()) {
    return Error(Errc::unsupported, "keystored.operation", "there is no operation '" + printable(name, 40) + "'",
                 "Are program and service of the same version?");
  }
  for (const auto& [argument, value] : arguments.members()) {
    if (!names(row->arguments, argument))
      return bad("the operation '" + std::string(name) + "' has no argument '" + printable(argument, 40) + "'");
  }
  return *row;
}

std::optional<Ask> ask_of(const Operation& operation, Device& device, const Json& arguments) {
  if (!operation.act) return std::nullopt;
  if (operation.key == KeyAt::none) return Ask{.act = *operation.act};
  if (operation.key == KeyAt::iak) return Ask{.act = *operation.act, .key = "iak", .purpose = Purpose::device_id};
  if (operation.key == KeyAt::if_nonce) {
    if (arguments.find("nonce") == nullptr) return std::nullopt;
    return Ask{.act = *operation.act, .key = "idevid", .purpose = Purpose::device_id};
  }
  Ask ask{.act = *operation.act, .key = arguments.string_at("label").value_or("")};
  if (const Json* named = arguments.find("purpose")) {
    // The operation itself refuses a purpose that is not the key's own.
    const auto purpose = keystore::purpose_from(named->as_string().value_or(""));
    if (purpose) ask.purpose = *purpose;
  } else if (const auto keys = device.keys()) {
    const auto info = (*keys)->info(ask.key);
    if (info) ask.purpose = info->purpose;
  }
  return ask;
}

}  // namespace signet::keystored
