// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: certificate_fuzz)
#include "device_names.hpp"

#include "signet/core/ensure.hpp"

#include <openssl/asn1t.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace {

// RFC 4108 section 5: HardwareModuleName ::= SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING }
struct HardwareModuleName {
  ASN1_OBJECT* type;
  ASN1_OCTET_STRING* serial;
};
ASN1_SEQUENCE(HardwareModuleName) =
    {
        ASN1_SIMPLE(HardwareModuleName, type, ASN1_OBJECT),
        ASN1_SIMPLE(HardwareModuleName, serial, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(HardwareModuleName)

        void free_name(HardwareModuleName * name) {
  ASN1_item_free(reinterpret_cast<ASN1_VALUE*>(name), ASN1_ITEM_rptr(HardwareModuleName));
}

}  // namespace

namespace signet::pki {

namespace {

using Name = ossl::Handle<HardwareModuleName, free_name>;
using Object = ossl::Handle<ASN1_OBJECT, ASN1_OBJECT_free>;
using Policies = ossl::Handle<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>;

constexpr const char* k_on_hardware_module_name = "1.3.6.1.5.5.7.8.4";  // id-on-hardwareModuleName
constexpr std::size_t k_oid_size_chars_max = 127;
constexpr std::size_t k_serial_size_bytes_max = 256;

Object object_of(const std::string& dotted_text) {
  constexpr int only_digits = 1;
  Object object(OBJ_txt2obj(dotted_text.c_str(), only_digits));
  ERR_clear_error();
  return object;
}

std::optional<HardwareModule> read(const ASN1_TYPE* value) {
  if (ASN1_TYPE_get(value) != V_ASN1_SEQUENCE) return std::nullopt;
  const Name name(
      static_cast<HardwareModuleName*>(ASN1_item_unpack(value->value.sequence, ASN1_ITEM_rptr(HardwareModuleName))));
  ERR_clear_error();
  if (name == nullptr) return std::nullopt;
  HardwareModule module{.type_oid = dotted(name->type)};
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->serial));
  if (module.type_oid.empty() || size == 0 || size > k_serial_size_bytes_max) return std::nullopt;
  module.serial = to_bytes(ByteView(reinterpret_cast<const std::byte*>(ASN1_STRING_get0_data(name->serial)), size));
  return module;
}

}  // namespace

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, k_oid_size_chars_max + 1> text{};
  constexpr int no_names = 1;
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, no_names);
  ERR_clear_error();
  return size <= 0 || static_cast<std::size_t>(size) > k_oid_size_chars_max ? std::string() : std::string(text.data());
}

Result<void> add_hardware_module(GENERAL_NAMES* names, const HardwareModule& module) {
  Object type = object_of(module.type_oid);
  if (type == nullptr || module.serial.empty() || module.serial.size() > k_serial_size_bytes_max) {
    return Error(Errc::usage, "pki.order",
                 "'" + printable(module.type_oid, 80) + "' with a serial number of " +
                     std::to_string(module.serial.size()) + " bytes names no hardware",
                 "Write the kind of hardware as an object identifier below your own enterprise number: "
                 "1.3.6.1.4.1.NUMBER.1; the serial number has 1 to 256 bytes.");
  }
  const Name name(
      static_cast<HardwareModuleName*>(static_cast<void*>(ASN1_item_new(ASN1_ITEM_rptr(HardwareModuleName)))));
  ensure(name != nullptr, "memory for a name");
  ASN1_OBJECT_free(name->type);
  name->type = type.release();
  ensure(ASN1_OCTET_STRING_set(name->serial, as_uchar(ByteView(module.serial)),
                               static_cast<int>(module.serial.size())) == 1,
         "memory for a name");
  ossl::Handle<ASN1_TYPE, ASN1_TYPE_free> value(ASN1_TYPE_new());
  ASN1_STRING* sequence = ASN1_item_pack(name.get(), ASN1_ITEM_rptr(HardwareModuleName), nullptr);
  ensure(value != nullptr && sequence != nullptr, "memory for a name");
  ASN1_TYPE_set(value.get(), V_ASN1_SEQUENCE, sequence);
  GENERAL_NAME* entry = GENERAL_NAME_new();
  ensure(entry != nullptr && sk_GENERAL_NAME_push(names, entry) > 0, "memory for names");
  ensure(GENERAL_NAME_set0_othername(entry, object_of(k_on_hardware_module_name).release(), value.release()) == 1,
         "memory for a name");
  return {};
}

std::optional<HardwareModule> hardware_module_of(const GENERAL_NAMES* names) {
  const Object wanted = object_of(k_on_hardware_module_name);
  const ASN1_TYPE* only = nullptr;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    ASN1_OBJECT* type = nullptr;
    ASN1_TYPE* value = nullptr;
    if (GENERAL_NAME_get0_otherName(sk_GENERAL_NAME_value(names, i), &type, &value) != 1) continue;
    if (OBJ_cmp(type, wanted.get()) != 0) continue;
    if (only != nullptr) return std::nullopt;
    only = value;
  }
  return only == nullptr ? std::nullopt : read(only);
}

void add_policies(X509* x509, std::string_view policies) {
  const Policies list(CERTIFICATEPOLICIES_new());
  ensure(list != nullptr, "memory for policies");
  while (!policies.empty()) {
    const std::size_t size = std::min(policies.find(','), policies.size());
    POLICYINFO* policy = POLICYINFO_new();
    ensure(policy != nullptr && sk_POLICYINFO_push(list.get(), policy) > 0, "memory for policies");
    policy->policyid = object_of(std::string(policies.substr(0, size))).release();
    ensure(policy->policyid != nullptr, "a profile's policy is an object identifier");
    policies.remove_prefix(std::min(size + 1, policies.size()));
  }
  ensure(X509_add1_ext_i2d(x509, NID_certificate_policies, list.get(), 0, X509V3_ADD_DEFAULT) == 1,
         "memory for policies");
}

std::string Certificate::device_serial() const {
  const X509_NAME* name = X509_get_subject_name(parsed_->x509.get());
  const int at = X509_NAME_get_index_by_NID(name, NID_serialNumber, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(name, NID_serialNumber, at) >= 0) return {};
  return attribute_text(name, at);
}

std::optional<HardwareModule> Certificate::hardware_module() const {
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(parsed_->x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return hardware_module_of(names.get());
}

std::vector<std::string> Certificate::policies() const {
  const Policies list(static_cast<CERTIFICATEPOLICIES*>(
      X509_get_ext_d2i(parsed_->x509.get(), NID_certificate_policies, nullptr, nullptr)));
  ERR_clear_error();
  std::vector<std::string> result;
  for (int i = 0; i < sk_POLICYINFO_num(list.get()); ++i) {
    result.push_back(dotted(sk_POLICYINFO_value(list.get(), i)->policyid));
  }
  return result;
}

}  // namespace signet::pki
