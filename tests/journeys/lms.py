# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""What an HSM does for `signet firmware sign --attach --hss-key`, for tests alone: one HSS/LMS signature (RFC 8554).

One level, a tree of height 5, one-time keys of width 8. Only one leaf is a key; the others are numbers that fill it.
"""

from __future__ import annotations

import hashlib
import struct

LEAVES, LEAF, CHAINS = 32, 9, 34
PUBLIC_BLOCK, MESSAGE, LEAF_NODE, INNER = 0x8080, 0x8181, 0x8282, 0x8383


class Hsm:
    def __init__(self, seed: bytes) -> None:
        self.identifier = hashlib.sha256(seed).digest()[:16]
        self.seed = hashlib.sha256(b"secret" + seed).digest()
        ends = b"".join(self._walk(chain, self._secret(chain), 0, 255) for chain in range(CHAINS))
        self.nodes = [b""] * LEAVES + [self._hash(LEAVES + leaf, LEAF_NODE) for leaf in range(LEAVES)]
        self.nodes[LEAVES + LEAF] = self._hash(LEAVES + LEAF, LEAF_NODE, self._hash(LEAF, PUBLIC_BLOCK, ends))
        for node in range(LEAVES - 1, 0, -1):
            self.nodes[node] = self._hash(node, INNER, self.nodes[2 * node], self.nodes[2 * node + 1])

    def public_key(self) -> bytes:
        """RFC 8554 section 6.1: levels, LMS_SHA256_M32_H5, LMOTS_SHA256_N32_W8, identifier, root."""
        return struct.pack(">III", 1, 5, 4) + self.identifier + self.nodes[1]

    def sign(self, message: bytes) -> bytes:
        randomizer = bytes(32)
        digits = list(self._hash(LEAF, MESSAGE, randomizer, message))
        digits += divmod(sum(255 - digit for digit in digits), 256)
        chains = b"".join(self._walk(i, self._secret(i), 0, digit) for i, digit in enumerate(digits))
        path, node = b"", LEAVES + LEAF
        while node > 1:
            path, node = path + self.nodes[node ^ 1], node // 2
        return struct.pack(">III", 0, LEAF, 4) + randomizer + chains + struct.pack(">I", 5) + path

    def _hash(self, number: int, use: int, *parts: bytes) -> bytes:
        return hashlib.sha256(self.identifier + struct.pack(">IH", number, use) + b"".join(parts)).digest()

    def _secret(self, chain: int) -> bytes:
        return self._hash(LEAF, chain, b"\xff", self.seed)

    def _walk(self, chain: int, value: bytes, start: int, end: int) -> bytes:
        for step in range(start, end):
            value = self._hash(LEAF, chain, bytes([step]), value)
        return value
