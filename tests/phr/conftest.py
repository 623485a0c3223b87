"""The people of the portal's tests, for the books they write."""

from tests.portal.conftest import (  # noqa: F401
    browsers,
    clinic,
    hanako,
    open_browser,
    pharmacy,
    sato,
    yumi,
)
