"""docs/walkthrough.md is run: its commands work in their order, and print what the page shows."""

import re
import sys
from pathlib import Path

import pytest

from examples import walkthrough
from examples.walkthrough import Command, FailedError, read_block, shortened, write_block
from tests.clients.conftest import needs_aws_cli

PAGE = walkthrough.PAGE.read_text()

# The `aws` commands of AWS's post, in its order, but for the names of stacks.
POST = (
    """aws cloudformation list-stacks
    --query "StackSummaries[?starts_with(StackName, 'testgate')].[StackName, StackStatus]"
    --output table""",
    "aws ecs register-task-definition --cli-input-json file://outputs/taskdef.json",
    "aws ecs create-service --cli-input-json file://outputs/service.json",
    "aws ecs update-service --service $SERVICE_NAME --cluster $CLUSTER_NAME --force",
    """export S3_BUCKET_NAME=$(aws cloudformation describe-stacks --stack-name testgate
    --query 'Stacks[0].Outputs[?OutputKey==`ApprovalBucketName`].OutputValue' --output text)""",
    """export ECS_SERVICE_REVISION=$(aws ecs list-service-deployments --service $SERVICE_NAME
    --cluster $CLUSTER_NAME
    --query 'serviceDeployments[?status==`IN_PROGRESS`].targetServiceRevisionArn'
    --output text)""",
    """SERVICE_REVISION_ID=$(echo "$ECS_SERVICE_REVISION" | awk -F/ '{print $NF}')""",
    "touch $SERVICE_REVISION_ID.txt",
    "aws s3 cp $SERVICE_REVISION_ID.txt s3://$S3_BUCKET_NAME/$SERVICE_REVISION_ID.txt",
    "aws ecs delete-service --service $SERVICE_NAME --cluster $CLUSTER_NAME --force",
)


def commands(page):
    return [each for block in walkthrough.blocks(page) for each in read_block(block)]


def one_line(command):
    return " ".join(command.replace("\\\n", " ").split())


def test_the_pages_commands_are_the_posts_in_their_order():
    told = iter(one_line(each.text) for each in commands(PAGE))
    missing = [each for each in map(one_line, POST) if each not in told]  # consumes: in order
    assert missing == []


def test_a_block_is_read_and_written_back_as_it_was():
    block = "$ a \\\n  b\nout\n\n$ c\n"
    assert list(read_block(block)) == [
        Command("a \\\n  b", ("out", "")),
        Command("c"),
    ]
    assert write_block(read_block(block)) == block


def test_a_long_output_is_shown_by_its_ends():
    assert shortened(["a ", "b"]) == ("a", "b")
    lines = [str(number) for number in range(100)]
    assert shortened(lines) == ("0", "1", "2", "3", "4", "…", "95", "96", "97", "98", "99")


def shape(line):
    """A line without what differs from run to run: what holds a digit, long names, space."""
    return " ".join(re.sub(r"[\w/:.+-]*\d[\w/:.+-]*|[\w/:.+-]{12,}", "#", line).split())


@needs_aws_cli
@pytest.mark.timeout(400)
def test_the_walkthrough_goes_through_and_prints_what_the_page_shows():
    printed: list[str] = []
    try:
        now = walkthrough.walk(PAGE, printed.append)
    except FailedError as exc:
        pytest.fail(f"{exc}\n" + "\n".join(printed[-40:]))
    for shown, seen in zip(commands(PAGE), commands(now), strict=True):
        told = [shape(line) for line in seen.shown]
        assert [shape(line) for line in shown.shown] == told, (
            f"the page shows other output of: {shown.text}\nmake walkthrough WRITE=1 writes it anew"
        )


def test_the_page_names_no_place_of_a_machine():
    assert str(Path.home()) not in PAGE or str(Path.home()) == "/"
    assert str(walkthrough.ROOT) not in PAGE
    assert sys.prefix not in PAGE
