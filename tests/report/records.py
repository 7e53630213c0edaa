"""Records that the renderers' tests start from, made as Judge makes them."""

import json
from datetime import date

from testgate.core.binding import Counts
from testgate.core.canonical import digest_of
from testgate.core.evidence import TestResult
from testgate.core.outcomes import Outcome
from testgate.core.quarantine import QuarantineEntry
from testgate.core.record import RunFacts, RunTime, build_record, refused_before_tests
from testgate.core.verdict import judge
from testgate.report.changes import spell_changes
from tests.core.samples import evidence, passed, plan, question, snapshot, suite

EXECUTION = (
    "arn:aws:states:us-east-1:123456789012:execution:testgate-test-gate:"
    + question().execution_name
)
TRACE = """base_url = 'http://127.0.0.1:34211'

    def test_checkout(base_url):
        cart = requests.post(f"{base_url}/cart", timeout=60).json()
        order = requests.post(f"{base_url}/cart/{cart['id']}/checkout", timeout=60)
>       assert order.status_code == 201, f"{order.status_code}, expected 201"
E       AssertionError: 500, expected 201
E       assert 500 == 201
E        +  where 500 = <Response [500]>.status_code

test_checkout.py:42: AssertionError
"""


SMOKE_TIME = RunTime(
    shard=1,
    attempt=1,
    started_at="2026-11-23T08:00:01.000Z",
    ended_at="2026-11-23T08:00:08.000Z",
)


def facts(**changes):
    values = {
        "execution_arn": EXECUTION,
        "started_at": "2026-11-23T08:00:00.000Z",
        "ended_at": "2026-11-23T08:00:09.500Z",
        "deadline": "2026-11-23T08:30:00.000Z",
        "gate": "shop",
        "plan_digest": digest_of("plan"),
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1.2.0",
        "base_url": "http://web-1234567890.us-east-1.elb.amazonaws.com:9001",
        "identity": {"says": "routing only", "before": snapshot().spell(), "after": None},
        "suite_times": {"smoke": (SMOKE_TIME,)},
    }
    return RunFacts(**(values | changes))


def broken(name, message="500, expected 201", **changes):
    values = {
        "outcome": Outcome.FAILED,
        "duration_s": 0.31,
        "message": message,
        "trace": TRACE,
        "file": name.split("::")[0],
        "line": 42,
    }
    return TestResult(name=name, **(values | changes))


def stored(record):
    """The record as it is read back from the bucket."""
    return json.loads(json.dumps(record))


def record(*tests, of=None, suites=None, **changes):
    """The record of a gate run with one suite `smoke`, or with what `suites` left by name."""
    of = of or plan()
    left = suites or {"smoke": tests}
    results = [evidence(of, *named, suite=name) for name, named in left.items()]
    verdict = judge(of, results, question().digest)
    return stored(build_record(question(), verdict, facts()) | changes)


def without_tests(outcome, sentence, **changes):
    verdict = refused_before_tests(outcome, sentence)
    return stored(build_record(question(), verdict, facts()) | changes)


def refused():
    """Three of fourteen tests failed."""
    good = [passed(f"test_catalog.py::test_product[{n}]") for n in range(11)]
    bad = [
        broken("test_checkout.py::test_checkout"),
        broken("test_checkout.py::test_checkout_empties_the_cart", "the cart still has 1 item"),
        broken("test_orders.py::TestOrders::test_order_is_listed", "404, expected 200"),
    ]
    return record(*good[:6], *bad, *good[6:])


def promoted():
    return record(*(passed(f"test_catalog.py::test_product[{n}]") for n in range(14)))


def many(total=10_000):
    """Every other test failed, with traces and messages of their own."""
    tests = [
        broken(f"test_products.py::TestProducts::test_price[product-{n}-in-a-long-catalogue]")
        if n % 2
        else passed(f"test_products.py::TestProducts::test_stock[product-{n}-in-a-long-catalogue]")
        for n in range(total)
    ]
    return record(*tests)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE tests; --",
    "</script><!-- <script>",
    "]]> &amp; &lt; \u202egnp.tset\u202c \u2066x",
    "\x00\x07\x1b[31mred\x1b[0m\x7f\x9b",
    "عربى اختبار (שלום)",
    "long_" + "n" * 5_000,
    "line one\nline two\r\nline three",
    "half \ud800 of a character \ufffe",
    "",
)


def hostile():
    """Every text that a test may choose holds something that means something elsewhere."""
    tests = [
        broken(
            name,
            message=name * 2,
            trace=f"{name}\nE   {name}",
            output=f"{name}\n{name}",
            file=f"{name}.py",
        )
        for name in HOSTILE
    ]
    return record(*tests, passed("javascript:alert(1)"), passed("{{ 7 * 7 }} ${7*7}"))


def quarantined():
    """A pass beside a failure that an entry forgives."""
    entry = QuarantineEntry(
        test="test_pay.py::test_pay",
        owner="team-checkout",
        reason="the sandbox bank is down",
        expires=date(2026, 12, 1),
    )
    of = plan(suite(quarantine=(entry,)))
    tests = [passed(f"test_{n}") for n in range(9)]
    left = [evidence(of, *tests, broken(entry.test, "502, expected 200"))]
    verdict = judge(of, left, question().digest, date(2026, 11, 23))
    return stored(build_record(question(), verdict, facts()))


def rich():
    """What newer versions record besides: attempts, shards, thresholds, flaky and unrun suites."""
    both = plan(suite(), suite("perf", blocking=False), suite("journey"))
    flaky = TestResult(name="test_search.py::test_search", outcome=Outcome.FLAKY, duration_s=1.2)
    sentence = "suite smoke: errors was not reported, expected errors < 1"
    made = record(
        of=both,
        outcome="failed",
        sentence=sentence,
        suites={
            "smoke": [passed("test_a.py::test_a"), flaky],
            "perf": [broken("test_load.py::test_load", "p95 412 ms")],
            "journey": [],
        },
    )
    smoke, perf, journey = made["suites"]
    smoke |= {
        "outcome": "failed",
        "sentence": sentence,
        "attempts": 2,
        "attempts_allowed": 3,
        "shards": 4,
        "thresholds": [
            {"says": "response_p95_ms <= 300", "value": 212.5, "holds": True},
            {"says": "errors < 1", "value": None, "holds": False},
        ],
        "flaky": [{"name": "test_search.py::test_search", "message": "503, expected 200"}],
        "quarantine": [
            {
                "test": "test_a.py::test_b",
                "owner": "team-checkout",
                "reason": "waits for <b>SHOP-12</b>",
                "expires": "2026-12-01",
                "counted": True,
                "outcome": "not reported",
                "message": "",
            }
        ],
    }
    perf |= {"started_at": "2026-11-23T08:00:02.000Z", "ended_at": "2026-11-23T08:00:05.000Z"}
    journey |= {
        "outcome": "skipped",
        "sentence": "suite journey did not run: suite smoke of an earlier wave did not pass",
        "counts": Counts().spell(),
        "tests": [],
    }
    return made


def image(path, size_bytes=41_234):
    return {"path": f"smoke/1/1-0/artifacts/{path}", "size_bytes": size_bytes}


def compared():
    """As `refused`, in four shards, with images, and with a gate run before that it is compared
    with."""
    before = record(
        passed("test_checkout.py::test_checkout"),
        broken("test_orders.py::TestOrders::test_order_is_listed"),
        broken("test_catalog.py::test_product[3]"),
    )
    after = refused()
    (smoke,) = after["suites"]
    smoke["shards"] = 4
    smoke["runs"] = [
        RunTime(
            shard=shard,
            attempt=attempt,
            started_at=f"2026-11-23T08:00:0{1 + attempt}.{shard}00Z",
            ended_at=f"2026-11-23T08:00:0{2 + attempt + shard % 3}.000Z",
        ).spell()
        for shard, attempt in ((1, 1), (2, 1), (3, 1), (3, 2), (4, 1))
    ]
    smoke["artifacts"] = [
        image("shots/test_checkout.png"),
        image("shots/test-order-is-listed-1.png"),
        image("shots/whole page ä#1?.png"),
        image("trace.zip", 3_400_000),
        image("video.webm", 0) | {"left_out": "it has more than 25000000 bytes"},
    ]
    return after | {"changes": stored(spell_changes(before, after))}
