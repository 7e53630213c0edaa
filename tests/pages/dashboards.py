"""What the dashboard shows in the tests in a browser: services, a gate run that runs, and others.

Addresses are those of the pages over what `fill` stores.
"""

from datetime import timedelta

from tests.core.samples import START
from tests.fakes.ports import FakeBucket
from tests.report import records
from tests.ui.stored import (
    HALF_WRITTEN,
    HOSTILE,
    NEWER,
    a_place,
    a_record,
    begin,
    ended_tests,
    folder,
    judge,
    prepare,
    store,
    tell,
)

REFUSED_RECORD = records.refused()
REFUSAL = REFUSED_RECORD["sentence"]
CHECKOUT = REFUSED_RECORD["suites"][0]["failures"][0]["name"]
TESTS = [(f"test_products.py::test_product_is_shown[{n}]", "passed") for n in range(12)]
OUTCOMES = ("failed", "passed", "passed", "flaky", "infra_error", "passed", "aborted", "timed_out")
WAVES = ((("smoke", 2), ("contract", 1)), (("end-to-end", 1),))

SERVICES = "/"
REFUSED = "/run/shop/web/d1/web-0"
PASSED = "/run/shop/web/d1/web-1"
LIVE = f"/live/{folder('live-1')}"
WAITING = f"/live/{folder('live-2')}"
JUDGED = f"/live/{folder('web-0')}"
HISTORY = "/history/shop/web/smoke"
COMPARE = "/compare/shop/web?before=d1/web-1&after=d1/web-0"
LOST = "/run/shop/api/d1/api-0"
HALF = "/run/shop/api/d1/api-1"
NEW = "/run/shop/api/d1/api-2"
NO_REPORT = f"{LOST}/report"
NOWHERE = "/run/shop/web/d1/none"
HOSTILE_RUN = "/run/shop/hostile/d1/hostile-0"
HOSTILE_LIVE = f"/live/{folder('hostile-1')}"
PAGES = {
    "services": SERVICES,
    "refused": REFUSED,
    "passed": PASSED,
    "live": LIVE,
    "waiting": WAITING,
    "judged": JUDGED,
    "history": HISTORY,
    "compare": COMPARE,
    "lost": LOST,
    "half-written": HALF,
    "newer": NEW,
    "no-report": NO_REPORT,
    "nowhere": NOWHERE,
    "hostile": HOSTILE_RUN,
    "hostile-live": HOSTILE_LIVE,
}
NOT_FOUND = (NO_REPORT, NOWHERE)


def fill(bucket: FakeBucket) -> None:
    """Three services, two gate runs that run, and documents that cannot be read."""
    for number, outcome in enumerate(OUTCOMES):
        store(bucket, a_place(f"web-{number}"), _record(outcome, number), _before(number))
    for number, body in enumerate((None, HALF_WRITTEN, NEWER)):
        place = a_place(f"api-{number}", "api")
        store(bucket, place, a_record("failed"), _before(number + 20))
        if body is None:
            del bucket.objects[place.record]
        else:
            bucket.objects[place.record] = body
    hostile = a_record("failed", (HOSTILE, "failed"), suite=HOSTILE, sentence=HOSTILE)
    store(bucket, a_place("hostile-0", "hostile"), hostile, _before(60))
    runs(bucket)
    begin(bucket, "live-2", service="api", waits_for="1 of 2 targets of green is initial")
    begin(bucket, "hostile-1", service="hostile", waits_for=HOSTILE)
    tell(bucket, ended_tests((HOSTILE, "failed")), "hostile-1", suite=HOSTILE)
    begin(bucket, "web-0")
    prepare(bucket, *WAVES, name="web-0", asks_identity=True)
    tell(bucket, ended_tests((CHECKOUT, "failed"), total=1), "web-0", ended=True, due=3)
    judge(bucket, "web-0")


def runs(bucket: FakeBucket) -> None:
    """A gate run in its first wave: one shard has ended, two run."""
    begin(bucket, "live-1")
    prepare(bucket, *WAVES, name="live-1", asks_identity=True)
    tell(bucket, ended_tests(*TESTS, total=12), "live-1", ended=True, due=3)
    tell(bucket, ended_tests(*TESTS[:7], (CHECKOUT, "failed"), total=14), "live-1", shard=2, due=3)
    tell(bucket, ended_tests(), "live-1", suite="contract", due=3, attempt=2)


def _before(minutes: int):
    return START - timedelta(minutes=minutes)


def _record(outcome, number):
    if outcome == "failed":
        return REFUSED_RECORD
    wobbles = "flaky" if outcome == "flaky" else "passed"
    tests = [(CHECKOUT, "passed"), ("test_cart.py::test_wobbles", wobbles), *TESTS]
    sentence = f"14 of 14 tests in suite smoke: {outcome}"
    return a_record(outcome, *tests, took_s=5 + 3 * number, sentence=sentence)
