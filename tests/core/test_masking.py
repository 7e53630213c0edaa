"""The values of headers are taken out of whatever a suite left."""

import html
import json
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest

from testgate.core.masking import hidden_values, mask, mask_bytes, mask_evidence
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
