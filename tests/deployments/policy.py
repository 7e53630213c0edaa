"""What tests of admission, approval and metrics share: how they are asked, and what answers them.

Imported by those tests alone.
"""

from datetime import UTC, datetime, timedelta

from testgate.local.ecs import TransitionKind

OWN = {"ALLOWED_IMAGES": "example.com/shop"}
ERRORS = {
    "namespace": "Shop",
    "name": "Errors",
    "statistic": "Sum",
    "comparison": "<=",
    "threshold": 5,
    "dimensions": {"Service": "{SERVICE}"},
}
QUICK = {"CHECKS": 2, "INTERVAL_SECONDS": 1, "LAG_SECONDS": 0}


def established(lab):
    """Version 1 in production, admitted; what is tested comes with the next."""
    assert lab.create("1", lab.stack.admission(OWN))["status"] == "SUCCESSFUL"
    lab.transitions.clear()


def revision_id(deployment):
    """What a revision is approved by."""
    return deployment["targetServiceRevision"]["arn"].rsplit("/", 1)[-1]


def target_of(lab, transition):
    """The revision that a transition's deployment brings."""
    return revision_id(lab.site.deployment(transition.deployment_arn))


def logged(lab, function, text):
    """Whether a hook's log group holds a text."""
    group = f"/aws/lambda/{lab.stack.function(function)}"
    events = lab.local.client("logs").filter_log_events(logGroupName=group)["events"]
    return any(text in event["message"] for event in events)


def upload(lab, key, *, age_s=0.0, body=b"", **metadata):
    """Put an object into the bucket of approvals, as somebody who approves would."""
    bucket = lab.stack.approval_bucket
    lab.local.client("s3").put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)
    if age_s:
        make_older(bucket, key, age_s)


def make_older(bucket, key, age_s):
    """S3 gives an object its time: here it is taken back, as if uploaded before."""
    from moto.s3.models import s3_backends

    stored = s3_backends["123456789012"]["aws"].get_object(bucket, key)
    assert stored is not None
    stored.last_modified -= timedelta(seconds=age_s)


def when_called(lab, act):
    """Act once the hook has answered its first call."""
    lab.once(TransitionKind.HOOK_ANSWERED, lambda t: act(target_of(lab, t)))


def measure(lab, *values):
    """A value for each of the next seconds, over and over, from the first call on."""

    def put(_):
        begin = datetime.now(UTC).replace(microsecond=0)
        lab.local.client("cloudwatch").put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": "Errors",
                    "Dimensions": [{"Name": "Service", "Value": lab.name}],
                    "Timestamp": begin + timedelta(seconds=second),
                    "Value": values[second % len(values)],
                }
                for second in range(120)
            ],
        )

    lab.once(TransitionKind.HOOK_CALLED, put)
