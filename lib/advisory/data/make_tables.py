#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of this folder from packages of npm and Debian; README.md names each one's origin and licence.

Usage: make_tables.py NODE_MODULES LICENSEDB_INDEX CYCLONEDX_SCHEMAS CVE_BUNDLED_SCHEMA
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
USAGE = {"Allowed": "A", "Allowed-with-Review": "R", "Discouraged": "D", "Prohibited": "P"}
NAMED = ("properties", "patternProperties", "definitions", "$defs")
NEW_KEYS = ("aop-pd",)  # of ScanCode LicenseDB, deprecated after Debian's package was made
WORDS = ("description", "title", "examples", "$comment", "meta:enum", "default")


def order(version):
    return [int(part) for part in version.split(".")]


def cwe(modules):
    """A line for each weakness: its number, then each run of releases as FIRST-LAST|FLAGS|NAME; D is deprecated."""
    script = (
        "import {cwecMap} from '%s'; const all = {};"
        "for (const [version, load] of cwecMap) all[version] = (await load()).default;"
        "console.log(JSON.stringify(all));"
    ) % (modules / "@secvisogram/csaf-validator-lib/lib/cwec.js").resolve()
    node = ["node", "--input-type=module", "-e", script]
    releases = json.loads(subprocess.run(node, capture_output=True, check=True).stdout)
    versions = sorted(releases, key=order)
    lines = {}
    for at, version in enumerate(versions):
        for weakness in releases[version]["weaknesses"]:
            usage = USAGE.get(weakness.get("usage"), "-")
            state = "D" if weakness["status"] == "Deprecated" else "-"
            what = (state + usage, weakness["name"])
            runs = lines.setdefault(int(weakness["id"][4:]), [])
            if runs and runs[-1][1] == at - 1 and runs[-1][2] == what:
                runs[-1][1] = at
            else:
                runs.append([at, at, what])
    out = ["\t".join(f"{v}={releases[v].get('date', '')}" for v in versions)]
    for number in sorted(lines):
        out.append("\t".join([str(number)] + [f"{a}-{b}|{w[0]}|{w[1]}" for a, b, w in lines[number]]))
    (HERE / "cwe.tsv").write_text("\n".join(out) + "\n", encoding="utf-8")


def languages(modules):
    """Subtags by kind: l anguage, e xtlang, s cript, r egion, v ariant, g randfathered or redundant."""
    kinds = {"language": "l", "extlang": "e", "script": "s", "region": "r", "variant": "v", "grandfathered": "g"}
    out = {}
    for entry in json.loads((modules / "language-subtag-registry/data/json/registry.json").read_text()):
        kind = kinds.get(entry["Type"])
        tag = entry.get("Subtag") or entry.get("Tag")
        if kind is None or ".." in tag:
            continue
        out.setdefault(kind, set()).add(tag.lower())
    lines = [kind + "\t" + " ".join(sorted(tags)) for kind, tags in sorted(out.items())]
    (HERE / "languages.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def licenses(modules, index):
    """KIND IDENTIFIER: l icence or e xception of SPDX, s of ScanCode LicenseDB; a capital marks a deprecated one."""
    ids = modules / "spdx-license-ids"
    lines = {f"l {one}" for one in json.loads((ids / "index.json").read_text())}
    lines |= {f"L {one}" for one in json.loads((ids / "deprecated.json").read_text())}
    lines |= {f"e {one}" for one in json.loads((modules / "spdx-exceptions/index.json").read_text())}
    for entry in json.loads(index.read_text()):
        key = entry.get("spdx_license_key") or ""
        if key.startswith("LicenseRef-scancode-"):
            lines.add(("S " if entry.get("is_deprecated") else "s ") + key.removeprefix("LicenseRef-scancode-"))
    lines |= {f"S {key}" for key in NEW_KEYS}
    (HERE / "licenses.tsv").write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")


def bare(schema):
    """A schema without its texts."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            out[key] = {name: bare(one) for name, one in value.items()}
        elif key not in WORDS:
            out[key] = value if key in ("enum", "const", "required") else bare(value)
    return out


def write_bare(source, name):
    schema = json.loads(source.read_text())
    schema.get("definitions", {}).get("timestamp", {}).pop(
        "format", None
    )  # of CVE: its pattern lets zones be left out
    text = json.dumps(bare(schema), separators=(",", ":"), ensure_ascii=False)
    (HERE / "schemas" / name).write_text(text + "\n", encoding="utf-8")


def newer_than_the_bundle(schema):
    """What CVE Record Format 5.1.1 and 5.2 added: CPE applicability (as in NVD's API 2.0) and package URLs."""
    named = schema["definitions"]
    cpe23 = named["product"]["properties"]["cpes"]["items"]["pattern"].split("|(cpe:2", 1)[1]
    version = {"$ref": "#/definitions/version"}
    ends = ("versionStartExcluding", "versionStartIncluding", "versionEndExcluding", "versionEndIncluding")
    operator = {"type": "string", "enum": ["AND", "OR"]}
    named["cpe_match"] = {
        "type": "object",
        "properties": {
            "vulnerable": {"type": "boolean"},
            "criteria": {"type": "string", "pattern": "(cpe:2" + cpe23, "maxLength": 2048},
            "matchCriteriaId": {"$ref": "#/definitions/uuidType"},
            **{end: version for end in ends},
        },
        "required": ["vulnerable", "criteria"],
        "additionalProperties": False,
    }
    named["cpe_node"] = {
        "type": "object",
        "properties": {
            "operator": operator,
            "negate": {"type": "boolean"},
            "cpeMatch": {"type": "array", "items": {"$ref": "#/definitions/cpe_match"}},
        },
        "required": ["operator", "cpeMatch"],
        "additionalProperties": False,
    }
    named["cpeApplicabilityElement"] = {
        "type": "object",
        "properties": {
            "operator": operator,
            "negate": {"type": "boolean"},
            "nodes": {"type": "array", "items": {"$ref": "#/definitions/cpe_node"}},
        },
        "required": ["nodes"],
        "additionalProperties": False,
    }
    named["product"]["properties"]["packageURL"] = {"$ref": "#/definitions/uriType"}
    for container in ("cnaPublishedContainer", "adpContainer"):
        named[container]["properties"]["cpeApplicability"] = {
            "type": "array",
            "items": {"$ref": "#/definitions/cpeApplicabilityElement"},
        }


def add_to_record_schema():
    path = HERE / "schemas" / "cve-5.json"
    schema = json.loads(path.read_text())
    newer_than_the_bundle(schema)
    path.write_text(json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    modules, index, schemas, record = map(pathlib.Path, sys.argv[1:5])
    cwe(modules)
    languages(modules)
    licenses(modules, index)
    for source in sorted(schemas.glob("*.schema.json")):
        write_bare(source, "cyclonedx-" + source.name.replace("bom-", "").replace(".schema", ""))
    write_bare(record, "cve-5.json")
    add_to_record_schema()


if __name__ == "__main__":
    main()
