"""The guards of the relay: what could make an answer that is not green's count as one."""

from tests.mutations.guard import Guard

RUNNER = "src/testgate/runner/"
MESSAGES = "tests/runner/test_messages.py"
RELAY = "tests/runner/test_relay.py"
ANSWERS = "tests/runner/test_relay_answers.py"

RELAY_GUARDS = (
    Guard(
        name="what green sends unasked answers nothing",
        prevents="a request that gets the rest of an earlier answer for its own",
        file=RUNNER + "upstream.py",
        old="if not incoming.is_empty or (",
        new="if False or (",
        test=f"{ANSWERS}::test_what_green_says_unasked_is_nobodys_answer",
    ),
    Guard(
        name="a request has one length",
        prevents="a request that relay and green end at different bytes",
        file=RUNNER + "messages.py",
        old="if codings and lengths:",
        new="if False:",
        test=f"{MESSAGES}::test_a_request_whose_end_two_readers_could_see_differently_is_refused",
    ),
    Guard(
        name="no line hides in a header",
        prevents="a header that green reads and the fence does not",
        file=RUNNER + "messages.py",
        old="if _CONTROL.search(line):",
        new="if False:",
        test=f"{MESSAGES}::test_what_is_no_request_is_refused",
    ),
    Guard(
        name="an answer that ends early is not whole",
        prevents="half an answer that a suite takes for all of it",
        file=RUNNER + "relaying.py",
        old="raise BrokenOffError from exc",
        new="return",
        test=f"{ANSWERS}::test_chunks_that_break_off_break_off_for_the_suite",
    ),
    Guard(
        name="a request under way counts",
        prevents="a green that hangs, told as a suite that asked nobody",
        file=RUNNER + "relay.py",
        old="lost = self._lost + self._under_way",
        new="lost = self._lost",
        test=f"{RELAY}::test_a_request_that_the_suite_no_longer_waits_for_is_one_without_an_answer",
    ),
    Guard(
        name="an exit code that cannot be known is none",
        prevents="exit code 0 of every suite where the ends of children are ignored",
        file=RUNNER + "process.py",
        old="if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:",
        new="if False:",
        test="tests/runner/test_attacks.py::test_an_exit_code_that_cannot_be_known_is_no_success",
    ),
)
