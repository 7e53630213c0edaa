"""`testgate lint` and `testgate init`: a gate file before anybody publishes it."""

import json

import pytest
from typer.testing import CliRunner

from testgate.cli.app import app
from testgate.cli.init import FoundSuite, find_suites
from testgate.core.errors import InputError, PlanError

TEST = "def test_a(base_url): pass\n"


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "test_a.py").write_text(TEST)
    return tmp_path


def gate_file(place, text):
    (place / "testgate.toml").write_text(f'schema = 1\n[gate]\nname = "shop"\n{text}')


def test_a_right_file_is_told_with_the_time_that_it_may_take(place):
    gate_file(place, '[[suites]]\nname = "smoke"\npath = "smoke"\ntimeout_s = 120\n')
    done = invoke("lint")
    assert (done.exit_code, done.stdout) == (
        0,
        "testgate.toml: gate shop is right; it may take 180 s of 1800 s "
        "(wave 1: 120 s + 60 s for the verdict)\n",
    )


def test_every_problem_is_told_at_once_with_its_line(place):
    gate_file(
        place,
        'timeout_s = 200\n[[suites]]\nname = "smoke"\npath = "nowhere"\n'
        '[[suites]]\nname = "smoke"\npath = "smoke"\nwave = 2\n',
    )
    done = invoke("lint")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "testgate.toml:2: suite 'smoke' is named twice",
        "testgate.toml:4: the gate has 200 s and its suites may take 660 s (wave 1: 300 s + "
        "wave 2: 300 s + 60 s for the verdict): raise timeout_s of [gate], or lower that of suites",
        "testgate.toml:7: suite 'smoke': its path nowhere is not a directory",
        "3 problems",
    ]


def test_problems_of_checks_are_told_with_their_lines(place):
    gate_file(
        place,
        '[[suites]]\nname = "smoke"\n[[suites.checks]]\nname = "a"\npath = "/"\nexpects = 1\n'
        '[[suites.checks]]\nname = "b"\npath = "b"\nexpect.json.a = { minimum = 1 }\n',
    )
    assert invoke("lint").stdout.splitlines() == [
        "testgate.toml:9: suite 'smoke': check 'a': unknown key 'expects'; did you mean expect?",
        "testgate.toml:12: suite 'smoke': check 'b': path is 'b', expected one like /health, "
        "without dots and spaces",
        "testgate.toml:13: suite 'smoke': check 'b': expect.json 'a': unknown comparison "
        "'minimum'; did you mean min?",
        "3 problems",
    ]


def test_an_expression_of_a_check_is_read_before_it_is_published(place):
    gate_file(
        place,
        '[[suites]]\nname = "smoke"\n[[suites.checks]]\nname = "a"\npath = "/"\n'
        '[suites.checks.expect.json]\n"a[" = 1\n',
    )
    (line, _) = invoke("lint").stdout.splitlines()
    assert line.startswith(
        "testgate.toml:10: suite 'smoke': check 'a': jmespath 'a[' cannot be read: "
    )


def test_keys_that_mean_nothing_are_told_with_the_nearest_that_does(place):
    gate_file(place, '[[suites]]\nname = "smoke"\npath = "smoke"\ntimeout = 3\nshards = 65\n')
    done = invoke("lint", "--json")
    assert json.loads(done.stdout) == [
        {
            "file": "testgate.toml",
            "line": 7,
            "problem": "suite 'smoke': unknown key 'timeout'; did you mean timeout_s?",
        },
        {
            "file": "testgate.toml",
            "line": 8,
            "problem": "suite 'smoke': shards is 65, expected 1 to 64",
        },
    ]


def test_several_files_are_checked_in_one_go(place):
    gate_file(place, '[[suites]]\nname = "smoke"\npath = "smoke"\n')
    (place / "other.toml").write_text("schema = 2\n")
    done = invoke("lint", "testgate.toml", "other.toml")
    assert done.exit_code == 1
    assert "other.toml:1: schema is 2, expected schema = 1" in done.stdout


def test_what_init_writes_is_right_and_names_what_there_is(place):
    done = invoke("init", "--name", "shop")
    assert done.exit_code == 0
    assert "smoke  at least 1 tests" in done.stdout
    assert invoke("lint").exit_code == 0
    assert 'name = "smoke"\npath = "smoke"\nmin_tests = 1' in (place / "testgate.toml").read_text()


def test_init_replaces_no_gate_file_unless_told(place):
    (place / "testgate.toml").write_text("mine")
    done = invoke("init")
    assert isinstance(done.exception, InputError)
    assert str(done.exception) == "testgate.toml is there already: --force replaces it"
    assert (place / "testgate.toml").read_text() == "mine"
    assert invoke("init", "--force", "--name", "x").exit_code == 0


def test_init_says_where_it_has_looked_in_vain(tmp_path):
    done = invoke("init", str(tmp_path))
    assert "no pytest suite below" in str(done.exception)
    assert not (tmp_path / "testgate.toml").exists()


def test_a_suite_is_the_topmost_directory_with_tests_or_with_what_they_share(tmp_path):
    for path in (
        *("e2e/api/test_a.py", "e2e/ui/test_b.py", "e2e/conftest.py"),
        *("smoke/test_c.py", "smoke/deep/test_d.py"),
        *(".venv/test_no.py", "node_modules/x/test_no.py"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(
            "class TestX:\n    def test_one(self): pass\ndef test_two(): pass\n"
        )
    (tmp_path / "smoke" / "test_c.py").write_text("import os\nURL = os.environ['BASE_URL']\n")
    assert find_suites(tmp_path) == [
        FoundSuite(path="e2e", tests=4, reads_url=False),
        FoundSuite(path="smoke", tests=2, reads_url=True),
    ]


def test_suites_of_one_name_are_told_apart(tmp_path):
    for path in ("a/tests/test_a.py", "b/tests/test_b.py"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(TEST)
    assert invoke("init", str(tmp_path), "--name", "x").exit_code == 0
    assert invoke("lint", str(tmp_path / "testgate.toml")).exit_code == 0
    text = (tmp_path / "testgate.toml").read_text()
    assert 'name = "tests"' in text
    assert 'name = "b-tests"' in text


def test_a_file_with_a_byte_order_mark_is_read(place):
    gate_file(place, '[[suites]]\nname = "smoke"\npath = "smoke"\n')
    path = place / "testgate.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert invoke("lint").exit_code == 0


def test_what_never_ends_is_no_gate_file(place):
    done = invoke("lint", "/dev/zero")
    assert isinstance(done.exception, PlanError)
    assert str(done.exception) == "the gate file /dev/zero is larger than 2,000,000 bytes"
