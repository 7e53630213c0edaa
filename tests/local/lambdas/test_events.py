"""Invocations nobody waits for: Event calls with their retries, and those of other services."""

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from testgate.local.lambdas import Crash, Moment, Outcome, ServiceFailure, Throttle

MARK = """
import json, os, pathlib
def handler(event, context):
    pathlib.Path(os.environ["MARKS"], "event").write_text(json.dumps(event))
"""


@pytest.fixture
def marking(world):
    return world.make(MARK)


def records_of(world, name, count):
    return world.eventually(lambda: len(found := world.host.invocations(name)) >= count and found)


def mark(world):
    return json.loads((world.marks / "event").read_text())


def test_event_is_accepted_before_it_runs(world):
    name = world.make(
        "import os, pathlib, time\n"
        "def handler(event, context):\n"
        "    while not pathlib.Path(os.environ['MARKS'], 'open').exists():\n"
        "        time.sleep(0.01)\n"
    )
    answer = world.client("lambda").invoke(FunctionName=name, InvocationType="Event")
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    assert world.host.invocations(name) == []
    (world.marks / "open").touch()
    (record,) = records_of(world, name, 1)
    assert record.request_id == answer["ResponseMetadata"]["RequestId"]
    assert record.outcome is Outcome.SUCCEEDED


def test_failing_event_is_tried_three_times_with_one_request_id(world):
    name = world.make("def handler(event, context):\n    raise ValueError(event)\n")
    accepted = world.host.invoke_event(name, b'"x"')
    records = records_of(world, name, 3)
    world.host.reset()
    assert [record.outcome for record in records] == [Outcome.RAISED] * 3
    assert {record.request_id for record in records} == {accepted.request_id}
    assert [record.event for record in records] == [b'"x"'] * 3


def test_event_is_retried_until_it_succeeds(world, marking):
    world.host.inject(marking, Crash(when=Moment.AFTER_HANDLER))
    world.host.invoke_event(marking, b"5")
    records = records_of(world, marking, 2)
    assert [record.outcome for record in records] == [Outcome.EXITED, Outcome.SUCCEEDED]
    assert mark(world) == 5


def test_throttles_and_service_failures_do_not_use_up_the_retries(world, marking):
    world.host.inject(marking, Throttle(), times=3)
    world.host.inject(marking, ServiceFailure(), times=2)
    world.host.invoke_event(marking, b"6")
    records = records_of(world, marking, 6)
    assert [record.outcome for record in records[3:]] == [
        Outcome.SERVICE_ERROR,
        Outcome.SERVICE_ERROR,
        Outcome.SUCCEEDED,
    ]


def test_configured_number_of_retries_is_kept(world):
    name = world.make("def handler(event, context):\n    raise ValueError\n")
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0
    )
    world.host.invoke_event(name, b"{}")
    records_of(world, name, 1)
    world.eventually(lambda: not any(t.name == "lambda-event" for t in threading.enumerate()))
    assert len(world.host.invocations(name)) == 1


def test_configured_age_ends_the_retries(world, marking):
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=marking, MaximumEventAgeInSeconds=60
    )
    world.host.inject(marking, Throttle(), times=100)
    world.host.invoke_event(marking, b"{}")
    world.eventually(lambda: not any(t.name == "lambda-event" for t in threading.enumerate()))
    # Tries after 0, 1, 3, 7, 15 and 31 s; the next would come after 63 s.
    assert len(world.host.invocations(marking)) == 6


def test_event_of_a_function_deleted_meanwhile_is_dropped(world, marking):
    world.host.inject(marking, Throttle(), times=1000)
    world.host.invoke_event(marking, b"{}")
    world.client("lambda").delete_function(FunctionName=marking)
    world.eventually(lambda: not any(t.name == "lambda-event" for t in threading.enumerate()))
    assert all(one.outcome is Outcome.THROTTLED for one in world.host.invocations(marking))


def test_event_for_a_missing_function_is_refused_at_once(world):
    with pytest.raises(world.client("lambda").exceptions.ResourceNotFoundException):
        world.client("lambda").invoke(FunctionName="absent", InvocationType="Event")


def test_event_over_its_limit_is_refused(world, marking):
    with pytest.raises(ClientError, match="Event invocation type \\(limit 1048576 bytes\\)"):
        world.client("lambda").invoke(
            FunctionName=marking, InvocationType="Event", Payload=b'"' + b"x" * 2**20 + b'"'
        )


def test_s3_notification_runs_the_function(world, marking):
    s3 = world.client("s3")
    s3.create_bucket(Bucket="source")
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{marking}"
    s3.put_bucket_notification_configuration(
        Bucket="source",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket="source", Key="report.json", Body=b"{}")
    records_of(world, marking, 1)
    assert mark(world)["Records"][0]["s3"]["object"]["key"] == "report.json"


def test_sns_message_runs_the_function_without_its_publisher_waiting(world, marking):
    topic = world.client("sns").create_topic(Name="t")["TopicArn"]
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{marking}"
    world.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    world.host.inject(marking, ServiceFailure())
    world.client("sns").publish(TopicArn=topic, Message="hello")
    records = records_of(world, marking, 2)
    assert [record.outcome for record in records] == [Outcome.SERVICE_ERROR, Outcome.SUCCEEDED]
    assert mark(world)["Records"][0]["Sns"]["Message"] == "hello"


def test_queue_message_is_deleted_only_if_the_function_succeeds(world, marking):
    sqs = world.client("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    world.client("lambda").create_event_source_mapping(
        FunctionName=marking,
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:q",
        BatchSize=1,
    )
    world.host.inject(marking, Throttle())
    sqs.send_message(QueueUrl=queue, MessageBody="first")
    assert world.host.invocations(marking)[0].outcome is Outcome.THROTTLED
    assert (
        sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"][0]["Body"] == "first"
    )
    world.host.inject(marking, Crash(when=Moment.BEFORE_HANDLER))
    sqs.send_message(QueueUrl=queue, MessageBody="second")
    sqs.send_message(QueueUrl=queue, MessageBody="third")
    outcomes = [record.outcome for record in world.host.invocations(marking)]
    assert outcomes[:2] == [Outcome.THROTTLED, Outcome.EXITED]
    assert outcomes[-1] is Outcome.SUCCEEDED


def test_log_subscription_runs_the_function(world, marking):
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    logs.put_subscription_filter(
        logGroupName="/app",
        filterName="all",
        filterPattern="",
        destinationArn=f"arn:aws:lambda:us-east-1:123456789012:function:{marking}",
    )
    logs.put_log_events(
        logGroupName="/app",
        logStreamName="s",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": "hello"}],
    )
    records_of(world, marking, 1)
    assert "awslogs" in mark(world)
