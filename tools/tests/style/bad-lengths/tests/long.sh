# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
tall() {
@@repeat 60:   step
}

short() {
  step
}
