// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
