"""Settings for every test: property tests take the same examples each time; rights and schedules
count."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

pytest_plugins = ["tests.rights.plugin", "tests.schedules.plugin"]
