"""Identifiers enter here: UUIDv7, so that keys sort by the time they were made."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """RFC 9562 version 7: 48 bits of milliseconds, then 74 random bits."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)
