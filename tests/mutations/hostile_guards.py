"""The guards against what suites leave and do: reports, bundles, their own function."""

from tests.mutations.guard import Guard

RUNNER = "src/testgate/runner/"
ATTACKS = "tests/runner/test_attacks.py"
BUNDLE = "tests/runner/test_bundle.py"
JUNIT = "tests/runner/test_junit.py"
CTRF = "tests/runner/test_ctrf.py"
REPORTS = "tests/runner/test_reports.py"
ASKING = "tests/steps/test_asking.py"

HOSTILE_GUARDS = (
    Guard(
        name="a report's counts and its tests agree",
        prevents="a pass of a run whose report counts errors and names none",
        file=RUNNER + "junit_counts.py",
        old="        if not level.is_explained:\n",
        new="        if False:\n",
        test=f"{JUNIT}::test_what_is_no_report_is_refused",
    ),
    Guard(
        name="no unknown result",
        prevents="a test that passes because its report's word for failed is not known",
        file=RUNNER + "junit.py",
        old="if tag not in _RESULTS | _ASIDE:",
        new="if False:",
        test=f"{JUNIT}::test_what_is_no_report_is_refused",
    ),
    Guard(
        name="no unknown status of a test in JUnit",
        prevents="a test that passes because its report's word for crashed is not known",
        file=RUNNER + "junit.py",
        old="        if _word(value) not in _PASSED:\n",
        new="        if False:\n",
        test=f"{JUNIT}::test_an_unknown_status_is_no_pass",
    ),
    Guard(
        name="no unknown status",
        prevents="a test that passes because its report's word for failed is not known (CTRF)",
        file=RUNNER + "ctrf.py",
        old="if not isinstance(status, str) or status not in _OUTCOMES:",
        new='status = status if status in _OUTCOMES else "passed"\n        if False:',
        test=f"{CTRF}::test_what_could_make_a_pass_is_read_strictly",
    ),
    Guard(
        name="reports of one run agree",
        prevents="a failure that one of two reports hides",
        file=RUNNER + "reports.py",
        old="    if names:\n",
        new="    if False:\n",
        test=f"{REPORTS}::test_reports_that_disagree_are_a_problem_and_junits_tests_are_told",
    ),
    Guard(
        name="a report is a plain file",
        prevents="a report read from elsewhere by a link, or one that is waited for for ever",
        file=RUNNER + "files.py",
        old="    if stat.S_ISREG(mode):\n        return\n",
        new="    return\n",
        test="tests/runner/test_files.py::test_a_device_is_not_opened",
    ),
    Guard(
        name="bundle stays in its directory",
        prevents="a suite that overwrites the runner",
        file=RUNNER + "bundle.py",
        old='if "\\\\" in name or not {"", ".", ".."}.isdisjoint(parts):',
        new="if False:",
        test=f"{BUNDLE}::test_anything_else_is_refused_whole",
    ),
    Guard(
        name="bundle has its digest",
        prevents="a suite that was exchanged after it was published",
        file=RUNNER + "bundle.py",
        old="if digest_of(data) != digest:",
        new="if False:",
        test=f"{BUNDLE}::test_a_bundle_of_another_digest_is_not_even_looked_at",
    ),
    Guard(
        name="suites cannot look into their runner",
        prevents="a suite that takes the runner's credentials from its memory or environment",
        file=RUNNER + "remains.py",
        old="_prctl(_PR_SET_DUMPABLE, 0)",
        new="_prctl(_PR_SET_DUMPABLE, 1)",
        test=f"{ATTACKS}::test_a_suite_cannot_look_into_its_runner",
    ),
    Guard(
        name="nobody outlives a killed runner",
        prevents="a suite that kills its runner and meddles with another gate's suite",
        file=RUNNER + "remains.py",
        old="            _end_below(pid, set())\n            _end([pid])\n",
        new="            pass\n",
        test=f"{ATTACKS}::test_what_outlived_a_killed_runner_is_ended_by_the_next",
    ),
    Guard(
        name="(f) green's answers are those that the runner stored",
        prevents="a suite that answers in the runner's name for green",
        file="state_machines/steps/judge.py",
        old='if stored != payload["answers"]:',
        new="if False:",
        test=f"{ASKING}::test_right_answers_that_the_runner_did_not_store_are_nobodys",
    ),
)
