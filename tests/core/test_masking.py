"""The values of headers are taken out of whatever a suite left."""

import html
import json
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints
from urllib.parse import quote, quote_plus

import pytest

from testgate.core.evidence import Evidence
from testgate.core.masking import OWN_FIELDS, hidden_values, mask, mask_bytes, mask_evidence
from tests.core.samples import evidence, failed, plan

VALUE = 'pass "word" & <more>'
HIDDEN = hidden_values({"x-key": VALUE, "x-stage": "green"})


@pytest.mark.parametrize(
    "spelled",
    [
        VALUE,
        html.escape(VALUE),
        html.escape(VALUE, quote=False),
        json.dumps(VALUE),
        html.escape(json.dumps(VALUE)),
        quote(VALUE),
        quote_plus(VALUE),
    ],
)
def test_a_value_is_masked_however_it_is_spelled(spelled):
    masked = mask(f"got {spelled}, expected 200", HIDDEN)
    assert "word" not in masked
    assert masked.startswith("got ")
    assert masked.endswith(", expected 200")


def test_a_value_that_was_cut_is_masked_too():
    assert mask(f"got {VALUE[:12]}", HIDDEN) == "got [redacted]"
    assert mask(f"{VALUE[-12:]} was sent", HIDDEN) == "[redacted] was sent"


def test_a_value_within_another_leaves_nothing_of_it():
    hidden = ("0123456789", "0123456789abcdef")
    assert mask("0123456789abcdef", hidden) == "[redacted]"


def test_a_short_value_is_a_word_and_stays():
    assert mask("green is green", HIDDEN) == "green is green"
    assert mask_bytes(b"green \xff", hidden_values({"x": "green"})) == b"green \xff"


def test_a_short_secret_is_masked_where_it_stands_whole():
    hidden = hidden_values({}, {"PIN": "4711", "USER": "ann"})
    assert mask("ann typed 4711, not 47", hidden) == "ann typed [redacted], not 47"


def test_bytes_that_are_no_text_stay():
    assert mask_bytes(b"\xff" + VALUE.encode(), HIDDEN) == b"\xff[redacted]"


def test_evidence_loses_values_even_in_names_of_tests():
    test = replace(failed(f"test[{VALUE}]", f"echoed {VALUE}"), output=f"{VALUE[3:]}\n{VALUE}")
    left = evidence(plan(), test, output_tail=VALUE)
    masked = mask_evidence(left, HIDDEN)
    assert masked.tests[0].name == "test[[redacted]]"
    assert masked.tests[0].output == "[redacted]\n[redacted]"
    assert (masked.tests[0].message, masked.output_tail) == ("echoed [redacted]", "[redacted]")


def told(kind: Any, text: str) -> Any:
    """A value of that type in which every text is that one."""
    if kind is str or str in get_args(kind):
        return (text,) if kind == tuple[str, ...] else ({text: 1} if get_args(kind)[1:] else text)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{each.name: told(hints[each.name], text) for each in fields(kind)})
    inner = [each for each in get_args(kind) if is_dataclass(each)]
    made = told(inner[0], text) if inner else None
    return (made,) if kind.__class__.__name__ == "GenericAlias" else made


def texts(value):
    """Each text within, with the name of its field."""
    if is_dataclass(value):
        for each in fields(value):
            yield from ((each.name, text) for _, text in texts(getattr(value, each.name)))
    elif isinstance(value, str):
        yield "", value
    elif isinstance(value, dict | tuple):
        for each in value:
            yield from texts(each)


def test_no_text_of_evidence_is_forgotten():
    """Be it of a field that is added one day: only those that Testgate writes itself stay."""
    left = told(Evidence, f"a {VALUE}")
    assert {"report_problem", "tests", "artifacts", "relay"} <= {name for name, _ in texts(left)}
    kept = {name for name, text in texts(mask_evidence(left, HIDDEN)) if text != "a [redacted]"}
    assert kept == OWN_FIELDS
