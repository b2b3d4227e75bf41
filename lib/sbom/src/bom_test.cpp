// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/sbom/bom.hpp"

#include "signet/core/json.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "bom_documents.hpp"
#include "debian.hpp"
#include "suites_for_test.hpp"

#include <gtest/gtest.h>

#include <map>

namespace signet::sbom {
namespace {

constexpr Instant k_when{1'795'305'600};

constexpr std::string_view k_status = R"(Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u10
Depends: libgcc-s1

Package: curl
Status: install ok installed
Maintainer: Somebody <x@example.org>
Architecture: amd64
Version: 7.88.1-10+deb12u12
Depends: libc6 (>= 2.34), libssl3 | libssl1.1, zlib1g (>= 1:1.1.4)
Description: command line tool
 Version: 9 is not a field here

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: openssl-provider
Status: install ok installed
Architecture: all
Source: openssl (3.0.16-1)
Version: 3.0.16-1~deb12u1
Provides: libssl3 (= 3.0.16)
)";

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

const Component& find(const Bom& bom, const std::string& name) {
  const auto at = std::ranges::find(bom.components, name, &Component::name);
  static const Component k_none;
  EXPECT_NE(at, bom.components.end()) << name;
  return at == bom.components.end() ? k_none : *at;
}

Bom sample() {
  auto bom = parse_dpkg_status(k_status, {.id = "debian", .version = "12", .name = "Debian"});
  EXPECT_OK(bom);
  return bom ? *std::move(bom) : Bom();
}

TEST(DebianRoot, a_status_file_that_names_no_packages_is_damaged) {
  const Distribution debian{.id = "debian", .version = "12", .name = "Debian"};
  for (const char* text : {"rubbish", "Status: install ok installed\nVersion: 1\n", "\x01\x02\n\nPackage: a\n"}) {
    EXPECT_REASON(parse_dpkg_status(text, debian), "bom.dpkg") << text;
  }
  for (const char* text : {"", "\n\n\n"}) EXPECT_OK(parse_dpkg_status(text, debian)) << text;
}

TEST(Bom, P_SBOM_007_takes_every_installed_package_from_a_debian_root) {
  const test::TempDir root;
  write_file(root.path() / "var/lib/dpkg/status", k_status);
  write_file(root.path() / "usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
  write_file(
      root.path() / "usr/share/doc/curl/copyright",
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: curl\n text\n\n"
      "Files: x\nLicense: BSD-3-clause\n");
  const auto bom = read_debian_root(root.path());
  ASSERT_OK(bom);
  ASSERT_EQ(bom->components.size(), 3U);
  const Component& curl = find(*bom, "curl");
  EXPECT_EQ(curl.purl, "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u12?arch=amd64&distro=debian-12");
  EXPECT_EQ(curl.supplier, "Somebody");
  EXPECT_EQ(curl.source, "curl@7.88.1-10+deb12u12");
  EXPECT_EQ(curl.licenses, (std::vector<std::string>{"BSD-3-clause", "curl"}));
  EXPECT_EQ(curl.depends_on, (std::vector<std::string>{"libc6:amd64", "openssl-provider:all"}));
  EXPECT_EQ(find(*bom, "libc6").source, "glibc@2.36-9+deb12u10");
  EXPECT_EQ(find(*bom, "openssl-provider").source, "openssl@3.0.16-1");
}

TEST(Bom, P_SBOM_008_nothing_is_read_that_a_link_takes_out_of_the_root) {
  const test::TempDir place;
  write_file(place.path() / "secret", k_status);
  std::filesystem::create_directories(place.path() / "root/var/lib/dpkg");
  std::filesystem::create_symlink("../../../../secret", place.path() / "root/var/lib/dpkg/status");
  EXPECT_REASON(read_debian_root(place.path() / "root"), "bom.no-packages");
  EXPECT_REASON(read_debian_root(place.path() / "nowhere"), "bom.no-root");
}

TEST(Bom, P_SBOM_009_the_same_components_give_the_same_bytes_in_any_order) {
  const Bom bom = sample();
  Bom turned = bom;
  std::ranges::reverse(turned.components);
  turned.components.push_back(turned.components.front());
  for (const BomFormat format : {BomFormat::cyclonedx, BomFormat::spdx}) {
    EXPECT_EQ(write_bom(bom, format, k_when), write_bom(turned, format, k_when));
    EXPECT_NE(write_bom(bom, format, k_when), write_bom(bom, format, Instant{1}));
  }
}

TEST(Bom, P_SBOM_010_what_is_written_in_either_format_is_read_back) {
  Bom bom = sample();
  bom.components[0].licenses = {"LGPL-2.1+"};
  bom.components[0].hashes = {{"SHA-256", std::string(64, 'a')}};
  bom.components[1].cpe = "cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*";
  for (const BomFormat format : {BomFormat::cyclonedx, BomFormat::spdx}) {
    const auto again = read_bom(as_bytes(write_bom(bom, format, k_when)));
    ASSERT_OK(again);
    EXPECT_TRUE(diff(bom, *again).empty());
    const Bom merged = merge(std::vector<Bom>{*again});
    EXPECT_EQ(find(merged, "libc6").hashes, bom.components[0].hashes);
    EXPECT_EQ(find(merged, "libc6").licenses, std::vector<std::string>{"LGPL-2.1-or-later"});
    EXPECT_EQ(find(merged, "curl").cpe, bom.components[1].cpe);
    EXPECT_EQ(find(merged, "curl").depends_on.size(), 2U);
    EXPECT_EQ(find(merged, "curl").supplier, "Somebody");
  }
}

TEST(Bom, P_SBOM_011_a_comparison_names_what_came_went_and_changed) {
  const Bom before = sample();
  Bom after = before;
  after.components.erase(after.components.begin());
  after.components[0].version = "8.0";
  after.components[0].purl = "pkg:deb/debian/curl@8.0?arch=amd64";
  after.components.push_back({.ref = "new",
                              .name = "new",
                              .version = "1",
                              .purl = "pkg:npm/new@1",
                              .cpe = {},
                              .supplier = {},
                              .source = {},
                              .licenses = {},
                              .hashes = {},
                              .depends_on = {}});
  const std::vector<BomChange> wanted{{"pkg:deb/debian/curl?arch=amd64", "7.88.1-10+deb12u12", "8.0"},
                                      {"pkg:deb/debian/libc6?arch=amd64", "2.36-9+deb12u10", ""},
                                      {"pkg:npm/new", "", "1"}};
  EXPECT_EQ(diff(before, after), wanted);
  EXPECT_EQ(merge(std::vector<Bom>{before, after}).components.size(), 5U);
}

TEST(Bom, P_SBOM_012_lock_files_of_npm_cargo_and_pip_are_read) {
  const auto npm = read_lock_file("package-lock.json", as_bytes(R"({"name":"app","version":"1.0.0","lockfileVersion":3,
    "packages":{"":{"dependencies":{"@a/b":"^1"}},"node_modules/@a/b":{"version":"1.2.3","license":"MIT",
    "integrity":"sha512-AAAA","dependencies":{"c":"1"}},"node_modules/c":{"version":"1.0.0"},
    "node_modules/@a/b/node_modules/c":{"version":"1.1.0"}}})"));
  ASSERT_OK(npm);
  EXPECT_EQ(npm->components.size(), 3U);
  EXPECT_EQ(find(*npm, "@a/b").purl, "pkg:npm/%40a/b@1.2.3");
  EXPECT_EQ(find(*npm, "@a/b").depends_on, std::vector<std::string>{"node_modules/@a/b/node_modules/c"});
  const auto cargo =
      read_lock_file("Cargo.lock", as_bytes("version = 3\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
                                            "dependencies = [\n \"b 2.0.0\",\n]\n\n[[package]]\nname = \"b\"\n"
                                            "version = \"2.0.0\"\nchecksum = \"00ff\"\n"));
  ASSERT_OK(cargo);
  EXPECT_EQ(find(*cargo, "b").purl, "pkg:cargo/b@2.0.0");
  EXPECT_EQ(find(*cargo, "a").depends_on, std::vector<std::string>{"b 2.0.0"});
  const auto pip = read_lock_file(
      "requirements-dev.txt", as_bytes("# comment\nDjango_X==4.2 \\\n  --hash=sha256:" + std::string(64, '0') +
                                       "\nloose>=1\n-r other.txt\nb[extra]==2.0 ; python_version < '3'\nstar==1.*\n"));
  ASSERT_OK(pip);
  ASSERT_EQ(pip->components.size(), 2U);
  EXPECT_EQ(pip->components[0].purl, "pkg:pypi/django-x@4.2");
  EXPECT_EQ(pip->components[0].hashes.size(), 1U);
  EXPECT_EQ(pip->components[1].purl, "pkg:pypi/b@2.0");
}

TEST(Bom, P_SBOM_013_files_without_an_owner_are_found) {
  const test::TempDir root;
  write_file(root.path() / "usr/bin/ls", "x");
  write_file(root.path() / "usr/bin/moved.distrib", "x");
  write_file(root.path() / "usr/bin/stranger", "x");
  write_file(root.path() / "tmp/left-out", "x");
  std::filesystem::create_symlink("usr/bin", root.path() / "bin");
  write_file(root.path() / "var/lib/dpkg/info/coreutils.list", "/.\n/bin\n/bin/ls\n/usr/bin/moved\n");
  write_file(root.path() / "var/lib/dpkg/diversions", "/usr/bin/moved\n/usr/bin/moved.distrib\nother\n");
  const auto coverage = measure_coverage(root.path(), 100);
  ASSERT_OK(coverage);
  EXPECT_EQ(coverage->owned, 3U);  // /bin itself, /bin/ls, and where moved went
  EXPECT_EQ(coverage->files, 6U);
  EXPECT_EQ(coverage->unowned, (std::vector<std::string>{"/usr/bin/stranger", "/var/lib/dpkg/diversions",
                                                         "/var/lib/dpkg/info/coreutils.list"}));
  EXPECT_REASON(measure_coverage(root.path() / "usr", 1), "bom.no-packages");
}

TEST(Bom, P_SBOM_014_hostile_documents_are_refused_with_a_reason) {
  std::string deep = R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":)";
  for (int i = 0; i < 5000; ++i) deep += R"([{"name":"x","components":)";
  const std::map<std::string, std::string> table{
      {"{}", "bom.format"},
      {R"({"bomFormat":"CycloneDX","specVersion":"9.9"})", "bom.version"},
      {R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[{}]})", "bom.document"},
      {R"({"spdxVersion":"SPDX-1.0"})", "bom.version"},
      {R"({"spdxVersion":"SPDX-2.3","packages":[{"name":"x"}]})", "bom.document"},
  };
  for (const auto& [text, reason] : table) EXPECT_REASON(read_bom(as_bytes(text)), reason) << text;
  for (const std::string& text : {deep, std::string("\xff"), std::string(R"({"a":1,"a":2})"), std::string("[")}) {
    EXPECT_FALSE(read_bom(as_bytes(text))) << text.substr(0, 40);
  }
  EXPECT_REASON(read_lock_file("go.sum", as_bytes("")), "bom.lock-file");
  EXPECT_REASON(read_lock_file("Cargo.lock", as_bytes("<html>")), "bom.lock");
  EXPECT_REASON(read_lock_file("package-lock.json", as_bytes("{}")), "bom.lock");
}

TEST(Bom, P_SBOM_010_reads_the_valid_documents_of_the_cyclonedx_suite) {
  const Suite documents = suite("cyclonedx", "cyclonedx");
  if (!documents.is_whole) GTEST_SKIP() << "SIGNET_VECTORS does not name the folder that holds psirt/cyclonedx";
  std::size_t count = 0;
  for (const auto& path : files_below(documents.folder, ".json")) {
    const std::string name = path.filename();
    if (!name.starts_with("valid-")) continue;
    const auto bom = read_bom(as_bytes(read_whole(path)));
    EXPECT_OK(bom) << path;
    if (!bom) continue;
    EXPECT_OK(read_bom(as_bytes(write_bom(*bom, BomFormat::cyclonedx, k_when)))) << path;
    EXPECT_OK(read_bom(as_bytes(write_bom(*bom, BomFormat::spdx, k_when)))) << path;
    ++count;
  }
  EXPECT_EQ(count, 171U);
}

TEST(Bom, P_SBOM_015_spdx_3_is_read) {
  const auto bom = read_bom(as_bytes(R"({"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
      {"type":"SpdxDocument","spdxId":"urn:doc","name":"cam-a"},
      {"type":"Organization","spdxId":"urn:haxx","name":"haxx"},
      {"type":"simplelicensing_LicenseExpression","spdxId":"urn:l","simplelicensing_licenseExpression":"curl"},
      {"type":"software_Package","spdxId":"urn:curl","name":"curl","software_packageVersion":"7.88.1",
       "software_packageUrl":"pkg:deb/debian/curl@7.88.1-10","suppliedBy":"urn:haxx",
       "externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"cpe23",
         "identifier":"cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*"}],
       "verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"00ff"}]},
      {"type":"software_Package","spdxId":"urn:zlib","name":"zlib"},
      {"type":"Relationship","spdxId":"urn:r1","from":"urn:curl","relationshipType":"dependsOn","to":["urn:zlib"]},
      {"type":"Relationship","spdxId":"urn:r2","from":"urn:curl","relationshipType":"hasDeclaredLicense",
       "to":["urn:l"]}]})"));
  ASSERT_OK(bom);
  EXPECT_EQ(bom->name, "cam-a");
  ASSERT_EQ(bom->components.size(), 2U);
  const Component& curl = bom->components[0];
  EXPECT_EQ(curl.version, "7.88.1");
  EXPECT_EQ(curl.purl, "pkg:deb/debian/curl@7.88.1-10");
  EXPECT_EQ(curl.supplier, "haxx");
  EXPECT_EQ(curl.cpe, "cpe:2.3:a:haxx:curl:7.88.1:*:*:*:*:*:*:*");
  EXPECT_EQ(curl.hashes, (std::vector<ComponentHash>{{"SHA-256", "00ff"}}));
  EXPECT_EQ(curl.licenses, std::vector<std::string>{"curl"});
  EXPECT_EQ(curl.depends_on, std::vector<std::string>{"urn:zlib"});
  EXPECT_REASON(read_bom(as_bytes(R"({"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
      {"type":"software_Package","name":"x"}]})")),
                "bom.document");
}

}  // namespace
}  // namespace signet::sbom
