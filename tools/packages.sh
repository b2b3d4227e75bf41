# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Debian packages: which are missing, and their installation after a question. Sourced by ./run and ./test from the
# project's
# folder. packages_ask=no (--yes, or CI=true) installs without a question.

packages_file=packaging/debian-packages.txt
packages_ask=yes
if [[ ${CI:-} == true ]]; then packages_ask=no; fi

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$(basename "$0"): $1"
  if [[ $# -gt 1 ]]; then say "  -> $2"; fi
  exit 1
}

# Prints the packages of the named groups, each once.
packages_of() {
  local wanted=" $* " group package
  while read -r group package _; do
    if [[ $group != \#* && $wanted == *" $group "* ]]; then printf '%s\n' "$package"; fi
  done <"$packages_file" | sort -u
}

# Prints those of the given packages that are not installed; a name without architecture means this machine's.
packages_missing() {
  local native have package name architecture
  native=$(dpkg --print-architecture)
  have=$(dpkg-query -W -f='${Package}:${Architecture} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
  for package in "$@"; do
    name=${package%%:*}
    architecture=$native
    if [[ $package == *:* ]]; then architecture=${package##*:}; fi
    if ! grep -qxF -e "$name:$architecture" -e "$name:all" <<<"$have"; then printf '%s\n' "$package"; fi
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root, and sudo is not there" "Run as root: $*"
  fi
}

# Debian's mirrors are sometimes renewed in the middle of a download: once more helps.
apt_twice() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" || {
    sleep 5
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  }
}

# Lists what is missing from the named groups and installs it after a question.
need_packages() {
  local packages missing answer
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    mapfile -t packages < <(packages_of "$@")
    say "This is no Debian system, so nothing is installed. Needed are the equivalents of: ${packages[*]}"
    return 0
  fi
  mapfile -t packages < <(packages_of "$@")
  mapfile -t missing < <(packages_missing "${packages[@]}")
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi
  say "These Debian packages are missing: ${missing[*]}"
  if [[ $packages_ask == yes ]]; then
    if [[ ! -t 0 ]]; then die "cannot ask whether to install them without a terminal" "Say yes beforehand: $0 --yes"; fi
    read -r -p "Install them with apt-get now? [Y/n] " answer
    if [[ ! ${answer:-y} =~ ^[Yy] ]]; then die "not installed" "By hand: apt-get install ${missing[*]}"; fi
  fi
  if [[ " ${missing[*]} " == *:arm64* ]] && ! dpkg --print-foreign-architectures | grep -qx arm64; then
    as_root dpkg --add-architecture arm64
  fi
  mkdir -p build
  apt_twice -q update >>build/apt.log 2>&1 ||
    die "the package lists could not be read" "Look into build/apt.log; is the network there?"
  apt_twice -q -y --no-install-recommends install "${missing[@]}" >>build/apt.log 2>&1 ||
    die "apt-get could not install ${missing[*]}" "Look into build/apt.log."
}

# Uses ccache where it is installed: switching between branches then costs seconds.
use_ccache() {
  if [[ -z ${CMAKE_CXX_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
}

# quietly LOG COMMAND...: all output goes to LOG; progress of ninja on a terminal; the last lines where it fails.
quietly() {
  local log=$1 line status
  shift
  mkdir -p "$(dirname "$log")"
  printf '$ %s\n' "$*" >>"$log"
  set +e
  "$@" 2>&1 | while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    if [[ -t 2 && $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      printf '\r  step %s of %s \033[K' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    fi
  done
  status=${PIPESTATUS[0]}
  set -e
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
  if [[ $status -ne 0 ]]; then
    tail -n 40 "$log" >&2
    say "This failed: $*"
    say "  -> the whole log is $log"
  fi
  return "$status"
}
