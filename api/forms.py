"""Text in a form is UTF-8, whatever a part of it says of itself.

No browser names another; a stranger could name one whose reader takes minutes over a few kilobytes
(punycode), before anybody is asked who they are.
"""

from multipart import MultipartSegment  # type: ignore[import-untyped]


def read_as_utf8() -> None:
    """For the whole process: the parts of forms, as Litestar reads them, have no word on how they
    are to be read."""
    MultipartSegment.charset = property(lambda _: None, lambda _, _said: None)
