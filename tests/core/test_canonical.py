"""Our writer of canonical JSON against the published one, within the limits it states."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from api.core.canonical import canonical

NAMES = st.text(st.characters(max_codepoint=0x7F), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_an_event_holds_is_written_as_rfc_8785_asks(value):
    assert canonical(value) == rfc8785.dumps(value)


def test_fractions_and_rare_names_are_beyond_it():
    """If one of these begins to agree, the limit in its docstring can go."""
    for value in ({"a": 56.0}, {"a": 1e30}, {"\U0001f602": 1, "\ufb33": 2}):
        assert canonical(value) != rfc8785.dumps(value)
