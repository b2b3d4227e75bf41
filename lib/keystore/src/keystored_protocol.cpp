// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Messages to and from signet-keystored: docs/formats/keystored-protocol.md.
// parses: foreign bytes (fuzz: keystored_protocol_fuzz)
#include "signet/keystored.hpp"
#include "signet/tpm_policy.hpp"

#include "names.hpp"

#include <algorithm>

namespace signet::keystore {

namespace {

constexpr std::size_t k_op_chars_max = 32;
constexpr std::size_t k_reason_chars_max = 80;
constexpr std::size_t k_context_max = 16;
constexpr JsonLimits k_limits{.size_bytes_max = k_keystored_message_bytes_max, .depth_max = 16, .values_max = 20'000};

Error bad_request(std::string text) {
  return {Errc::invalid_input, "keystored.request", "not a question that signet-keystored understands: " + text,
          "Are program and service of the same version?"};
}

Error bad_answer(std::string text) {
  return {Errc::invalid_input, "keystored.answer", "not an answer of signet-keystored: " + text,
          "Is it signet-keystored that listens on this socket?"};
}

bool is_op(std::string_view op) {
  return !op.empty() && op.size() <= k_op_chars_max &&
         std::ranges::all_of(op, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

/// Programs act on reasons, so they are taken as they are or not at all.
bool is_reason(std::string_view reason) {
  return !reason.empty() && reason.size() <= k_reason_chars_max && std::ranges::all_of(reason, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

Bytes as_message(const Json& json) { return to_bytes(json.dump()); }

/// The error that an answer carries.
Error error_in(const Json& json) {
  const auto code_name = json.string_at("code");
  const auto reason = json.string_at("reason");
  const auto text = json.string_at("text");
  if (!code_name || !reason || !text || !is_reason(*reason)) return bad_answer("its error lacks code, reason or text");
  const auto rows = errc_table();
  const auto row = std::ranges::find(rows, std::string_view(*code_name), &ErrcInfo::name);
  if (row == rows.end()) return bad_answer("an error of the unknown kind '" + printable(*code_name, 40) + "'");
  std::string hint;
  if (const Json* member = json.find("hint")) hint = member->as_string().value_or("");
  Error error(row->code, *reason, printable(*text, 2000), printable(hint, 2000));
  if (const Json* context = json.find("context")) {
    std::size_t count = 0;
    for (const Json& doing : context->elements()) {
      if (++count > k_context_max) break;
      error = std::move(error).with_context(printable(doing.as_string().value_or(""), 400));
    }
  }
  return error;
}

Json error_json(const Error& error) {
  Json out = Json::object();
  out.set("code", std::string(errc_info(error.code()).name)).set("reason", error.reason()).set("text", error.text());
  out.set("hint", error.hint());
  if (!error.context().empty()) {
    Json context = Json::array();
    for (const std::string& doing : error.context()) context.push(doing);
    out.set("context", std::move(context));
  }
  return out;
}

}  // namespace

Result<KeystoredRequest> KeystoredRequest::parse(ByteView message) {
  const auto json = Json::parse(message, k_limits);
  if (!json) return bad_request(json.error().text());
  if (!json->is_object()) return bad_request("it is no object");
  if (const auto known = json->only_members({"op", "arguments"}); !known) return bad_request(known.error().text());
  auto op = json->string_at("op");
  if (!op || !is_op(*op)) return bad_request("'op' is missing or malformed");
  auto arguments = json->object_at("arguments");
  if (!arguments) return bad_request(arguments.error().text());
  return KeystoredRequest{.op = *std::move(op), .arguments = *std::move(arguments)};
}

Bytes KeystoredRequest::encode() const { return as_message(Json::object({{"op", op}, {"arguments", arguments}})); }

Result<Bytes> bytes_at(const Json& object, std::string_view name) {
  const auto text = object.string_at(name);
  if (!text) return bad_request(text.error().text());
  auto bytes = from_base64(*text);
  if (bytes) return bytes;
  return bad_request("'" + std::string(name) + "' is not base64");
}

Result<Secret> secret_at(const Json& object, std::string_view name) {
  TRY_ASSIGN(Bytes bytes, bytes_at(object, name));
  Secret secret = Secret::copy_of(bytes);
  wipe(ByteSpan(bytes));
  return secret;
}

std::string text_of(const Secret& secret) { return to_base64(secret.read(SecretAccess::for_export())); }

Result<crypto::SignatureScheme> scheme_from(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(crypto::SignatureScheme::ed25519); ++i) {
    const auto scheme = static_cast<crypto::SignatureScheme>(i);
    if (crypto::name_of(scheme) == name) return scheme;
  }
  return bad_request("'" + printable(name, 40) + "' is no signature scheme");
}

Bytes encode_answer(const Result<Json>& answer) {
  if (answer) return as_message(Json::object({{"answer", *answer}}));
  return as_message(Json::object({{"error", error_json(answer.error())}}));
}

Result<Json> parse_answer(ByteView message) {
  auto json = Json::parse(message, k_limits);
  if (!json) return bad_answer(json.error().text());
  const Json* answer = json->find("answer");
  const Json* error = json->find("error");
  if ((answer == nullptr) == (error == nullptr)) return bad_answer("it has not exactly one of 'answer' and 'error'");
  if (error != nullptr) return error_in(*error);
  if (!answer->is_object()) return bad_answer("'answer' is no object");
  return *answer;
}

Result<KeystoredKey> KeystoredKey::parse(const Json& key) {
  const auto text = [&](std::string_view name) { return key.string_at(name).value_or(""); };
  const auto purpose = purpose_from(text("purpose"));
  const auto spki = from_base64(text("public_key"));
  if (!purpose || !spki) return bad_answer("a key without purpose or public key");
  auto public_key = crypto::PublicKey::from_spki_der(*spki);
  if (!public_key) return bad_answer("a key that is not understood: " + public_key.error().text());
  const auto protection = protection_from(text("protection"));
  const auto extractable = extractable_from(text("extractable"));
  const std::string label = text("label");
  const std::string use = text("use");
  if (!protection || !extractable || label.empty() || use.empty()) return bad_answer("a key that is not described");
  std::vector<tpm::PcrValue> boot_state;
  if (const Json* pcrs = key.find("pcrs")) {
    auto values = tpm::pcr_values_from(*pcrs);
    if (!values) return bad_answer("a key that is bound to " + values.error().text());
    boot_state = *std::move(values);
  }
  return KeystoredKey{.label = label,
                      .purpose = *purpose,
                      .use = use,
                      .public_key = *std::move(public_key),
                      .protection = *protection,
                      .extractable = *extractable,
                      .boot_state = std::move(boot_state)};
}

Json KeystoredKey::to_json() const {
  Json out = Json::object();
  out.set("label", label).set("purpose", std::string(name_of(purpose))).set("use", use);
  out.set("public_key", to_base64(public_key.spki_der()));
  out.set("protection", std::string(name_of(protection))).set("extractable", std::string(name_of(extractable)));
  if (!boot_state.empty()) out.set("pcrs", tpm::to_json(boot_state));
  return out;
}

}  // namespace signet::keystore
