#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Called by mmdebstrap with a root that holds a compiler, CMake and what signet-dev depends on: a program of ten
# lines is built
# against the installed package and run.
set -euo pipefail
root=$1
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; } # nothing of this machine's environment
cp "$PACKAGE" "$root/package.deb"
inside dpkg -i /package.deb >/dev/null
cp -r "$HERE/consumer" "$root/consumer"
inside cmake -S /consumer -B /consumer/build >/dev/null
inside cmake --build /consumer/build
said=$(inside /consumer/build/consumer)
# SHA-256 of "abc": FIPS 180-4, example B.1
if [[ $said != ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ]]; then
  echo "FAILED: the consumer said '$said'"
  exit 1
fi
inside dpkg --purge signet-dev >/dev/null
if find "$root/usr" -path '*signet*' | grep .; then echo "FAILED: signet-dev left files behind"; exit 1; fi
echo "signet-dev: a program was built against it, and it was purged without a trace"
