"""The people of the portal's tests, for the books they write."""

from tests.identity.conftest import admin  # noqa: F401
from tests.portal.conftest import (  # noqa: F401
    browsers,
    clinic,
    hanako,
    open_browser,
    pharmacy,
    sato,
    ueda,
    yumi,
)
