"""What green cannot have caused is the suite's fault; everything else may be green's."""

from xml.etree.ElementTree import Element, SubElement, tostring

import pytest

from testgate.runner.junit import parse_junit

NO_FIXTURE = "E       fixture 'cart' not found\n>       available fixtures: tmp_path"
NO_KEYWORD = "No keyword with name 'Lgo' found. Did you mean:"


@pytest.mark.parametrize(
    ("message", "text", "outcome", "says"),
    [
        (
            *(
                'failed on setup with "file /test_a.py, line 3',
                f"file /test_a.py, line 3\n{NO_FIXTURE}",
            ),
            *("suite_error", "fixture 'cart' not found"),
        ),
        # green may be what a fixture that ran asked, whatever it says then
        (
            'failed on setup with "RuntimeError: x',
            f"def cart():\n{NO_FIXTURE}",
            "failed",
            "failed on",
        ),
        (
            "RuntimeError: file /test_a.py, line 3",
            f"file /a.py, line 3\n{NO_FIXTURE}",
            "failed",
            "Run",
        ),
        (
            'failed on setup with "file /test_a.py, line 3',
            "file /test_a.py, line 3\n",
            "failed",
            "f",
        ),
        (NO_KEYWORD, "", "suite_error", "No keyword with name 'Lgo' found"),
        (f"Setup failed:\n{NO_KEYWORD}", "", "suite_error", "No keyword"),
        (f"Parent suite setup failed:\n{NO_KEYWORD}", "", "suite_error", "No keyword"),
        ("Keyword 'A.B' expected 1 argument, got 0.", "", "suite_error", "Keyword 'A.B' expected"),
        # what failed first was green's
        (f"500 != 201\n\nAlso teardown failed:\n{NO_KEYWORD}", "", "failed", "500 != 201"),
        (f"it said: {NO_KEYWORD}", "", "failed", "it said"),
    ],
)
def test_a_test_that_cannot_run_as_it_is_written_says_nothing_of_green(
    message, text, outcome, says
):
    report = Element("testsuite")
    case = SubElement(report, "testcase", name="a")
    SubElement(case, "error", message=message).text = text
    (found,) = parse_junit("junit.xml", tostring(report)).tests
    assert (found.outcome.value, found.message[: len(says)]) == (outcome, says)
