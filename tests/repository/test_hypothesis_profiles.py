"""Property tests take the same examples whatever was imported before them."""

import importlib

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import hypothesis_profiles


def tried():
    """The examples that a property test takes now."""
    seen = []

    @settings(derandomize=True, max_examples=300, database=None)
    @given(st.text())
    def take(text):
        seen.append(text)

    take()
    return seen


def test_examples_do_not_hang_on_what_was_imported(tmp_path, monkeypatch):
    hypothesis_profiles.repeat()
    before = tried()
    names = [f"name {number}" for number in range(50)]
    (tmp_path / "known_names.py").write_text(f"NAMES = {names}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("known_names")
    assert tried() == before
    assert not {*names} & {*before}
