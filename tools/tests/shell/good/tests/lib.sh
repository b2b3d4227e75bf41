# shellcheck shell=bash
say() {
  printf '%s\n' "$1"
}
