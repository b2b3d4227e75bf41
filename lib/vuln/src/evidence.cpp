// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "evidence.hpp"

#include "signet/sbom/purl.hpp"
#include "signet/vuln/cpe.hpp"

#include "readers.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace signet::vuln {

namespace {

struct SourceProduct {
  std::string_view source;
  std::string_view product;
};

// Source packages of Debian whose product is called otherwise by its CVE records.
constexpr std::array<SourceProduct, 18> k_source_products = {{{"linux", "linux kernel"},
                                                              {"apache2", "http server"},
                                                              {"bind9", "bind"},
                                                              {"gnutls28", "gnutls"},
                                                              {"libgcrypt20", "libgcrypt"},
                                                              {"nss", "network security services"},
                                                              {"openjdk-17", "jdk"},
                                                              {"xz-utils", "xz"},
                                                              {"isc-dhcp", "dhcp"},
                                                              {"python3.11", "python"},
                                                              {"python3.11", "cpython"},
                                                              {"krb5", "kerberos 5"},
                                                              {"curl", "libcurl"},
                                                              {"wpa", "wpa supplicant"},
                                                              {"sqlite3", "sqlite"},
                                                              {"tiff", "libtiff"},
                                                              {"glib2.0", "glib"},
                                                              {"gcc-12", "gcc"}}};

std::optional<sbom::VersionScheme> scheme_of(std::string_view purl_type) {
  const auto scheme = sbom::version_scheme(purl_type);
  return scheme ? std::optional(*scheme) : std::nullopt;
}

void add_names(const sbom::Component& component, const sbom::Purl* purl, std::string_view source,
               std::string_view source_version, std::vector<CalledName>& names) {
  const std::string type = purl == nullptr ? std::string() : purl->parts().type;
  const auto add = [&](std::string_view name, std::string_view version) {
    names.push_back(
        {.product = {.kind = ProductName::Kind::name, .text = std::string(name), .vendor = {}, .release = {}},
         .version = {.text = upstream_version(type, version), .scheme = std::nullopt},
         .identity = Identity::name});
  };
  const bool has_language = !type.empty() && type != "deb" && type != "rpm" && type != "apk" && type != "generic";
  if (has_language) return;  // a library of npm is not the product of the same name
  if (source.empty()) return add(component.name, component.version);
  add(source, source_version);
  for (const auto& [package, product] : k_source_products) {
    if (package == source) add(product, source_version);
  }
}

std::optional<Fit> fit_purl(const CalledName& called, const ProductName& product) {
  const std::size_t at = product.text.rfind('@');
  const std::size_t own = called.product.text.rfind('@');
  if (std::string_view(product.text).substr(0, at) != std::string_view(called.product.text).substr(0, own)) {
    return std::nullopt;
  }
  Fit fit;
  if (at != std::string::npos) {
    const auto wanted = sbom::Purl::canonicalise(product.text);
    if (!wanted || wanted->parts().version != called.version.text) return std::nullopt;
    fit.specificity += 2;
  }
  if (product.release.empty()) return fit;
  if (called.product.release.empty()) {
    fit.doubt = "the bill does not say of which release the package is, and the document means " +
                printable(product.release, 40);
  } else if (called.product.release != product.release) {
    return std::nullopt;
  }
  fit.specificity += 1;
  return fit;
}

std::optional<Fit> fit_cpe(const CalledName& called, const ProductName& product) {
  const auto pattern = Cpe::parse(product.text);
  if (!pattern) return std::nullopt;
  const CpeValue& target = pattern->value(Cpe::target_sw);
  if (called.product.kind == ProductName::Kind::name) {
    // A plugin for WordPress or an app for Android is not the package of the same name.
    const CalledName wanted{.product = {.text = pattern->value(Cpe::product).text, .vendor = {}, .release = {}},
                            .version = {}};
    if (target.kind == CpeValue::Kind::text && target.text != "linux" && target.text != "unix") return std::nullopt;
    if (pattern->value(Cpe::part).text == "h") return std::nullopt;
    return product_key(wanted.product) == product_key(called.product) ? std::optional(Fit{}) : std::nullopt;
  }
  const auto own = Cpe::parse(called.product.text);
  if (!own) return std::nullopt;
  for (const Cpe::Attribute attribute : {Cpe::part, Cpe::vendor, Cpe::product}) {
    if (pattern->value(attribute) != own->value(attribute)) return std::nullopt;
  }
  const CpeValue& own_target = own->value(Cpe::target_sw);
  if (target.kind == CpeValue::Kind::text && own_target.kind == CpeValue::Kind::text && target != own_target) {
    return std::nullopt;
  }
  const bool has_version = pattern->value(Cpe::version).kind == CpeValue::Kind::text;
  if (has_version && pattern->value(Cpe::version).text != called.version.text) return std::nullopt;
  return Fit{.specificity = has_version ? 2U : 0U, .doubt = {}};
}

}  // namespace

std::vector<CalledName> names_of(const sbom::Component& component, bool with_names) {
  std::vector<CalledName> names;
  const auto add_ref = [&](const std::string& text) {
    if (text.empty()) return;
    names.push_back({.product = {.kind = ProductName::Kind::ref, .text = text, .vendor = {}, .release = {}},
                     .version = {.text = component.version, .scheme = std::nullopt},
                     .identity = Identity::reference});
  };
  add_ref(component.ref);
  const auto purl = sbom::Purl::canonicalise(component.purl);
  // Other tools put the source package into a qualifier of the package URL.
  const std::string from =
      component.source.empty() && purl ? std::string(purl->qualifier("upstream")) : component.source;
  const std::size_t cut = from.rfind('@');
  const std::string source = from.substr(0, cut);
  const std::string source_version = cut == std::string::npos ? component.version : from.substr(cut + 1);
  if (purl) {
    const sbom::PurlParts& parts = purl->parts();
    const std::string version = parts.version.empty() ? component.version : parts.version;
    if (auto product = purl_product(*purl)) {
      const JudgedVersion judged{.text = version, .scheme = scheme_of(parts.type)};
      // The source first: what a distribution says is about its version, which the binary's may differ from.
      if (parts.type == "deb" && !source.empty()) {
        auto built_from = package_product("deb", parts.name_space + "/" + source);
        if (built_from) {
          built_from->release = product->release;
          names.push_back({.product = *built_from,
                           .version = {.text = source_version, .scheme = judged.scheme},
                           .identity = Identity::source});
        }
      }
      names.push_back({.product = *product, .version = judged, .identity = Identity::purl});
    }
  }
  if (auto product = cpe_product(component.cpe)) {
    const auto cpe = Cpe::parse(component.cpe);
    const bool has_version = cpe && cpe->value(Cpe::version).kind == CpeValue::Kind::text;
    std::string version = has_version ? cpe->value(Cpe::version).text
                                      : upstream_version(purl ? purl->parts().type : "", component.version);
    names.push_back({.product = std::move(*product),
                     .version = {.text = std::move(version), .scheme = std::nullopt},
                     .identity = Identity::cpe});
  }
  if (with_names) add_names(component, purl ? &*purl : nullptr, source, source_version, names);
  return names;
}

std::optional<Fit> fit(const CalledName& called, const ProductName& product) {
  if (product.kind == ProductName::Kind::cpe) {
    if (called.product.kind != ProductName::Kind::cpe && called.product.kind != ProductName::Kind::name) return {};
    return fit_cpe(called, product);
  }
  if (product.kind != called.product.kind) return std::nullopt;
  if (product.kind == ProductName::Kind::purl) return fit_purl(called, product);
  if (product.kind == ProductName::Kind::ref) {
    return product.text == called.product.text ? std::optional(Fit{.specificity = 4, .doubt = {}}) : std::nullopt;
  }
  return product_key(product) == product_key(called.product) ? std::optional(Fit{}) : std::nullopt;
}

Authority authority_of(const Document& document, Identity identity, const ProductName& product, bool is_given) {
  if (is_given) return Authority::given;
  if (identity == Identity::name) return Authority::guess;
  const bool is_distribution = product.text.starts_with("pkg:deb/") || product.text.starts_with("pkg:rpm/") ||
                               product.text.starts_with("pkg:apk/");
  if (document.kind == DocumentKind::debian) return Authority::distribution;
  const bool is_advisory = document.kind == DocumentKind::osv || document.kind == DocumentKind::csaf;
  if (is_distribution && is_advisory && (document.kind == DocumentKind::osv || document.is_vendor)) {
    return Authority::distribution;
  }
  const bool is_vex = document.kind == DocumentKind::csaf || document.kind == DocumentKind::openvex ||
                      document.kind == DocumentKind::cyclonedx;
  return is_vex && document.is_vendor ? Authority::vendor : Authority::third_party;
}

void rank(std::vector<Evidence>& evidence) {
  const auto caution = [](Status status) {
    switch (status) {
      case Status::affected:
        return 3;
      case Status::under_investigation:
        return 2;
      case Status::unknown:
        return 1;
      default:
        return 0;
    }
  };
  std::ranges::stable_sort(evidence, [&](const Evidence& a, const Evidence& b) {
    return std::tuple(a.authority, a.is_vendor, a.specificity, a.modified, caution(a.status)) >
           std::tuple(b.authority, b.is_vendor, b.specificity, b.modified, caution(b.status));
  });
}

std::string text_of(const ProductName& product) {
  if (product.kind != ProductName::Kind::name || product.vendor.empty()) return product.text;
  return product.vendor + " " + product.text;
}

}  // namespace signet::vuln
