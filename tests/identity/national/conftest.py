"""An issuer of a test's own, and this service set to trust it."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from api.core import runtime
from api.core.settings import NationalLogin
from api.identity.national import provider
from tests.conftest import Deployment
from tests.identity.national.issuer import CLIENT, Issuer, serving_issuer
from tests.serving import free_port


@pytest.fixture
def nobody(database: Deployment) -> Iterator[None]:
    """An issuer nobody serves, whatever else this machine serves at the usual port."""
    address = f"http://localhost:{free_port()}"
    provider.forget()
    login = NationalLogin(issuer=address, client_id=CLIENT, acr="aal2")
    runtime.start(replace(database.settings, my_number=login), database.keys)
    yield
    runtime.start(database.settings, database.keys)


@pytest.fixture
def issuer(database: Deployment) -> Iterator[Issuer]:
    with serving_issuer() as served:
        provider.forget()  # another test's issuer may have stood at this very port
        login = NationalLogin(issuer=served.url, client_id=CLIENT, acr="aal2")
        runtime.start(replace(database.settings, my_number=login), database.keys)
        yield served
        runtime.start(database.settings, database.keys)
