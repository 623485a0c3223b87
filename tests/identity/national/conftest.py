"""An issuer of a test's own, and this service set to trust it."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from api.core import runtime
from api.core.settings import NationalLogin
from tests.conftest import Deployment
from tests.identity.national.issuer import CLIENT, Issuer, serving_issuer
from tests.serving import free_port


@pytest.fixture
def issuer(database: Deployment) -> Iterator[Issuer]:
    with serving_issuer() as served:
        login = NationalLogin(issuer=served.url, client_id=CLIENT, acr="aal2")
        runtime.start(replace(database.settings, my_number=login), database.keys)
        yield served
        runtime.start(database.settings, database.keys)


@pytest.fixture
def nobody_at_the_issuer(database: Deployment) -> Iterator[None]:
    """Not the demo's own address: somebody may be running a demo there."""
    login = NationalLogin(issuer=f"http://localhost:{free_port()}", client_id=CLIENT, acr="aal2")
    runtime.start(replace(database.settings, my_number=login), database.keys)
    yield
    runtime.start(database.settings, database.keys)
