# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""What the checks of tools/ share: the tree, C++ text, the module map, findings and exceptions."""
