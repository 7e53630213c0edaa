"""The guards of suites that are checks: what could make one pass that has not."""

from tests.mutations.guard import Guard

CORE = "src/testgate/core/"
RUNNER = "src/testgate/runner/"
SUITE = "tests/runner/test_http_suite.py"
CHECKS = "tests/core/test_checks.py"

HTTP_GUARDS = (
    Guard(
        name="the relay's answer is none of green's",
        prevents="a check that expects a 502 and passes where nobody answers",
        file=RUNNER + "http_asking.py",
        old="    if OWN_ANSWER.lower() in headers:\n",
        new="    if False:\n",
        test=f"{SUITE}::test_where_nobody_answers_no_expectation_is_met",
    ),
    Guard(
        name="the relay says what it cannot read",
        prevents="a check that expects a 4xx and gets it from the relay",
        file=RUNNER + "relaying.py",
        old="headers = own_headers(own.status, body)",
        new='headers = [("Content-Length", str(len(body)))]',
        test=f"{SUITE}::test_what_the_relay_refuses_is_no_answer_of_green",
    ),
    Guard(
        name="every check is reported",
        prevents="a suite of checks that passes without having asked all of them",
        file=RUNNER + "http_order.py",
        old="if due == set(told) and len(due) == len(told):",
        new="if True:",
        test=f"{SUITE}::test_a_report_that_does_not_tell_of_each_check_earns_nothing",
    ),
    Guard(
        name="what is not there meets no condition",
        prevents="a check that passes because what it looks at is missing",
        file=CORE + "conditions.py",
        old="elif value is None or not _holds(op, value, expected):",
        new="elif value is not None and not _holds(op, value, expected):",
        test=f"{CHECKS}::test_only_what_is_expected_meets_a_condition",
    ),
    Guard(
        name="true is no number",
        prevents="a check that takes a truth for a count",
        file=CORE + "conditions.py",
        old="        return left is right\n",
        new="        return left == right\n",
        test=f"{CHECKS}::test_only_what_is_expected_meets_a_condition",
    ),
    Guard(
        name="a body that breaks off fails",
        prevents="a check that passes by half an answer",
        file=RUNNER + "http_judging.py",
        old="    if reply.problem:\n        yield reply.problem\n    elif",
        new="    if",
        test=f"{SUITE}::test_any_other_answer_fails_and_says_what_was_got",
    ),
    Guard(
        name="a body that was cut is not judged",
        prevents="a check that passes by the beginning of an answer",
        file=RUNNER + "http_judging.py",
        old="elif reply.cut and (",
        new="elif False and (",
        test=f"{SUITE}::test_any_other_answer_fails_and_says_what_was_got",
    ),
    Guard(
        name="an answer stands",
        prevents="a check that is asked until green answers well",
        file=RUNNER + "http_suite.py",
        old="while reply is None and tries <= check.retries:",
        new="while (reply is None or wrong) and tries <= check.retries:",
        test=f"{SUITE}::test_any_other_answer_fails_and_says_what_was_got",
    ),
    Guard(
        name="an http suite hides its own secrets",
        prevents="a secret in a report, because its variable is not named like one",
        file=RUNNER + "http_suite.py",
        old="if n in named or _is_secret(n)",
        new="if _is_secret(n)",
        test=f"{SUITE}::test_an_own_secret_is_told_in_no_part",
    ),
)
