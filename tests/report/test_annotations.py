"""Annotations for GitHub: at their place in the checkout, and nothing of a test is a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testgate.cli.export import cut, read_places
from testgate.core.errors import InputError
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.report.annotations import MAX_OF_A_LEVEL, render_annotations
from tests.core.samples import passed
from tests.report.records import broken, promoted, record, without_tests

PLACES = {"smoke": "test_suites/shop_smoke"}


def lines(of, places=PLACES):
    return render_annotations(of, places).splitlines()


def test_a_failing_test_is_marked_at_its_line_in_the_checkout():
    assert lines(record(passed("a"), broken("test_checkout.py::test_checkout"))) == [
        "::error title=smoke%3A test_checkout.py%3A%3Atest_checkout (failed),"
        "file=test_suites/shop_smoke/test_checkout.py,line=42::500, expected 201"
    ]


def test_a_pass_has_no_annotation():
    assert lines(promoted()) == []


def test_a_refusal_without_a_failing_test_is_told_too():
    (line,) = lines(without_tests(Outcome.INFRA_ERROR, "the weights have drifted"))
    assert line == "::error title=gate run%3A infra_error::the weights have drifted"


def test_a_flaky_test_is_a_warning():
    flaky = TestResult(name="a", outcome=Outcome.FLAKY, message="once", file="a.py", line=3)
    (line,) = lines(record(flaky))
    assert line.startswith("::warning title=smoke%3A a (flaky)")
    assert line.endswith("::once")


@pytest.mark.parametrize("file", ["/etc/passwd", "../outside.py", "a/../../b.py", ""])
def test_a_file_that_is_not_below_its_suite_is_not_named(file):
    (line,) = lines(record(broken("t", file=file)))
    assert "file=" not in line
    assert "line=" not in line


def test_without_a_place_files_are_named_as_the_suite_names_them():
    (line,) = lines(record(broken("t", file="sub/../t.py", line=0)), {})
    assert ",file=t.py::" in line


def test_of_many_the_last_line_counts_the_others():
    found = lines(record(*(broken(f"t{number}") for number in range(25))))
    assert len(found) == MAX_OF_A_LEVEL
    assert found[-1] == "::error::16 more are in the job's summary"


@given(name=st.text(max_size=20), message=st.text(max_size=40), file=st.text(max_size=10))
def test_whatever_a_test_says_is_one_command_and_no_other(name, message, file):
    made = record(broken(f"t{name}", f"::set-output name=x::y\n{message}", file=file))
    text = render_annotations(made, PLACES)
    # GitHub splits at these two alone.
    (line,) = text.replace("\r", "\n").removesuffix("\n").split("\n")
    head, data = line.removeprefix("::error ").split("::", 1)
    assert line.startswith("::error title=")
    assert [part.split("=")[0] for part in head.split(",")] in (
        ["title"],
        ["title", "file", "line"],
    )
    assert data.startswith("::set-output name=x::y%0A")


def test_a_place_needs_a_suite_and_a_directory():
    assert read_places(["smoke=a=b"]) == {"smoke": "a=b"}
    for wrong in ("smoke", "=a", "smoke="):
        with pytest.raises(InputError, match="expected SUITE=DIRECTORY"):
            read_places([wrong])


def test_a_summary_that_is_too_long_is_cut_at_a_line():
    assert cut(b"short\n", 100) == b"short\n"
    whole = b"line of a summary\n" * 100
    short = cut(whole, 500)
    assert len(short) <= 500
    assert short.startswith(b"line of a summary\n")
    assert b"summary\n\nThe rest is left out" in short
