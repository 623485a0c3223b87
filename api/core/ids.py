"""Identifiers enter here: UUIDv7, so that keys sort by the time they were made."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """RFC 9562 version 7: 48 bits of milliseconds, 12 of the rest of the clock (section 6.2, method
    3), so that what is made within one millisecond sorts too, then 62 random bits."""
    millis, rest = divmod(time.time_ns(), 1_000_000)
    value = (millis << 80) | (0x7 << 76) | ((rest << 12) // 1_000_000 << 64)
    value |= (0x2 << 62) | (int.from_bytes(os.urandom(8), "big") >> 2)
    return UUID(int=value)
