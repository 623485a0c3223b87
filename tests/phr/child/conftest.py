"""Tarō, for whom Yumi acts."""

from tests.proxies.conftest import pair, taro  # noqa: F401
