#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Makes and lists a software key with the installed program in the root $1, and takes it away again.
set -euo pipefail
root=$1
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }
mkdir -m 700 "$root/keys"
printf 'a passphrase for one test' >"$root/keys/pass"
chmod 600 "$root/keys/pass"
inside signet key generate 'file:/keys/store?passphrase-file=/keys/pass' --label one --algorithm p256 >/dev/null
inside signet key list 'file:/keys/store?passphrase-file=/keys/pass' --json | grep -q '^{"ok":true,.*"one"'
rm -r "$root/keys"
