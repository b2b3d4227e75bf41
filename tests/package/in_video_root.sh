#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Called by mmdebstrap with a root that holds compilers and pkg-config: installs libsignet-video1 and its -dev package
# (PACKAGE names both, parted by a space), builds the examples against them, judges the recording of a real camera, and
# purges them.
set -euo pipefail
root=$1
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@"; }

fail() {
  echo "FAILED: $*"
  exit 1
}

read -r -a packages <<<"${PACKAGE:?the packages}"
for package in "${packages[@]}"; do
  cp "$package" "$root/package.deb"
  inside dpkg -i /package.deb >/dev/null || fail "dpkg -i $package"
done
mkdir "$root/example"
cp "$HERE"/../../examples/video/*.c* "$root/example"
cp "$HERE/../vectors/video/axis-repo/signed_vendor_axis.h264" "$root/example/camera.h264"
# shellcheck disable=SC2016 # pkg-config is asked inside the root
inside sh -ec 'cd /example
  cc -std=c99 -Wall -Wextra -Werror verify.c $(pkg-config --cflags --libs signet-video) -o verify
  c++ -std=c++17 -Wall -Wextra -Werror watch.cpp $(pkg-config --cflags --libs signet-video) -o watch'
said=$(inside /example/verify /example/camera.h264) || fail "verify said '$said'"
[[ $said == "authentic, 32 of 50 pictures; serial number B8A44F27E6D1" ]] || fail "verify said '$said'"
[[ $(inside sh -c '/example/watch </example/camera.h264' | tail -1) == authentic ]] || fail "watch"
rm -r "$root/example" "$root/package.deb"
inside dpkg --purge libsignet-video-dev libsignet-video1 >/dev/null
if find "$root/usr" -path '*signet*' | grep .; then fail "something remains after the purge"; fi
echo "libsignet-video: the examples were built against it, judged, and it was purged without a trace"
