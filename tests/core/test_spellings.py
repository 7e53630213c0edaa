"""Whatever a secret is made of, and however it is spelled, nothing of it is left."""

import html
import json
import re
import shlex
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testgate.core.masking import mask

ODD = "Zq7/sek ret'valü\"e9"
CURL_SAFE = "!#$%&'()*+,/:;=?@[]~"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda value: json.dumps(value)[1:-1],
    "json of utf-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json with slashes escaped": lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    "json twice": lambda value: json.dumps(json.dumps(value))[3:-3],
    "html": html.escape,
    "html but quotes": lambda value: html.escape(value, quote=False),
    "html of json": lambda value: html.escape(json.dumps(value)[1:-1]),
    "xml": lambda value: quoteattr(f"'\"{value}")[8:-1],
    "url": lambda value: quote(value, safe=""),
    "url path": quote,
    "url as requests has it": lambda value: quote(value, safe=CURL_SAFE),
    "url in lower case": lambda value: re.sub(
        "%..", lambda match: match[0].lower(), quote(value, safe="")
    ),
    "form": quote_plus,
    "python": lambda value: repr(value)[1:-1],
    "python among quotes": lambda value: repr(f"'\"{value}")[4:-1],
    "python of ascii": lambda value: ascii(value)[1:-1],
    "bytes": lambda value: repr(value.encode())[2:-1],
    "bytes in json": lambda value: json.dumps(repr(value.encode())[2:-1])[1:-1],
    "pattern": re.escape,
    "pattern in json": lambda value: json.dumps(re.escape(value))[1:-1],
    "shell": lambda value: shlex.quote(f" {value}")[2:-1],
    "shell in json": lambda value: json.dumps(shlex.quote(f" {value}")[2:-1])[1:-1],
    "bash's trace": lambda value: value.replace("'", "'\\''"),
}
SECRETS = st.text(
    st.one_of(
        st.sampled_from("aZ09 '\"\\&%/+.-_;#n\n\tü€😀"),
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]),
    ),
    min_size=8,
    max_size=40,
)


@given(value=SECRETS)
@example(value=ODD)
@example(value="pa'ss-wo.rd+12/3")
@example(value="begun as \u00c3")  # b"\\xc3\\x83" begins as its own number does, "\\xc3"
@example(value="C:\\new\\\\ \"'\\''&amp;\\")
def test_no_spelling_leaves_a_trace(value):
    told = {name: mask(f"\0{spelled(value)}\1", [value]) for name, spelled in SPELLINGS.items()}
    assert told == dict.fromkeys(SPELLINGS, "\0[redacted]\1")


@given(
    value=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=20), data=st.data()
)
@pytest.mark.parametrize("mark", ["", "…", "...", "[redacted]", "\n… 2000 bytes", "'"])
def test_a_piece_before_or_after_a_cut_is_masked(mark, value, data):
    n = data.draw(st.integers(8, len(value) - 1))
    assert mask(f"\0{value[:n]}{mark}", [value]).startswith("\0[redacted]")
    masked = mask(f"{mark}{value[-n:]}\0", [value])
    assert mark not in ("", "…", "...", "[redacted]") or masked == f"{mark}[redacted]\0"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("?q=Zq7/sek%20ret'val%C3", "?q=[redacted]"),
        ('{"a": "Zq7/sek ret\'val\\u00', '{"a": "[redacted]'),
        ("C3%BC%22e9-four &", "[redacted] &"),
        ("uot;e9-four-five.", "[redacted]."),
    ],
)
def test_a_cut_within_a_character_leaves_nothing(text, masked):
    assert mask(text, [f"{ODD}-four", 'Zq7 "e9-four-five']) == masked


def test_a_quoted_secret_of_several_lines_is_masked_line_by_line():
    lines = ["-----BEGIN KEY-----", "MIIEvQIBADANBgkqhkiG9w0", "  c2VjcmV0IG9mIGxpbmVz", "a3f="]
    key = "\n".join(lines)
    told = "\n".join(f"E     {line}" for line in lines)
    assert mask(told, [key]) == "E     [redacted]"
    assert mask(f"> {lines[1]}\n1| {lines[2]}", [key]) == "> [redacted]\n1|   [redacted]"


def test_what_overlaps_is_one_place():
    assert mask("abcd1234efghijkl", ["abcd1234", "1234efghijkl"]) == "[redacted]"


def test_many_texts_are_masked_in_little_time():
    """10,000 tests, each with four texts."""
    hidden = [ODD, "pa'ss-wo.rd+12/3", "A1b2" * 75, "\n".join(["c2VjcmV0IG9mIGxpbmVz"] * 30)]
    mask("", hidden)
    began_s = time.process_time()
    for number in range(40_000):
        mask(f"AssertionError: answered 500, expected 201 at /checkout/basket/{number}", hidden)
    assert time.process_time() - began_s < 20


def test_a_piece_that_a_sentence_quotes_is_masked():
    value = "Zq7sekret-" * 10
    assert (
        mask(f"it has status {value[:40]!r}, not x", [value]) == "it has status '[redacted]', not x"
    )
