"""Every bad input gets its sentence, every sentence has its row, and the page shows them."""

from pathlib import Path

import pytest

from tests.bad_inputs.catalogue import rows
from tests.bad_inputs.messages import EXEMPT, messages
from tests.bad_inputs.page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bad-inputs.md"
ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}: {row.given[:60]}")
def test_a_bad_input_gets_its_whole_sentence(row):
    assert row.told() == row.says


def test_no_two_rows_give_the_same():
    given = [(row.kind, row.given) for row in ROWS]
    assert sorted({one for one in given if given.count(one) > 1}) == []


def test_every_sentence_of_a_reader_has_a_row():
    said = [row.says for row in ROWS]
    missing = [
        f"{message.where}: {message.text}"
        for message in messages()
        if not any(message.pattern.search(sentence) for sentence in said)
        and not any(text in message.text for text in EXEMPT)
    ]
    assert missing == [], "add a row to tests/bad_inputs for each"


def test_nothing_is_exempt_without_need():
    texts = [message.text for message in messages()]
    assert [text for text in EXEMPT if not any(text in one for one in texts)] == []


def test_the_page_is_current():
    assert PAGE.read_text() == page(), "python -m tests.bad_inputs > docs/bad-inputs.md"
