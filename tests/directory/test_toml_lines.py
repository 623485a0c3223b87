"""Every key of a TOML document is found on the line where it stands."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.directory.toml_lines import KeyPath, key_lines

AWKWARD = '''\
# [not.a.table]
id = "a # b" # c = 1
"quoted.key" = 'x = 1'
dotted . deep = 1

long = """
[[fake]]
fake = "quote" ""
escaped \\""" still """""
raw = \'\'\'
]\'\'\'
list = [ # comment ]
  "]", 'b',
  { x = 1, "y z" = [
    2 ] },

  3,
]
when = 2026-04-01T00:00:00Z
empty = []
[a.b]
c = 1
[a]
d = {e.f = 1, g = "}"}
[[t]]
k = 1
[[t]]
[t.sub]
k = 2
[[t.rows]]
k = 3
[[t.rows]]
"k" = 4
'''

EXPECTED = {
    (): 1,
    ("id",): 2,
    ("quoted.key",): 3,
    ("dotted",): 4,
    ("dotted", "deep"): 4,
    ("long",): 6,
    ("raw",): 10,
    ("list",): 12,
    ("list", 0): 13,
    ("list", 1): 13,
    ("list", 2): 14,
    ("list", 2, "x"): 14,
    ("list", 2, "y z"): 14,
    ("list", 2, "y z", 0): 15,
    ("list", 3): 17,
    ("when",): 19,
    ("empty",): 20,
    ("a", "b"): 21,
    ("a", "b", "c"): 22,
    ("a",): 23,
    ("a", "d"): 24,
    ("a", "d", "e"): 24,
    ("a", "d", "e", "f"): 24,
    ("a", "d", "g"): 24,
    ("t",): 25,
    ("t", 0): 25,
    ("t", 0, "k"): 26,
    ("t", 1): 27,
    ("t", 1, "sub"): 28,
    ("t", 1, "sub", "k"): 29,
    ("t", 1, "rows"): 30,
    ("t", 1, "rows", 0): 30,
    ("t", 1, "rows", 0, "k"): 31,
    ("t", 1, "rows", 1): 32,
    ("t", 1, "rows", 1, "k"): 33,
}


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    yield path
    match value:
        case dict():
            for key, item in value.items():
                yield from paths(item, (*path, key))
        case list():
            for position, item in enumerate(value):
                yield from paths(item, (*path, position))


def test_an_awkward_document_is_indexed_key_by_key() -> None:
    assert set(paths(tomllib.loads(AWKWARD))) == EXPECTED.keys()
    assert key_lines(AWKWARD) == EXPECTED
    assert key_lines(AWKWARD.replace("\n", "\r\n")) == EXPECTED


def test_the_demo_profile_has_a_line_for_everything_in_it() -> None:
    file = Path(__file__).parents[2] / "api/directory/profiles/kumamoto_demo.toml"
    text = file.read_text(encoding="utf-8")
    assert set(paths(tomllib.loads(text))) == key_lines(text).keys()


keys = st.one_of(
    st.from_regex(r"[a-z0-9_-]{1,3}", fullmatch=True),
    st.text("a.# ]=[{", max_size=3).map(lambda key: f"'{key}'"),
)
strings = st.text("ab\"'#]},=[\n\\", max_size=8)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if "\n" not in text else f'"""{escaped}"""'


values = st.recursive(
    st.one_of(strings.map(quoted), st.integers().map(str), st.just("true")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ # ]\n" + ",\n".join(items) + "\n]"),
        st.dictionaries(keys, inner, max_size=2).map(
            lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)
statements = st.one_of(
    st.tuples(keys, values).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.lists(keys, min_size=1, max_size=3).map(lambda path: f"[{'.'.join(path)}]"),
    st.lists(keys, min_size=1, max_size=2).map(lambda path: f"[[ {' . '.join(path)} ]]"),
)


@given(st.lists(statements, max_size=8))
def test_whatever_tomllib_reads_is_indexed_whole(lines: list[str]) -> None:
    accepted: list[str] = []
    for line in lines:
        try:
            document = tomllib.loads("\n".join([*accepted, line]))
        except tomllib.TOMLDecodeError:
            continue
        accepted.append(line)
        index = key_lines("\n".join(accepted))
        assert index.keys() == set(paths(document))
        assert all(1 <= at <= "\n".join(accepted).count("\n") + 1 for at in index.values())
