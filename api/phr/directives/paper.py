"""A document somebody adds: what it is, by its own bytes and not by its name."""

import base64
from typing import Final

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_BASE64: Final = -(-MOST_BYTES // 3) * 4
# A form around it: its other fields, and the bounds between its parts.
MOST_BODY: Final = MOST_BYTES + 100_000
# Somebody's documents at one time: a will, a form, a photograph of a card.
MOST_DOCUMENTS: Final = 5
MEDIA: Final = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}

_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Readers allow some bytes before a PDF begins and after it ends.
_NEAR: Final = 1024


def fault_of(body: bytes) -> str:
    """The message key of what is wrong with it, "" for nothing."""
    if not body:
        return "error.wish.file.needed"
    if len(body) > MOST_BYTES:
        return "error.wish.file.large"
    if body[4:8] == b"ftyp" or body.startswith((b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")):
        return "error.wish.file.picture"
    media = media_of(body)
    if media is None:
        return "error.wish.file.kind"
    return "" if _is_whole(body, media) else "error.wish.file.broken"


def media_of(body: bytes) -> str | None:
    """ "pdf", "jpeg" or "png"; None for anything else."""
    if b"%PDF-" in body[:_NEAR]:
        return "pdf"
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "png" if body.startswith(_PNG) else None


def typed(title: str, dated: str, body: bytes) -> dict[str, str]:
    """The fields of an entry. Of a body without fault."""
    return {
        "title": title,
        "dated": dated,
        "media": media_of(body) or "",
        "content": base64.b64encode(body).decode(),
    }


def body_of(content: str) -> bytes:
    """Raises `ValueError` for what is no base64."""
    return base64.b64decode(content, validate=True)


def size_of(content: str) -> int:
    """In bytes, without decoding it."""
    return len(content) // 4 * 3 - content[-2:].count("=")


def _is_whole(body: bytes, media: str) -> bool:
    """Nothing was cut off on the way."""
    if media == "pdf":
        return b"%%EOF" in body[-_NEAR:]
    if media == "jpeg":
        return b"\xff\xd9" in body[-_NEAR:]
    return b"IEND" in body[-_NEAR:]
