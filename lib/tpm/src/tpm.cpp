// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/tpm.hpp"

#include "connection.hpp"
#include "policy_steps.hpp"
#include "templates.hpp"

namespace signet::tpm {

namespace {

/// Four characters in a property, without what does not print.
std::string text_of(UINT32 value) {
  std::string out;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    const auto c = static_cast<char>(value >> (shift - 8) & 0xffU);
    if (c > ' ' && c <= '~') out += c;
  }
  return out;
}

}  // namespace

Tpm::Tpm(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
Tpm::~Tpm() = default;

Result<std::shared_ptr<Tpm>> Tpm::connect(std::string_view tcti) {
  TRY_ASSIGN(auto connection, Connection::open(tcti));
  return std::shared_ptr<Tpm>(new Tpm(std::move(connection)));
}

Result<Description> Tpm::describe() {
  const std::lock_guard lock(connection_->mutex());
  Description out;
  TRY_ASSIGN(const UINT32 manufacturer, connection_->property(TPM2_PT_MANUFACTURER));
  out.manufacturer = text_of(manufacturer);
  for (TPM2_PT part = TPM2_PT_VENDOR_STRING_1; part <= TPM2_PT_VENDOR_STRING_4; ++part) {
    TRY_ASSIGN(const UINT32 value, connection_->property(part));
    out.vendor += text_of(value);
  }
  TRY_ASSIGN(const UINT32 high, connection_->property(TPM2_PT_FIRMWARE_VERSION_1));
  TRY_ASSIGN(const UINT32 low, connection_->property(TPM2_PT_FIRMWARE_VERSION_2));
  out.firmware_version = std::uint64_t{high} << 32U | low;
  TRY_ASSIGN(const UINT32 revision, connection_->property(TPM2_PT_REVISION));
  const std::string hundredths = std::to_string(revision % 100);
  out.revision = std::to_string(revision / 100) + (hundredths.size() == 1 ? ".0" : ".") + hundredths;
  TRY_ASSIGN(out.transient_slots, connection_->property(TPM2_PT_HR_TRANSIENT_MIN));
  using enum crypto::KeyAlgorithm;
  for (const auto algorithm : {ec_p256, ec_p384, rsa_2048, rsa_3072}) {
    TRY_ASSIGN(const TPMT_PUBLIC area, key_template(algorithm));
    const TPMT_PUBLIC_PARMS parameters{.type = area.type, .parameters = area.parameters};
    const auto known = connection_->run("ask for an algorithm", [&](ESYS_CONTEXT* esys) {
      return Esys_TestParms(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &parameters);
    });
    if (known) out.algorithms.push_back(algorithm);
    if (!known && known.error().code() == Errc::unavailable) return known.error();  // gone, or in failure mode
  }
  return out;
}

Result<LockoutState> Tpm::lockout() {
  const std::lock_guard lock(connection_->mutex());
  LockoutState out;
  TRY_ASSIGN(out.failures, connection_->property(TPM2_PT_LOCKOUT_COUNTER));
  TRY_ASSIGN(out.failures_max, connection_->property(TPM2_PT_MAX_AUTH_FAIL));
  TRY_ASSIGN(out.recovery_seconds, connection_->property(TPM2_PT_LOCKOUT_INTERVAL));
  TRY_ASSIGN(out.lockout_recovery_seconds, connection_->property(TPM2_PT_LOCKOUT_RECOVERY));
  return out;
}

Result<HierarchyState> Tpm::hierarchies() {
  const std::lock_guard lock(connection_->mutex());
  TPMI_YES_NO more = TPM2_NO;
  Owned<TPMS_CAPABILITY_DATA> data;
  TRY(connection_->run("read the hierarchies", [&](ESYS_CONTEXT* esys) {
    return Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                              TPM2_PT_PERMANENT, 2, &more, data.put());
  }));
  Bytes response{std::byte{more}};
  append(response, marshal(*data));
  return parse_hierarchy_state(response);
}

Result<ClockInfo> Tpm::clock() {
  const std::lock_guard lock(connection_->mutex());
  Owned<TPMS_TIME_INFO> info;
  TRY(connection_->run("read the clock", [&](ESYS_CONTEXT* esys) {
    return Esys_ReadClock(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, info.put());
  }));
  const TPMS_CLOCK_INFO& clock = info->clockInfo;
  return ClockInfo{.clock_ms = clock.clock,
                   .reset_count = clock.resetCount,
                   .restart_count = clock.restartCount,
                   .safe = clock.safe == TPM2_YES};
}

Result<Bytes> Tpm::random(std::size_t size_bytes) {
  const std::lock_guard lock(connection_->mutex());
  Bytes out;
  while (out.size() < size_bytes) {  // one answer has at most a digest's size (Part 3, section 16.1)
    TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::answer));
    const auto wanted = static_cast<UINT16>(std::min<std::size_t>(size_bytes - out.size(), 32));
    Owned<TPM2B_DIGEST> more;
    TRY(connection_->run("make random bytes", [&](ESYS_CONTEXT* esys) {
      return Esys_GetRandom(esys, session, ESYS_TR_NONE, ESYS_TR_NONE, wanted, more.put());
    }));
    if (more->size == 0) return Error(Errc::io, "tpm.failed", "the TPM gives no random bytes");
    append(out, view(*more));
    wipe(std::as_writable_bytes(area_of(*more)));
  }
  return out;
}

Result<void> Tpm::shut_down() {
  const std::lock_guard lock(connection_->mutex());
  return connection_->run("shut down", [](ESYS_CONTEXT* esys) {
    return Esys_Shutdown(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_SU_CLEAR);
  });
}

Result<std::vector<PcrValue>> Tpm::read_pcrs(const std::vector<unsigned>& pcrs) {
  const std::lock_guard lock(connection_->mutex());
  std::vector<PcrValue> out;
  for (const unsigned pcr : pcrs) {
    if (pcr >= 24) return Error(Errc::usage, "tpm.pcr", "there is no PCR " + std::to_string(pcr), "use 0 to 23");
    const TPML_PCR_SELECTION selection = select_sha256({pcr});
    UINT32 updates = 0;
    Owned<TPML_PCR_SELECTION> read;
    Owned<TPML_DIGEST> values;
    TRY(connection_->run("read a PCR", [&](ESYS_CONTEXT* esys) {
      return Esys_PCR_Read(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection, &updates, read.put(),
                           values.put());
    }));
    if (values->count != 1) {
      return Error(Errc::unsupported, "tpm.unsupported", "this TPM has no SHA-256 bank of PCRs switched on");
    }
    out.push_back({crypto::HashAlgorithm::sha256, pcr, bytes_of(values->digests[0])});
  }
  return out;
}

Result<void> Tpm::extend_pcr(unsigned pcr, ByteView sha256) {
  const std::lock_guard lock(connection_->mutex());
  if (pcr >= 24 || sha256.size() != 32) return Error(Errc::usage, "tpm.pcr", "a PCR is extended by a SHA-256 digest");
  TPML_DIGEST_VALUES values{};
  values.count = 1;
  values.digests[0].hashAlg = TPM2_ALG_SHA256;
  std::ranges::copy(sha256, std::as_writable_bytes(std::span(values.digests[0].digest.sha256)).begin());
  return connection_->run("extend a PCR", [&](ESYS_CONTEXT* esys) {
    return Esys_PCR_Extend(esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values);
  });
}

}  // namespace signet::tpm
