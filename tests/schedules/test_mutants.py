"""The breakages of `python -m tests.schedules.mutants` fit the code, and break it alone."""

import pytest

from tests.broken_copies import ROOT
from tests.schedules.invariants import INVARIANTS, broken
from tests.schedules.mutants import MUTANTS
from tests.schedules.simulate import simulate


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_breakages_edit_applies_and_its_schedule_is_harmless_without_it(mutant):
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.broken in INVARIANTS
    assert not broken(simulate(mutant.schedule))
