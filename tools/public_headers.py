#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""A public header stands on the standard library and on signet/ alone, is short, and explains what it declares.

Whoever includes it must not inherit OpenSSL, a database or a JSON library, so that each of these can be replaced.
"""

from __future__ import annotations

import re
import sys
from typing import Iterator

sys.dont_write_bytecode = True

from lib.check import Finding, main  # noqa: E402
from lib.cpp import Declaration, LineIndex, declarations, function_name  # noqa: E402
from lib.tree import Tree, room_of  # noqa: E402

RULES = ("third-party-include", "third-party-name", "pragma-once", "length", "doc-comment")
LINES_MAX = 260

STANDARD = frozenset("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfloat charconv chrono cinttypes climits cmath
codecvt compare complex concepts condition_variable coroutine cstdarg cstddef cstdint cstdio cstdlib cstring ctime deque
exception execution filesystem forward_list fstream functional future initializer_list iomanip ios iosfwd iostream
istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional ostream queue
random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept
stop_token streambuf string string_view system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector version
""".split())

# Numbers such as pid_t, and nothing else.
STANDARD |= {"sys/types.h"}

# The C ABI of lib/video and lib/pkcs11 is read by C compilers, which know only these.
STANDARD_C = frozenset("stddef.h stdint.h stdbool.h".split())

THIRD_PARTY = re.compile(
    r"\b(?:EVP_\w+|evp_\w+_st|X509\w*|x509_\w+|SSL(?:_\w+)?|ssl_(?:st|ctx_st)|BIO(?:_\w+)?|bio_st|ASN1_\w+|CMS_\w+"
    r"|BIGNUM|BN_\w+|EC_KEY\w*|OSSL_\w+|OPENSSL_\w+|ERR_(?:get|peek|error)\w*|PKCS7\w*|STACK_OF"
    r"|Esys_\w+|ESYS_\w+|TSS2_\w+|TPM2_\w+|TPM2B_\w+|TPMT_\w+|TPMS_\w+|Tss2_\w+"
    r"|CK_[A-Z]\w*|CKR_\w+|CKM_\w+|p11_kit_\w+|P11Kit\w*"
    r"|sqlite3\w*|PGconn|PGresult|nlohmann|simdjson|valijson|pugi|CURL\w*|curl_\w+|archive_entry|crypt_device"
    r"|Gst[A-Z]\w*|AV[A-Z][a-z]\w+|av_\w+|gpgme_\w+|cjose_\w+|argon2\w*|ZSTD_\w+)\b"
    r"|\b(?:boost|fmt|CLI|spdlog|YAML|testing)\s*::")
_PRAGMA_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", re.MULTILINE)
_NO_OWN_COMMENT = re.compile(r"^(?:using\b|friend\b|static_assert\b|template\s*<\s*>|typedef\b|extern\s+template\b|#)")


def is_public(path: str) -> bool:
    return path.endswith((".hpp", ".h")) and "/include/" in path and (path.startswith("lib/") or bool(room_of(path)))


def check_names(tree: Tree, path: str) -> Iterator[Finding]:
    for include in tree.includes(path):
        target = include.target
        standard = not include.quoted and (target in STANDARD or path.endswith(".h") and target in STANDARD_C)
        if not standard and not target.startswith("signet/"):
            yield Finding(path, include.line, "third-party-include", f"a public header includes {target}",
                          "include only standard and <signet/...> headers; hide the rest in a source")
    bare = re.sub(r"^[ \t]*#[ \t]*include[^\n]*", lambda m: " " * len(m.group()), tree.bare(path), flags=re.MULTILINE)
    index = LineIndex(bare)
    for match in THIRD_PARTY.finditer(bare):
        yield Finding(path, index.line(match.start()), "third-party-name",
                      f"a public header names {match.group().rstrip(': ')}",
                      "hide the type behind an own one (pimpl or a function)")


def declared_thing(declaration: Declaration) -> str | None:
    """What must be explained: a type that is defined here, or a free function; None for everything else."""
    if _NO_OWN_COMMENT.match(declaration.header):
        return None
    header = re.sub(r"^template\s*<.*?>\s*(?=(?:requires|class|struct|union|enum|\[\[|[\w:]))", "", declaration.header)
    plain = re.sub(r"\[\[.*?\]\]|alignas\s*\([^)]*\)", " ", header)
    kind = re.match(r"\s*(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+(\w+)", plain)
    if kind:
        return kind.group(1) if declaration.defines else None
    if "(" not in plain:
        return None
    name = function_name(plain)
    is_constant = re.search(r"=[^()]*$|^[^(]*[^=!<>]=[^=]", plain.split("(", 1)[0] + "(")
    if "operator" in name or "::" in name or name == "function" or is_constant:
        return None
    return name


def check_comments(tree: Tree, path: str) -> Iterator[Finding]:
    """A run of declarations without an empty line between them shares the comment above its first one."""
    lines = tree.lines(path)
    end_of_last = -1
    documented = False
    for declaration in declarations(tree.bare(path)):
        above = lines[declaration.line - 2].strip() if declaration.line >= 2 else ""
        own = above.startswith("///") or "///<" in lines[declaration.line - 1] or above.endswith("*/")
        shared = documented and end_of_last == declaration.line - 1
        documented = own or shared
        end_of_last = declaration.end
        name = declared_thing(declaration)
        if name and not documented:
            yield Finding(path, declaration.line, "doc-comment", f"{name} has no doc comment",
                          "say above it, after ///, what it is, its units and its errors")


def find(tree: Tree) -> Iterator[Finding]:
    for path in filter(is_public, tree.files):
        yield from check_names(tree, path)
        yield from check_comments(tree, path)
        if path.endswith(".hpp") and not _PRAGMA_ONCE.search(tree.bare(path)):
            yield Finding(path, 1, "pragma-once", "the header has no #pragma once", "add it below the SPDX lines")
        if (count := len(tree.lines(path))) > LINES_MAX:
            yield Finding(path, LINES_MAX + 1, "length", f"the public header has {count} lines",
                          f"narrow it to {LINES_MAX} or fewer")


if __name__ == "__main__":
    sys.exit(main("public_headers", __doc__, RULES, find))
