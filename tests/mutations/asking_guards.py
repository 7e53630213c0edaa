"""The guards of green's own word: every address, the right answer, before and after."""

from tests.mutations.guard import Guard

CORE = "src/testgate/core/"
CHECK = "tests/core/test_identity_check.py"
ANSWERS = "tests/core/test_identity_answers.py"
PROBING = "tests/runner/test_probing.py"
ASKING = "tests/steps/test_asking.py"

ASKING_GUARDS = (
    Guard(
        name="(f) every answer is the revision's",
        prevents="an address that still answers with the old version",
        file=CORE + "identity_answers.py",
        old="wrong = [answer for answer in answers if answer.value != inquiry.expected]",
        new="wrong: list[Answer] = []",
        test=f"{ANSWERS}::test_a_wrong_answer_is_told_with_its_arithmetic",
    ),
    Guard(
        name="(f) every address is asked three times",
        prevents="answers that came from fewer places than there are",
        file=CORE + "identity_answers.py",
        old="        if count != TIMES:\n",
        new="        if False:\n",
        test=f"{ANSWERS}::test_a_wrong_answer_is_told_with_its_arithmetic",
    ),
    Guard(
        name="(f) green was asked",
        prevents="no answer that counts as the right one",
        file=CORE + "identity_answers.py",
        old="    if not answers:\n        return _found(",
        new="    if False:\n        return _found(",
        test=f"{ANSWERS}::test_a_wrong_answer_is_told_with_its_arithmetic",
    ),
    Guard(
        name="(f) what the plan asks was asked",
        prevents="an execution that asked something easier, or nothing",
        file=CORE + "identity_answers.py",
        old="    if inquiry is None or inquiry.check != check:\n",
        new="    if inquiry is None:\n        return None\n    if False:\n",
        test=f"{ASKING}::test_a_run_that_did_not_ask_what_its_plan_asks_refuses",
    ),
    Guard(
        name="(f) green is asked after the tests",
        prevents="a green that became another revision while it was tested",
        file=CORE + "identity_answers.py",
        old="    if asked.after is None:\n",
        new="    if asked.after is None:\n        return None\n    if False:\n",
        test=f"{ANSWERS}::test_what_the_plan_asks_must_hold_before_and_after",
    ),
    Guard(
        name="(f) green is asked before the tests",
        prevents="results of what was not green when they began",
        file=CORE + "identity_answers.py",
        old="    if before is not None:\n",
        new="    if False:\n",
        test=f"{ANSWERS}::test_what_the_plan_asks_must_hold_before_and_after",
    ),
    Guard(
        name="(f) Judge compares the answers",
        prevents="a pass whose green said that it was another",
        file="state_machines/steps/judge.py",
        old="_with_identity(_with_identity(verdict, answered), problem)",
        new="_with_identity(verdict, problem)",
        test=f"{ASKING}::test_wrong_answers_make_results_worthless",
    ),
    Guard(
        name="(f) what is expected differs by revision",
        prevents="a check that the old revision passes too",
        file=CORE + "identity_check.py",
        old="    if not names:\n",
        new="    if False:\n",
        test=f"{CHECK}::test_what_a_check_cannot_mean_is_refused",
    ),
    Guard(
        name="(f) a fact that is asked for must exist",
        prevents="an empty text that an empty answer equals",
        file=CORE + "identity_check.py",
        old="        if not found:\n",
        new="        if False:\n",
        test=f"{CHECK}::test_a_fact_that_the_revision_lacks_is_refused",
    ),
    Guard(
        name="(f) only a good status answers",
        prevents="an error page or a redirect that has the value",
        file="src/testgate/runner/probing.py",
        old="    if not 200 <= answer.status < 300:\n",
        new="    if False:\n",
        test=f"{PROBING}::test_an_answer_without_the_value_says_why_and_is_not_asked_again",
    ),
    Guard(
        name="(f) no address is left out",
        prevents="a load balancer of which only a part is asked",
        file="src/testgate/runner/probing.py",
        old="    if len(addresses) > MAX_ADDRESSES:\n",
        new="    addresses = addresses[:1]\n    if False:\n",
        test=f"{PROBING}::test_one_address_that_answers_otherwise_is_told_apart",
    ),
)
