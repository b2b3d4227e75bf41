#!/usr/bin/env bash
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
#
# The library exports what its header declares, under its version, and nothing else: exports_test.sh LIBRARY HEADER
set -euo pipefail
declared=$(grep -oE '\bsignet_video_[a-z_]+\(' "$2" | tr -d '(' | grep -vE '_fn$' | sort -u)
exported=$(nm -D --defined-only "$1" | awk '$2 != "A" {print $3}' | grep -vE '^__(asan|ubsan|tsan|sanitizer|odr_asan)' \
  | sed 's/@@SIGNET_VIDEO_1$//' | sort -u)
diff <(echo "$declared") <(echo "$exported") || { echo "FAILED: declared (<) and exported (>) differ"; exit 1; }
readelf -d "$1" | grep -q 'SONAME.*\[libsignet_video\.so\.1\]' || { echo "FAILED: the soname"; exit 1; }
