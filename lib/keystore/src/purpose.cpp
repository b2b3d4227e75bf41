// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// What keys are for, and what may be done with them: the one table.
#include "signet/keystored.hpp"

#include <array>

namespace signet::keystore {

namespace {

struct PurposeRow {
  Purpose purpose;
  std::string_view name;
  std::array<KeyAct, 4> acts;  // padded with the last one
};

// Identities sign and nothing else, so that no peer can use one as an oracle that decrypts; stored data is opened by
// keys that sign nothing. Of those, only the keys of TLS programs may be made to sign what is no digest: old versions
// of TLS and general-purpose programs do, and who may use such a key can make it answer for any number (decision 0025).
constexpr std::array<PurposeRow, 5> k_purposes{{
    {Purpose::device_id, "device-id", {KeyAct::sign, KeyAct::certify, KeyAct::certify, KeyAct::certify}},
    {Purpose::tls, "tls", {KeyAct::sign, KeyAct::sign_any, KeyAct::certify, KeyAct::certify}},
    {Purpose::network, "network", {KeyAct::sign, KeyAct::certify, KeyAct::certify, KeyAct::certify}},
    {Purpose::video, "video", {KeyAct::sign, KeyAct::certify, KeyAct::certify, KeyAct::certify}},
    {Purpose::storage, "storage", {KeyAct::decrypt, KeyAct::derive, KeyAct::seal, KeyAct::certify}},
}};

}  // namespace

std::string_view name_of(Purpose purpose) { return k_purposes.at(static_cast<std::size_t>(purpose)).name; }

Result<Purpose> purpose_from(std::string_view name) {
  std::string known;
  for (const PurposeRow& row : k_purposes) {
    if (row.name == name) return row.purpose;
    known += std::string(known.empty() ? "" : ", ") + std::string(row.name);
  }
  return Error(Errc::invalid_input, "keystore.purpose-unknown", "'" + printable(name, 40) + "' is no purpose of a key",
               "The purposes are: " + known + ".");
}

Permission may(Purpose purpose, KeyAct act) {
  for (const KeyAct allowed : k_purposes.at(static_cast<std::size_t>(purpose)).acts) {
    if (allowed == act) return Permission::allowed;
  }
  return Permission::refused;
}

}  // namespace signet::keystore
