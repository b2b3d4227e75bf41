// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
int table[] = {
@@repeat 399:   1,
};
