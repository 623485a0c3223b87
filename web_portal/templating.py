"""The one Jinja environment of the portal: strict about missing values, escaping always."""

from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from api.core import i18n

TEMPLATES_DIR = Path(__file__).parent / "templates"


@pass_context
def _t(context: Context, key: str, **params: object) -> str:
    return i18n.text(context["locale"], key, **params)


@pass_context
def _moment(context: Context, at: datetime) -> str:
    return i18n.moment(context["locale"], at)


@pass_context
def _day(context: Context, on: date) -> str:
    return i18n.day(context["locale"], on)


def environment() -> Environment:
    """Globals `t(key, **params)`, `moment(at)`, `day(on)`; each page's context names `locale`."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(t=_t, moment=_moment, day=_day)
    return env
