"""Example events, as AWS's developer guides print them; several names are ours."""

STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:testgate-test-gate"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:testgate-test-gate:web-1"

# Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
EXECUTION_EVENT = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73e60175",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "account": "123456789012",
    "time": "2019-02-26T19:42:21Z",
    "region": "us-east-1",
    "resources": [EXECUTION],
    "detail": {
        "executionArn": EXECUTION,
        "stateMachineArn": STATE_MACHINE,
        "name": "web-1",
        "status": "FAILED",
        "startDate": 1551225146847,
        "stopDate": 1551225151881,
        "input": "{}",
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "error": "States.Runtime",
        "cause": "no such path",
    },
}

# ECS developer guide, "Amazon ECS service deployment state change events".
DEPLOYMENT_EVENT = {
    "version": "0",
    "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
    "detail-type": "ECS Deployment State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2020-05-23T12:31:14Z",
    "region": "us-west-2",
    "resources": ["arn:aws:ecs:us-west-2:123456789012:service/default/servicetest"],
    "detail": {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": "ecs-svc/123",
        "updatedAt": "2020-05-23T11:11:11Z",
        "reason": "ECS deployment circuit breaker: task failed to start.",
    },
}

# ECS developer guide, "Amazon ECS lifecycle hook state change events".
HOOK_EVENT = {
    "version": "0",
    "id": "ddca6449-b258-46c0-8653-e0e3bEXAMPLE",
    "detail-type": "ECS Hook State Change",
    "source": "aws.ecs",
    "account": "123456789012",
    "time": "2026-03-05T15:54:41Z",
    "region": "us-west-2",
    "resources": [
        "arn:aws:ecs:us-west-2:123456789012:service-deployment/my-cluster/my-service/0EYSiB0qap8"
    ],
    "detail": {
        "eventType": "INFO",
        "eventName": "HOOK_TIMED_OUT",
        "hookId": "ecs-pause-e7tK9G_WRJqNF_EOMjztDXfKenlJuEUVjsNStf4WLKw",
        "hookType": "PAUSE",
        "expiresAt": "2026-03-05T16:04:41Z",
        "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
        "clusterArn": "arn:aws:ecs:us-west-2:123456789012:cluster/my-cluster",
        "serviceArn": "arn:aws:ecs:us-west-2:123456789012:service/my-cluster/my-service",
        "serviceDeploymentArn": (
            "arn:aws:ecs:us-west-2:123456789012:service-deployment/"
            "my-cluster/my-service/0EYSiB0qap8"
        ),
        "updatedAt": "2026-03-05T15:54:41.618059641Z",
    },
}
