"""Where keys stand in a gate file."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.core.toml_lines import line_of

TEXT = '''schema = 1
[gate]  # the gate
name = "shop"
  "services" = ["a/b",
"c/d"]

[[suites]]
name = "one"
[[ suites ]]
name = "two"
note = """
timeout_s = 3
[gate]
"""
timeout_s = 4
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("schema",), 1),
        (("gate",), 2),
        (("gate", "name"), 3),
        (("gate", "services"), 4),
        (("gate", "missing"), 2),
        (("suites", 0), 7),
        (("suites", 0, "name"), 8),
        (("suites", 1, "name"), 10),
        (("suites", 1, "timeout_s"), 15),
        (("suites", 1, "path"), 9),
        (("suites", 2), None),
        (("nothing",), None),
        ((), None),
    ],
)
def test_a_key_stands_on_its_line_and_one_that_is_missing_on_its_tables(place, line):
    assert line_of(TEXT, place) == line


NESTED = """[[suites]]
name = "one"
[[suites.checks]]
name = "a"
[suites.checks.expect]
status = 200
[suites.checks.expect.json]
"length(a.b)" = 3
[[suites.checks]]
expect.json."x[0].y" = { min = 1 }
 expect . status = 404
[[suites]]
[[suites.checks]]
path = "/"
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("suites", 0, "checks", 0), 3),
        (("suites", 0, "checks", 0, "name"), 4),
        (("suites", 0, "checks", 0, "expect"), 5),
        (("suites", 0, "checks", 0, "expect", "status"), 6),
        (("suites", 0, "checks", 0, "expect", "body"), 5),
        (("suites", 0, "checks", 0, "expect", "json", "length(a.b)"), 8),
        (("suites", 0, "checks", 1, "expect", "json", "x[0].y"), 10),
        (("suites", 0, "checks", 1, "expect"), 10),
        (("suites", 0, "checks", 1, "expect", "status"), 11),
        (("suites", 0, "checks", 1, "path"), 9),
        (("suites", 1, "checks", 0, "path"), 14),
        (("suites", 1, "name"), 12),
    ],
)
def test_a_key_of_a_table_within_tables_stands_on_its_line(place, line):
    assert line_of(NESTED, place) == line


KEYS = st.sampled_from(["name", "path", "shards"])


@given(
    st.lists(st.dictionaries(KEYS, st.integers(0, 9), min_size=1), max_size=4), st.integers(0, 3)
)
def test_what_is_told_is_what_python_reads_there(tables, blank):
    lines = ["schema = 1", *[""] * blank]
    for table in tables:
        lines += ["[[suites]]", *(f"{key} = {value}" for key, value in table.items()), ""]
    text = "\n".join(lines)
    for index, table in enumerate(tomllib.loads(text).get("suites", [])):
        for key, value in table.items():
            line = line_of(text, ("suites", index, key))
            assert line is not None
            assert lines[line - 1] == f"{key} = {value}"


@given(st.text(alphabet="[]\"'=#\n ab1"))
def test_no_text_is_too_odd(text):
    line = line_of(text, ("a", 0, "b"))
    assert line is None or 1 <= line <= len(text.splitlines())
