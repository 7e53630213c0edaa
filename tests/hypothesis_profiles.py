"""Which examples property tests take: the same ones in every run, or new ones each time.

Hypothesis mixes constants of the modules that happen to be imported into its examples, even where
it is told to take no chances. Which modules those are depends on which tests a worker ran before,
so a run by two workers would try what no other run tries. Here they are left out, unless somebody
searches (`make search`): then they are just what finds the names that code treats apart.
Imported by tests/conftest.py.
"""

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

SLOW_IS_FINE = (HealthCheck.too_slow,)  # how fast a shared machine is says nothing of the code


def repeat() -> None:
    """Take the same examples in every run, whatever ran before."""
    settings.register_profile(
        "repeat", derandomize=True, deadline=None, suppress_health_check=SLOW_IS_FINE
    )
    settings.load_profile("repeat")
    providers._get_local_constants = Constants


def search(count: int) -> None:
    """Take `count` new examples for each test, and print what repeats one that fails."""
    settings.register_profile(
        "search",
        max_examples=count,
        deadline=None,
        suppress_health_check=SLOW_IS_FINE,
        database=None,
        print_blob=True,
    )
    settings.load_profile("search")
