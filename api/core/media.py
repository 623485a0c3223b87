"""What a file is, by how it begins, whatever it is called."""

from typing import Final

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


def media_type(scan: bytes) -> str | None:
    """None for what is no scan."""
    return next((kind for magic, kind in _MAGIC if scan.startswith(magic)), None)
