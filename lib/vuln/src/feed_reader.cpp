// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: feed_fuzz)
#include "signet/vuln/feed.hpp"

#include "json_view.hpp"
#include "readers.hpp"

namespace signet::vuln {

namespace {

Result<void> read_object(JsonNode root, FeedContent& out) {
  if (root.text("dataType") == "CVE_RECORD") return read_cve(root, out);
  if (root["document"]["csaf_version"].exists()) return read_csaf(root, out);
  if (root.text("bomFormat") == "CycloneDX") return read_cyclonedx(root, out);
  if (root.text("@context").find("openvex") != std::string_view::npos) return read_openvex(root, out);
  if (root["vulnerabilities"].is_array() && root["catalogVersion"].exists()) return read_kev(root, out);
  if (root["id"].is_text() && root["modified"].is_text()) return read_osv(root, out);
  if (is_debian_tracker(root)) return read_debian_tracker(root, out);
  out.is_known = false;
  return {};
}

/// A list of records: an array, or the answer of CVE Services ("cveRecords").
Result<void> read_list(JsonNode list, FeedContent& out) {
  Result<void> outcome;
  list.each([&](JsonNode element) {
    if (outcome) outcome = read_object(element, out);
  });
  if (list.size() == 0) out.is_known = false;
  return outcome;
}

bool is_csv(ByteView content) {
  const std::string_view text = as_text(content.first(std::min<std::size_t>(content.size(), 16)));
  return text.starts_with("#model_version") || text.starts_with("cve,epss");
}

}  // namespace

class FeedReader::Impl {
 public:
  Result<FeedContent> read(ByteView content) {
    FeedContent out;
    if (is_csv(content)) {
      TRY(read_epss(as_text(content), out));
      return out;
    }
    TRY_ASSIGN(const JsonNode root, parser_.parse(content));
    if (root.is_array()) {
      TRY(read_list(root, out));
    } else if (root["cveRecords"].is_array()) {
      TRY(read_list(root["cveRecords"], out));
    } else {
      TRY(read_object(root, out));
    }
    return out;
  }

 private:
  JsonParser parser_;
};

FeedReader::FeedReader() : impl_(std::make_unique<Impl>()) {}
FeedReader::FeedReader(FeedReader&&) noexcept = default;
FeedReader& FeedReader::operator=(FeedReader&&) noexcept = default;
FeedReader::~FeedReader() = default;

Result<FeedContent> FeedReader::read(ByteView content) { return impl_->read(content); }

}  // namespace signet::vuln
