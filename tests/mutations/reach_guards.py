"""The guards of reaching green: what is sent, what is not passed on, what is not told."""

from tests.mutations.guard import Guard

CORE = "src/testgate/core/"
CONFIG = "tests/core/test_config.py"
REACH = "tests/core/test_reach.py"
ROUTING = "tests/core/test_routing.py"
FENCE = "tests/core/test_fence.py"
STEPS = "tests/steps/test_steps.py"

REACH_GUARDS = (
    Guard(
        name="every condition of the rule is met",
        prevents="a suite whose requests another rule answers",
        file=CORE + "reach.py",
        old="if (direct or _is_said(condition, config)) and not must_meet(condition, reach.sent)",
        new="if False",
        test=f"{REACH}::test_what_is_found_is_taken_by_the_rule_or_refused",
    ),
    Guard(
        name="TEST_HOST is the rule's",
        prevents="a host by which something else than green answers, behind a TEST_ENDPOINT",
        file=CORE + "reach.py",
        old="        return config.test_host is not None\n",
        new="        return False\n",
        test=f"{REACH}::test_what_the_user_gives_must_be_what_the_rule_takes",
    ),
    Guard(
        name="TEST_HEADERS are the rule's",
        prevents="a header by which something else than green answers, behind a TEST_ENDPOINT",
        file=CORE + "reach.py",
        old="return condition.field == HEADER and condition.name.lower() in config.test_headers",
        new="return False",
        test=f"{REACH}::test_what_the_user_gives_must_be_what_the_rule_takes",
    ),
    Guard(
        name="the listener's own address vouches for nothing",
        prevents="a TEST_ENDPOINT that meets another rule of the same listener",
        file=CORE + "reach.py",
        old="direct = endpoint is None or address_of(endpoint) == "
        "(listener.name.lower(), listener.port)",
        new="direct = endpoint is None",
        test=f"{REACH}::test_an_endpoint_that_is_the_listener_itself_vouches_for_nothing",
    ),
    Guard(
        name="a rule above may be met by a suite's own header",
        prevents="a canary rule that answers in green's place",
        file=CORE + "routing.py",
        old="return value is None or any(could_match(p, value) for p in condition.patterns)",
        new="return value is not None and any(could_match(p, value) for p in condition.patterns)",
        test=f"{ROUTING}::test_a_rule_takes_what_may_meet_all_its_conditions",
    ),
    Guard(
        name="a pattern in doubt may match",
        prevents="a rule above whose escaped pattern is read too narrowly",
        file=CORE + "routing.py",
        old='return "\\\\" in pattern or _glob(pattern, text)',
        new="return _glob(pattern, text)",
        test=f"{ROUTING}::test_a_rule_takes_what_may_meet_all_its_conditions",
    ),
    Guard(
        name="paths stay below the rule's",
        prevents="an answer of another service that counts as green's",
        file=CORE + "fence.py",
        old="if not _lies_within(path, fence.within):",
        new="if False:",
        test=f"{FENCE}::test_what_another_rule_may_take_does_not",
    ),
    Guard(
        name="paths with dots are in doubt",
        prevents="a path that leaves the rule's once it is resolved",
        file=CORE + "fence.py",
        old='if {".", ".."} & set(decoded.split("/")):',
        new="if False:",
        test=f"{FENCE}::test_what_another_rule_may_take_does_not",
    ),
    Guard(
        name="barred headers are not passed on",
        prevents="a canary rule that answers in green's place",
        file=CORE + "fence.py",
        old="if name.lower() == bar.header and any(",
        new="if False and any(",
        test=f"{FENCE}::test_a_header_by_which_another_rule_would_answer_does_not_pass",
    ),
    Guard(
        name="the relay asks the fence",
        prevents="requests that something else than green answers",
        file="src/testgate/runner/relaying.py",
        old="        if problem:\n            raise OwnAnswerError(",
        new="        if problem and False:\n            raise OwnAnswerError(",
        test="tests/runner/test_relay.py"
        "::test_what_something_else_than_green_would_answer_is_not_passed_on",
    ),
    Guard(
        name="a fence is finite",
        prevents="rules that are neither fenced off nor refused",
        file="src/testgate/aws/discovery.py",
        old="if bar is None or len(bars) == MAX_BARS:",
        new="if bar is None:",
        test=f"{STEPS}::test_a_listener_with_too_many_rules_to_fence_off_refuses",
    ),
    Guard(
        name="what requests must have is the same after the tests",
        prevents="a rule whose header or host was changed while tests ran",
        file=CORE + "identity.py",
        old='        "what requests must have": (before.reach_digest, after.reach_digest),\n',
        new="",
        test="tests/core/test_identity.py::test_a_change_while_tests_ran_is_found",
    ),
    Guard(
        name="headers hide no line",
        prevents="a request smuggled into a header's value",
        file=CORE + "headers.py",
        old="if not _VALUE.fullmatch(value):",
        new="if False:",
        test=f"{CONFIG}::test_a_headers_value_is_printable_or_refused_untold",
    ),
    Guard(
        name="headers frame no request",
        prevents="a request that two readers frame differently",
        file=CORE + "headers.py",
        old="if name.lower() in HOP_BY_HOP | _OF_THE_REQUEST:",
        new="if False:",
        test=f"{CONFIG}::test_a_header_that_frames_requests_is_refused",
    ),
    Guard(
        name="the record shows names of headers",
        prevents="a credential in the record",
        file=CORE + "record.py",
        old="show_config(question.config)",
        new="{**show_config(question.config), 'TEST_HEADERS': question.config.test_headers}",
        test=f"{STEPS}::test_what_green_needs_travels_to_the_relay_and_no_value_to_the_record",
    ),
    Guard(
        name="a rule's header values are not quoted",
        prevents="a credential in a sentence",
        file=CORE + "reach.py",
        old='f"the rule under test only takes requests with a certain http-header {name}, and "',
        new='f"the rule under test takes a certain http-header {name} {_listed(condition)}, and "',
        test=f"{REACH}::test_a_derived_headers_value_is_never_told",
    ),
    Guard(
        name="echoed headers are masked",
        prevents="a credential in evidence, because green told what it got",
        file=CORE + "masking.py",
        old="told += [text[at:start], MARK]",
        new="told += [text[at:end]]",
        test="tests/core/test_masking.py::test_a_value_is_masked_however_it_is_spelled",
    ),
    Guard(
        name="secrets are masked",
        prevents="a secret in evidence, because a test printed it",
        file=CORE + "masking.py",
        old="for value in (secrets or {}).values()",
        new="for value in ()",
        test="tests/core/test_masking.py::test_a_short_secret_is_masked_where_it_stands_whole",
    ),
    Guard(
        name="a suite's role cannot move its deployment",
        prevents="a suite that shifts the traffic it judges",
        file="src/testgate/aws/provisions.py",
        old='{"Sid": "NotTheGate", "Effect": "Deny", "Action": list(_NEVER), "Resource": "*"},',
        new="",
        test="tests/core/test_provisions.py::test_no_role_lets_a_suite_decide_about_its_deployment",
    ),
    Guard(
        name="flaky = 'fail'",
        prevents="a pass of a suite that allows no flaky test",
        file=CORE + "suite_verdict.py",
        old="    if said.suite.flaky is FlakyPolicy.PASS:\n",
        new="    if True:\n",
        test="tests/core/test_attempts.py::test_a_suite_that_allows_no_flaky_test_refuses_one",
    ),
)
