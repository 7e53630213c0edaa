"""What says that a test could not run as it is written, so that it is the suite's fault, not
green's: a fixture or a keyword that nobody has defined.

Only what no answer of green can cause. Standard library only; imported by the reader of JUnit.
"""

import re

_SETUP = "failed on setup with"  # _pytest/junitxml.py, append_error
# FixtureLookupErrorRepr of _pytest/fixtures.py begins with the places that asked, and says why
# after a margin.
_ASKED_AT = re.compile(r"file .+, line \d+\n")
_NO_FIXTURE = re.compile(
    r"^E {7}(fixture '.+' not found|recursive dependency involving fixture '.+' detected)$",
    re.MULTILINE,
)
# robot.running: namespace.py and arguments/argumentvalidator.py; a failed setup is quoted.
_NO_KEYWORD = re.compile(
    r"(?:(?:Parent s|S)uite setup failed:\n|Setup failed:\n)?"
    r"(No keyword with name '.+' found|Keyword '.+' expected .+ arguments?, got \d+)\."
)


def unrunnable(message: str, text: str) -> str | None:
    """Why a test could not run, by the message and the text of its failure in pytest's and Robot
    Framework's JUnit; None if it did, or may have."""
    if message.startswith(_SETUP):
        said = _NO_FIXTURE.search(text) if _ASKED_AT.match(text) else None
    else:
        said = _NO_KEYWORD.match(message)
    return said[1] if said else None
