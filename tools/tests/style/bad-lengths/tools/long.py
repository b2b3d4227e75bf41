# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
def wide() -> str:
    return "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"


def tall():
@@repeat 60:     step()
