// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
using names@@pace std;
Result<bool> verify();