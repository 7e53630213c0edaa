"""Names of what lies in a suite's bundle and among its reports.

Imported by the runner, publishing, and beside the suite by the plugins; it costs them nothing.
"""

VENDORED = "__vendored__"  # of a bundle: packages that win over the runner's own

# Among the reports, from pytest's plugin: what a shard collected; which tests ran again, with what
# had failed; what failing tests printed, which its JUnit leaves out.
COLLECTED = "collected.json"
RERUN = "rerun.json"
PRINTED = "printed.json"
