"""Robot Framework's tests are told as they end. Attributes are those of Robot's user guide."""

import pytest

from testgate.core.progress import EndedTest, read_progress
from testgate.runner.progress_file import PROGRESS_FILE, tell_progress
from testgate.runner.robot_listener import end_test, start_suite
from tests.runner.place import run


@pytest.fixture
def told(tmp_path, monkeypatch):
    path = tmp_path / "progress.txt"
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    return lambda: read_progress(path.read_text(encoding="utf-8").splitlines())


def test_tests_are_counted_once_and_named_as_they_end(told):
    start_suite("Shop", {"id": "s1", "longname": "Shop", "totaltests": 3})
    start_suite("Cart", {"id": "s1-s1", "longname": "Shop.Cart", "totaltests": 2})
    end_test("Größe", {"id": "s1-s1-t1", "longname": "Shop.Cart.Größe", "status": "PASS"})
    end_test("Pays", {"id": "s1-s1-t2", "longname": "Shop.Cart.Pays", "status": "FAIL"})
    end_test("Old", {"id": "s1-t1", "longname": "Shop.Old", "status": "SKIP"})
    progress = told()
    assert (progress.ended, progress.failed, progress.total) == (3, 1, 3)
    assert progress.newest == (
        EndedTest(name="Shop.Cart.Größe", outcome="passed"),
        EndedTest(name="Shop.Cart.Pays", outcome="failed"),
        EndedTest(name="Shop.Old", outcome="skipped"),
    )


def test_nobody_who_wants_to_know_and_no_place_to_write_are_no_reason_to_fail(tmp_path):
    tell_progress("passed", {})
    tell_progress("passed", {PROGRESS_FILE: str(tmp_path / "none" / "progress.txt")})


@pytest.mark.parametrize(
    ("framework", "environment", "options"),
    [
        ("robot", {}, "--listener testgate.runner.robot_listener"),
        ("robot", {"ROBOT_OPTIONS": "--dryrun"}, "--dryrun"),
        ("command", {}, "none"),
    ],
)
def test_robot_takes_it_into_use_unless_the_suite_says_otherwise(
    tmp_path, framework, environment, options
):
    files = {"show.sh": 'echo "options: ${ROBOT_OPTIONS-none}"\n'}
    evidence, _ = run(
        tmp_path, files, framework=framework, command=("sh", "show.sh"), environment=environment
    )
    assert evidence.output_tail == f"options: {options}\n"
