#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# P_CLI_008: a user presses Tab. In bash the script is loaded and asked as the shell does; in fish through `complete
# -C`; zsh has no
# such question, so its script is read and its function called without a terminal.
set -euo pipefail
signet=""
while [[ $# -gt 0 ]]; do
  case $1 in
    --signet) signet=$2 ;;
  esac
  shift 2
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/files"
ln -s "$signet" "$work/bin/signet"
export PATH="$work/bin:$PATH"
touch "$work/files/a file.txt"
mkdir "$work/files/folder"

fail() {
  echo "FAILED: $*"
  exit 1
}

# bash_asks WORD... : what Tab offers behind the last word
bash_asks() {
  (
    cd "$work/files"
    # shellcheck disable=SC1090 # made a moment ago
    source <(signet completion bash)
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _signet
    printf '%s\n' "${COMPREPLY[@]}"
  )
}

# expect NEEDLE HAYSTACK WHAT
expect() { grep -qxF -e "$1" <<<"$2" || fail "$3: '$1' is not among: $2"; }

expect completion "$(bash_asks signet comp)" "bash, noun"
expect fish "$(bash_asks signet completion "")" "bash, verb"
expect --json "$(bash_asks signet completion bash --)" "bash, option"
expect --man-all "$(bash_asks signet help --m)" "bash, option of a command of one word"
expect folder "$(bash_asks signet help --man-all f)" "bash, folder"
[[ -z $(bash_asks signet zzz) ]] || fail "bash offers something for nothing"
echo "bash: completes"

if command -v fish >/dev/null; then
  signet completion fish >"$work/signet.fish"
  fish_asks() { HOME="$work" fish --no-config -c "source '$work/signet.fish'; complete -C '$1'" | cut -f1; }
  expect completion "$(fish_asks "signet comp")" "fish, noun"
  expect zsh "$(fish_asks "signet completion ")" "fish, verb"
  expect --json "$(fish_asks "signet completion bash --")" "fish, option"
  echo "fish: completes"
else
  echo "fish: not installed, not tried"
fi

if command -v zsh >/dev/null; then
  signet completion zsh >"$work/_signet"
  zsh -fc "fpath=('$work' \$fpath); autoload -Uz compinit; compinit -u -d '$work/dump'
    [[ \${_comps[signet]} == _signet ]]" || fail "zsh does not take the script"
  zsh -n "$work/_signet" || fail "zsh does not read the script"
  echo "zsh: reads the script (Tab itself is not tried)"
else
  echo "zsh: not installed, not tried"
fi
