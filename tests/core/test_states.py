"""What steps tell when they are entered is read as it was told, or not at all."""

from datetime import timedelta

import pytest

from testgate.core.layout import parse_state_folder, state_key
from testgate.core.states import begun, parse_begun, parse_ready, ready
from tests.core.samples import START, plan, question

BEGUN = begun(question(), "web-0f", START, "1 of 2 targets is initial")
READY = ready(plan(), START + timedelta(minutes=30), asks_identity=True)


def test_what_is_told_is_read():
    assert parse_begun(BEGUN.spell()) == BEGUN
    assert parse_ready(READY.spell()) == READY


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "testgate.state/2"},
        {"schema": None},
        {"at": "soon"},
        {"at": "2026-11-23T08:00:00"},
        {"deadline": 5},
        {"waves": 5},
        {"waves": [5]},
        {"waves": [[{"suite": "smoke"}]]},
        {"waves": [[{"suite": "smoke", "shards": "many"}]]},
        {"waves": [["smoke"]]},
    ],
)
def test_what_cannot_be_read_is_as_if_it_had_not_been_told(changes):
    whole = BEGUN.spell() | READY.spell() | changes
    assert parse_begun(whole) is None or parse_ready(whole) is None


@pytest.mark.parametrize("raw", [None, [], "told", {}])
def test_what_is_no_document_tells_nothing(raw):
    assert parse_begun(raw) is None
    assert parse_ready(raw) is None


def test_what_a_gate_run_waits_for_is_one_line_without_credentials():
    told = begun(question(), "web-0f", START, "green said:\npassword=hunter2hunter2")
    assert told.waits_for == "green said: password=[redacted]"


def test_folders_sort_the_newest_first():
    earlier, later = (state_key(START + timedelta(seconds=n), "web-0f", "prepare") for n in (0, 1))
    assert later < earlier
    assert parse_state_folder(later.split("/")[1]) == (START + timedelta(seconds=1), "web-0f")


@pytest.mark.parametrize("folder", ["", "web-0f", "12.web-0f", f"{7:013d}.", f"{7:013d}.a/b"])
def test_a_folder_of_another_shape_is_none(folder):
    assert parse_state_folder(folder) is None
