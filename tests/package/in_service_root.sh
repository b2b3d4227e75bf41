#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Called by mmdebstrap with a clean root that holds what PACKAGE, a service, depends on: installs it, asks its program
# for version and help, purges it, looks for remains.
set -euo pipefail
root=$1
file=${PACKAGE:?the package}
name=$(dpkg-deb -f "$file" Package)

fail() {
  echo "FAILED: $*"
  exit 1
}

files() {
  (cd "$root" && find . -xdev -not -path './proc/*' -not -path './sys/*' -not -path './dev/*' \
    -not -path './var/lib/dpkg/*' -not -path './var/log/*' -not -path './var/cache/*' -printf '%p %M %s\n' | sort)
}
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }

before=$(files)
cp "$file" "$root/package.deb"
inside dpkg -i /package.deb >/dev/null || fail "dpkg -i"
rm "$root/package.deb"

inside "$name" --version | grep -qE '[0-9]+\.[0-9]+\.[0-9]+' || fail "$name --version"
inside "$name" --help | grep -q "$name" || fail "$name --help"
if inside "$name" --no-such-option >/dev/null 2>&1; then fail "an unknown option is not refused"; fi
inside dpkg -L "$name" | grep -q '/systemd/system/.*\.service$' || fail "the unit"

inside dpkg --purge "$name" >/dev/null || fail "dpkg --purge"
if ! remains=$(diff <(echo "$before") <(files)); then fail "something remains after the purge: $remains"; fi
echo "$name: installed, asked and purged without a trace"
