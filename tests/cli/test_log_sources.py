"""Where the lines of a gate run are: keys of outputs, the window of a failure, awslogs options."""

import pytest

from testgate.cli.log_sources import failure_window, log_groups_of, outputs_among
from tests.core.samples import passed
from tests.report.records import broken, record

PREFIX = "runs/shop/web/D/"
KEYS = [
    f"{PREFIX}web-0f/evidence/smoke/2/1-0/output.txt",
    f"{PREFIX}web-0f/evidence/smoke/10/1-0/output.txt",
    f"{PREFIX}web-0f/evidence/smoke/2/1-0/junit.xml",
    f"{PREFIX}web-0f/evidence/smoke/2/1-0/artifacts/output.txt",
    f"{PREFIX}web-0f/evidence/api/1/2-0/output.txt",
    f"{PREFIX}web-0f/record.json",
]


@pytest.mark.parametrize(
    ("suite", "shard", "titles"),
    [
        (
            "",
            0,
            ["suite api, shard 1, run 2-0"]
            + [f"suite smoke, shard {shard}, run 1-0" for shard in (2, 10)],
        ),
        ("smoke", 2, ["suite smoke, shard 2, run 1-0"]),
        ("smo", 0, []),
        ("", 1, ["suite api, shard 1, run 2-0"]),
    ],
)
def test_outputs_are_found_by_suite_and_shard(suite, shard, titles):
    assert [each.title for each in outputs_among(KEYS, PREFIX, suite, shard)] == titles


def seconds(window):
    return tuple(f"{at:%H:%M:%S}" for at in window)


def test_the_window_is_that_of_the_failing_suite():
    assert seconds(failure_window(record(broken("a")))) == ("07:59:31", "08:00:38")


def test_without_a_failure_it_is_all_of_the_gate_run():
    assert seconds(failure_window(record(passed("a")))) == ("07:59:30", "08:00:39")
    assert failure_window({}) is None


def container(name, driver="awslogs", **options):
    return {
        "name": name,
        "logConfiguration": {
            "logDriver": driver,
            "options": {f"awslogs-{key.replace('_', '-')}": text for key, text in options.items()},
        },
    }


def test_each_container_that_logs_by_awslogs_has_its_streams():
    containers = [
        container("app", group="/shop", stream_prefix="web"),
        container("side", group="/shop"),
        container("fire", driver="awsfirelens", group="/elsewhere"),
        {"name": "silent"},
    ]
    found = log_groups_of({"containerDefinitions": containers})
    assert found == [("/shop", "web/app/"), ("/shop", "")]
