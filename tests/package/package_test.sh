#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# Makes the Debian packages from a release build and lives with them in clean roots: package_test.sh BUILD_FOLDER
# The roots are made by mmdebstrap from this machine's own Debian sources; everything in them happens in its hook,
# so that it
# works as root and (in a user namespace) without, and nothing of a root remains.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# --- the packages themselves ---
(cd "$build" && cpack -G DEB -B "$work/packages") >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log"; fail "cpack"; }
program=$(find "$work/packages" -maxdepth 1 -name 'signet_*.deb')
library=$(find "$work/packages" -maxdepth 1 -name 'signet-dev_*.deb')
device=$(find "$work/packages" -maxdepth 1 -name 'signet-keystored_*.deb')
station=$(find "$work/packages" -maxdepth 1 -name 'signet-station_*.deb')
camera=$(find "$work/packages" -maxdepth 1 -name 'signet-camerad_*.deb')
video=$(find "$work/packages" -maxdepth 1 -name 'libsignet-video1_*.deb')
video_dev=$(find "$work/packages" -maxdepth 1 -name 'libsignet-video-dev_*.deb')
all=("$program" "$library" "$device" "$station" "$camera" "$video" "$video_dev")
for package in "${all[@]}"; do [[ -f $package ]] || fail "all seven packages are made"; done

for package in "${all[@]}"; do
  for name in Package Version Architecture Maintainer Section Priority Description Depends; do
    [[ -n $(dpkg-deb -f "$package" "$name") ]] || fail "$(basename "$package") has no $name"
  done
  dpkg-deb -c "$package" >"$work/list"
  if grep -vE '^(d.{9}|l.{9}|-rw-r--r--|-rwxr-xr-x) root/root ' "$work/list"; then
    fail "odd modes or owners in $package"
  fi
  if grep -oE ' \./.*' "$work/list" | grep -vE '^ \./(usr/.*)?$'; then fail "files outside /usr in $package"; fi
  grep -q '/copyright$' "$work/list" || fail "no copyright in $package"
done
if command -v lintian >/dev/null; then
  lintian --fail-on error "${all[@]}" || fail "lintian"
fi
stat -c 'made: %n, %s bytes' "${all[@]}"

# --- clean roots ---
names_of() { dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/^ *//; s/[ (|].*//' | sort -u | paste -sd,; }

# clean_root INCLUDE PACKAGE HOOK
clean_root() {
  local source sources=() proxy options=()
  for source in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if [[ -f $source ]] && grep -q 'debian\.org\|/debian' "$source"; then sources+=("$source"); fi
  done
  proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
  if [[ -n $proxy ]]; then options+=("--aptopt=Acquire::http::Proxy \"$proxy\""); fi
  PACKAGE="$2" HERE="$here" mmdebstrap --quiet --variant=minbase --format=null --include="$1" "${options[@]}" \
    --architectures="$(dpkg --print-architecture)" --customize-hook="$here/$3 \"\$1\"" \
    bookworm - "${sources[@]}" </dev/null
}

clean_root "$(names_of "$program")" "$program" in_clean_root.sh || fail "signet in a clean root"
clean_root "$(names_of "$library"),g++,cmake,make" "$library" in_dev_root.sh || fail "signet-dev in a clean root"
clean_root "$(names_of "$video"),gcc,g++,libc6-dev,pkgconf" "$video $video_dev" in_video_root.sh ||
  fail "libsignet-video in a clean root"
clean_root "$(names_of "$device")" "$device" in_service_root.sh || fail "signet-keystored in a clean root"
clean_root "$(names_of "$station")" "$station" in_service_root.sh || fail "signet-station in a clean root"
clean_root "$(names_of "$camera")" "$camera" in_service_root.sh || fail "signet-camerad in a clean root"
echo "packages: all held"
