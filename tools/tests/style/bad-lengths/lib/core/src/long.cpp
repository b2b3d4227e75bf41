// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
@@repeat 399: int x();
