"""What is published can be run: a suite that a runner would refuse is refused before."""

from datetime import date

import pytest

from testgate.cli.publishing import prepare_publication
from testgate.core.errors import PlanError
from testgate.runner.bundle import check_bundle

GATE_FILE = 'schema = 1\n[gate]\nname = "shop"\n[[suites]]\nname = "smoke"\npath = "smoke"\n'


def prepared(tmp_path, *names):
    (tmp_path / "smoke").mkdir()
    for name in names:
        (tmp_path / "smoke" / name).write_text("def test_a(): pass\n")
    (tmp_path / "testgate.toml").write_text(GATE_FILE)
    return prepare_publication(tmp_path / "testgate.toml", date(2026, 11, 23))


def test_a_suite_becomes_a_bundle_that_runs(tmp_path):
    (data,) = prepared(tmp_path, "test_a.py", "test_b.py").bundles.values()
    check_bundle(data)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("test\na.py",), "holds 'test\\na.py', which has a character in its name"),
        (("Test_a.py", "test_a.py"), "'Test_a.py' and 'test_a.py', which some file systems take"),
        (("a\\b.py",), "holds 'a\\\\b.py', which is no plain path inside of it"),
    ],
)
def test_a_suite_that_no_runner_would_unpack_is_not_published(tmp_path, names, says):
    with pytest.raises(PlanError) as caught:
        prepared(tmp_path, *names)
    assert "testgate.toml:6: suite 'smoke': the suite's bundle " in str(caught.value)
    assert says in str(caught.value)
