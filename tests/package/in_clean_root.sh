#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Called by mmdebstrap with a clean root that holds what PACKAGE depends on: installs it, uses it, purges it, looks
# for remains.
set -euo pipefail
root=$1

fail() {
  echo "FAILED: $*"
  exit 1
}

# The package manager's own books and logs are the root's, not the package's.
files() {
  (cd "$root" && find . -xdev -not -path './proc/*' -not -path './sys/*' -not -path './dev/*' \
    -not -path './var/lib/dpkg/*' -not -path './var/log/*' -not -path './var/cache/*' -printf '%p %M %s\n' | sort)
}
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; } # nothing of this machine's environment

before=$(files)
cp "$PACKAGE" "$root/package.deb"
inside dpkg -i /package.deb >/dev/null || fail "dpkg -i"
rm "$root/package.deb"

[[ $(inside signet --version) =~ ^signet\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "signet --version"
inside signet --version --json | grep -q '^{"ok":true,' || fail "signet --version --json"
inside signet >/dev/null || fail "signet alone"
[[ -f $root/usr/share/man/man1/signet.1.gz ]] || fail "the manual page"
for page in "$root"/usr/share/man/man1/signet*.1.gz; do
  warnings=$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null || true)
  [[ -z $warnings ]] || fail "$page: $warnings"
done
for file in bash-completion/completions/signet zsh/vendor-completions/_signet fish/vendor_completions.d/signet.fish; do
  [[ -s $root/usr/share/$file ]] || fail "completion $file"
done
if inside signet help key >/dev/null 2>&1; then "$HERE/use_key.sh" "$root" || fail "making a key"; fi

inside dpkg --purge signet >/dev/null || fail "dpkg --purge"
if ! remains=$(diff <(echo "$before") <(files)); then fail "something remains after the purge: $remains"; fi
echo "signet: installed, used and purged without a trace"
