"""A record as values: complete where it can be, and never a pass by mistake."""

from testgate.core.outcomes import Outcome
from testgate.report.reading import read_record
from testgate.report.view import problems
from tests.core.samples import passed
from tests.report import records


def suite_of(record):
    (suite,) = read_record(record).suites
    return suite


def test_tests_that_the_list_leaves_out_come_from_the_other_lists():
    record = records.quarantined()
    only = record["suites"][0]
    only |= {
        "tests": [],
        "tests_left_out": 12,
        "failures": [{"name": "broken", "message": "500"}, {"name": "named"}],
        "flaky": [{"name": "wobbly", "message": "503"}],
    }
    suite = suite_of(record)
    assert [(test.name, test.outcome, test.message) for test in suite.tests] == [
        ("broken", Outcome.FAILED, "500"),
        ("named", Outcome.FAILED, ""),
        ("wobbly", Outcome.FLAKY, "503"),
        ("test_pay.py::test_pay", Outcome.FAILED, "502, expected 200"),
    ]
    assert suite.tests_left_out == 8
    assert [test.name for test in suite.failures] == ["broken", "named"]


def test_a_name_twice_keeps_the_details_of_both():
    record = records.record(records.broken("a", "first"))
    only = record["suites"][0]
    only["tests"] *= 2
    only["failures"].append(only["failures"][0] | {"message": "second"})
    assert [test.message for test in suite_of(record).tests] == ["first", "second"]


def test_an_outcome_of_another_version_is_no_pass():
    run = read_record(records.promoted() | {"outcome": "splendid"})
    assert not run.passed
    assert problems(run)


def test_a_gates_own_sentence_is_a_problem_only_if_no_suite_says_it():
    refused = read_record(records.record(records.broken("a")))
    assert problems(refused) == ()
    drifted = records.record(passed("a"), outcome="infra_error", sentence="the rule changed")
    (problem,) = problems(read_record(drifted))
    assert (problem.where, problem.outcome) == ("gate run", Outcome.INFRA_ERROR)
