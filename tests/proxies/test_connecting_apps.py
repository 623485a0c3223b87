"""An app reads the records of who connected it: nobody connects one for somebody else."""

import asyncpg
import httpx
import pytest

from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.apps import authorizing, connected
from api.proxies import service
from api.records.apps import service as app_reading
from tests.identity.apps.foreign import ForeignApp
from tests.proxies.conftest import Pair


async def test_whoever_acts_for_somebody_connects_no_app(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    app = ForeignApp(client)
    await app.register()
    asked = app.asks()
    assert (await pair.yumi.get(asked)).status_code == 200
    await pair.switch()
    assert (await pair.yumi.get(asked)).status_code == 404
    assert (await pair.yumi.post("/oauth/authorize", answer="allow")).status_code == 404
    await app.connect(pair.taro)
    # the page of her own apps is about her, also while she acts for him
    assert app.tokens["patient"] == pair.taro_id
    assert "おくすり手帳ミドリ" not in (await pair.yumi.get("/account/apps")).text
    headers = {"authorization": f"Bearer {pair.yumi.token}", "tsunagu-acting-for": pair.taro_id}
    assert (await pair.yumi.browser.get("/me/apps", headers=headers)).status_code == 404


async def test_neither_the_services_nor_postgresql_do_it_for_a_proxy(
    pair: Pair, client: httpx.AsyncClient
) -> None:
    app = ForeignApp(client)
    await app.register()
    proxy = await service.acting(pair.yumi.actor, pair.taro.actor.participant_id)
    assert proxy is not None
    asked = httpx.URL(app.asks()).params.multi_items()
    ask = await authorizing.checked(asked, app_reading.TYPES)
    for deed in (authorizing.allow(proxy, ask), authorizing.refuse(proxy, ask)):
        with pytest.raises(NotFound):
            await deed
    for deed in (authorizing.demand(proxy), connected.own(proxy)):
        with pytest.raises(NotFound):
            await deed
    await app.connect(pair.yumi)

    async def past_the_services() -> None:
        async with unit_of_work(proxy) as tx:
            assert await tx.fetch("SELECT grant_id FROM app_grant") == []
            await tx.execute(
                "INSERT INTO app_grant (account_id, client_id, scopes, ends_at, code_hash,"
                " code_ends_at, redirect_uri, challenge) VALUES (app.account(), $1,"
                " '{patient/*.rs}', now(), decode(repeat('00', 32), 'hex'), now(), 'x',"
                " repeat('x', 43))",
                app.client_id,
            )

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await past_the_services()
