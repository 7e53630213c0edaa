"""The values of headers are taken out of whatever a suite left."""

import html
import json

import pytest

from testgate.core.masking import mask, mask_bytes, mask_evidence
from tests.core.samples import evidence, failed, plan

HEADERS = {"x-key": 'pass "word" & <more>', "x-stage": "green"}
VALUE = HEADERS["x-key"]


@pytest.mark.parametrize(
    "spelled",
    [
        VALUE,
        html.escape(VALUE),
        html.escape(VALUE, quote=False),
        json.dumps(VALUE),
        html.escape(json.dumps(VALUE)),
    ],
)
def test_a_value_is_masked_however_it_is_spelled(spelled):
    masked = mask(f"got {spelled}, expected 200", HEADERS)
    assert "word" not in masked
    assert masked.startswith("got ")
    assert masked.endswith(", expected 200")


def test_a_value_that_was_cut_is_masked_too():
    assert mask(f"got {VALUE[:12]}", HEADERS) == "got [redacted]"
    assert mask(f"{VALUE[-12:]} was sent", HEADERS) == "[redacted] was sent"


def test_a_value_within_another_leaves_nothing_of_it():
    headers = {"a": "0123456789", "b": "0123456789abcdef"}
    assert mask("0123456789abcdef", headers) == "[redacted]"


def test_a_short_value_is_a_word_and_stays():
    assert mask("green is green", HEADERS) == "green is green"
    assert mask_bytes(b"green \xff", {"x": "green"}) == b"green \xff"


def test_bytes_that_are_no_text_stay():
    assert mask_bytes(b"\xff" + VALUE.encode(), HEADERS) == b"\xff[redacted]"


def test_evidence_keeps_names_and_loses_values():
    left = evidence(plan(), failed(f"test[{VALUE}]", f"echoed {VALUE}"), output_tail=VALUE)
    masked = mask_evidence(left, HEADERS)
    assert masked.tests[0].name == f"test[{VALUE}]"
    assert (masked.tests[0].message, masked.output_tail) == ("echoed [redacted]", "[redacted]")
