"""What a function's log holds, and that it is there before its caller gets the answer."""

import json
import re

TALKATIVE = """
import logging, sys
print("at import")
def handler(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger().warning("by logging")
    return None
"""


def test_log_of_a_cold_call_is_complete_when_it_returns(world):
    name = world.make(TALKATIVE)
    done = world.host.invoke(name, b"{}")
    log = world.log_of(name)
    request_id = done.request_id
    assert log[:4] == [
        "at import\n",
        f"START RequestId: {request_id} Version: $LATEST\n",
        "to stdout\n",
        "to stderr\n",
    ]
    assert re.fullmatch(rf"\[WARNING\]\t[\dT:.-]+Z\t{request_id}\tby logging\n", log[4])
    assert log[5] == f"END RequestId: {request_id}\n"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n",
        log[6],
    )
    assert len(log) == 7


def test_warm_call_reports_no_init_duration(world):
    name = world.make(TALKATIVE)
    world.run(name)
    world.run(name)
    assert "Init Duration" not in world.log_of(name)[-1]


def test_stream_is_named_by_day_and_version_and_kept_while_warm(world):
    name = world.make(TALKATIVE)
    world.run(name)
    world.run(name)
    streams = world.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")
    names = [stream["logStreamName"] for stream in streams["logStreams"]]
    assert len(names) == 1
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", names[0])


def test_traceback_is_one_readable_event(world):
    name = world.make("def handler(event, context):\n    return [][event]\n")
    world.fail(name, 3)
    (traceback,) = [line for line in world.log_of(name) if line.startswith("[ERROR]")]
    lines = traceback.splitlines()
    assert lines[0] == "[ERROR] IndexError: list index out of range"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1].strip() == "return [][event]"
    assert "\r" not in traceback


def test_tail_is_the_last_four_kilobytes_of_this_call(world):
    name = world.make(
        "def handler(event, context):\n"
        "    for number in range(event):\n"
        "        print(f'line {number}')\n"
    )
    world.run(name, 1000)
    long = world.host.invoke(name, b"1000").log_tail
    assert len(long) == 4096
    assert b"line 999\nEND RequestId" in long
    short = world.host.invoke(name, b"1")
    assert short.log_tail.startswith(b"START RequestId: " + short.request_id.encode())
    assert short.log_tail.count(b"\n") == 4


def test_long_output_is_kept_whole_and_in_order(world):
    name = world.make(
        "import sys\n"
        "def handler(event, context):\n"
        "    sys.stdout.write(''.join(f'{number}\\n' for number in range(20_000)))\n"
        "    sys.stdout.write('no end of line')\n"
    )
    world.run(name)
    log = [line.strip() for line in world.log_of(name)]
    assert log[1:9000] == [str(number) for number in range(8999)]
    stream = world.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")
    newest = world.client("logs").get_log_events(
        logGroupName=f"/aws/lambda/{name}",
        logStreamName=stream["logStreams"][0]["logStreamName"],
        limit=4,
        startFromHead=False,
    )
    last = [event["message"].strip() for event in newest["events"]]
    assert last[0:2] == ["19999", "no end of line"]


def test_output_that_is_not_utf8_is_kept_readable(world):
    name = world.make(
        "import os\ndef handler(event, context):\n    os.write(1, b'\\xff\\xfe caf\\xc3\\xa9\\n')\n"
    )
    world.run(name)
    assert world.log_of(name)[1] == "\ufffd\ufffd café\n"


def test_line_over_the_limit_of_an_event_is_split(world):
    name = world.make("def handler(event, context):\n    print('x' * event)\n")
    world.run(name, 600_000)
    sizes = [len(line) - 1 for line in world.log_of(name) if line.startswith("x")]
    assert sum(sizes) == 600_000
    assert max(sizes) <= 256 * 1024


def test_configured_group_is_used_and_shown(world):
    name = world.make(TALKATIVE, LoggingConfig={"LogGroup": "/my/own"})
    world.run(name)
    assert world.log_messages("/my/own")[0] == "at import\n"
    shown = world.client("lambda").get_function_configuration(FunctionName=name)
    assert shown["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/my/own"}


def test_existing_group_is_written_to(world):
    name = world.make(TALKATIVE)
    world.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    world.run(name)
    assert len(world.log_of(name)) == 7


def test_json_format_makes_every_line_json(world):
    name = world.make(
        "import logging\n"
        "def handler(event, context):\n"
        "    logging.getLogger().info('hello')\n"
        "    return 1 / event\n",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    )
    world.run(name, 1)
    start, hello, report = [json.loads(line) for line in world.log_of(name)]
    assert start["type"] == "platform.start"
    assert hello["message"] == "hello"
    assert report["type"] == "platform.report"
    assert report["record"]["status"] == "success"
    assert report["record"]["metrics"]["memorySizeMB"] == 256
    world.fail(name, 0)
    report = json.loads(world.log_of(name)[-1])
    assert report["record"]["errorType"] == "ZeroDivisionError"


def test_changed_logging_configuration_takes_effect(world):
    name = world.make(TALKATIVE)
    world.client("lambda").update_function_configuration(
        FunctionName=name, LoggingConfig={"LogGroup": "/later"}
    )
    world.run(name)
    assert len(world.log_messages("/later")) == 7


def test_late_output_after_a_reset_does_not_bring_the_group_back(world):
    name = world.make(TALKATIVE)
    world.run(name)
    world.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")
    world.host.reset()
    assert world.client("logs").describe_log_groups()["logGroups"] == []
