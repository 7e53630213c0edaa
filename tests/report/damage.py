"""Records as other versions, or nobody, would write them: keys gone, values of other kinds."""

import copy

from hypothesis import strategies as st

OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from([1e306, 10**400]),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([None, {}]),
    st.just({"name": 1}),
)


def places(value, path=()):
    """The path of everything within a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@st.composite
def damaged(draw, record):
    """The record with up to six of its parts taken away or replaced."""
    made = copy.deepcopy(record)
    for _ in range(draw(st.integers(1, 6))):
        *path, last = draw(st.sampled_from(list(places(made)) or [("schema",)]))
        inner = made
        for key in path:
            inner = inner[key]
        if draw(st.booleans()) and isinstance(inner, dict):
            inner.pop(last, None)
        else:
            inner[last] = copy.deepcopy(draw(OTHERS))
    return made
