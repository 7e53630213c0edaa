"""Settings for every test: property tests take the same examples each time, unless TESTGATE_SEARCH
says how many new ones to try; rights and schedules count."""

import os

from tests import hypothesis_profiles

if count := os.environ.get("TESTGATE_SEARCH"):
    hypothesis_profiles.search(int(count))
else:
    hypothesis_profiles.repeat()

pytest_plugins = ["tests.rights.plugin", "tests.schedules.plugin"]
