"""The texts in which ECS tells why a deployment did not go on, each with its explanation.

Where a text comes from stands beside it: AWS's troubleshooting page for blue/green deployments
(documented), a real account's record (seen), or nobody but this project (assumed): an assumed one
may not match what AWS says. Standard library only; read by `testgate.report.ecs_messages`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """How sure it is that AWS says it so."""

    DOCUMENTED = "documented"
    SEEN = "seen"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text of ECS and its explanation, with places for the groups of `form` and for `stage`."""

    kind: str
    form: re.Pattern[str]
    happened: str
    usually: str
    to_do: str
    source: Source


_ARN = r"(?P<target>arn:\S{1,300}?)"

# From the particular to the general: the first that fits explains.
MESSAGES = (
    Message(
        kind="role_not_assumed",
        form=re.compile(r"unable to assume role (?P<role>arn:\S{1,300})"),
        happened="ECS could not assume the hook's role {role}, so it never called the hook{stage}",
        usually="the role does not exist, or its trust policy does not name the service "
        "ecs.amazonaws.com, or a condition in it is not met",
        to_do="use the stack's output HookInvokeRoleArn as the hook's roleArn, or let "
        "ecs.amazonaws.com assume {role} (sts:AssumeRole)",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="not_allowed_to_invoke",
        form=re.compile(
            rf"unable to invoke hook target {_ARN} due to .{{0,400}}?"
            r"not authorized to perform: lambda:InvokeFunction",
            re.DOTALL,
        ),
        happened="ECS was not allowed to invoke {target}, so the hook never ran{stage}",
        usually="the hook's role lacks lambda:InvokeFunction on exactly this ARN; a role made for "
        "the function's plain ARN does not cover an alias or a version",
        to_do="use the stack's output HookInvokeRoleArn as the hook's roleArn, or allow "
        "lambda:InvokeFunction on {target} in that role",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="function_not_found",
        form=re.compile(
            rf"unable to invoke hook target {_ARN} due to .{{0,400}}?"
            r"(?:Function not found|ResourceNotFoundException|does not exist|Cannot find)",
            re.DOTALL | re.IGNORECASE,
        ),
        happened="ECS found no function {target}, so no hook ran{stage}",
        usually="the function was deleted or renamed with its stack, or the ARN names another "
        "region, account, alias or version",
        to_do="set the hook's hookTargetArn to the stack's output HookFunctionArn",
        source=Source.ASSUMED,
    ),
    Message(
        kind="not_invoked",
        form=re.compile(rf"unable to invoke hook target {_ARN} due to (?P<why>.{{1,300}})"),
        happened="ECS could not invoke {target}, so the hook never ran{stage}",
        usually="Lambda refused the call: {why}",
        to_do="look at that reason; if it speaks of a rate or of concurrency, reserve concurrency "
        "for the hook's function, then deploy again",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="answer_not_understood",
        form=re.compile(rf"unable to parse the response from {_ARN} due to"),
        happened="the hook {target} ran{stage}, and ECS could not read its answer",
        usually="the function crashed, ran out of time or of memory, or is not a hook: Testgate's "
        "hook answers whatever happens, unless its process is killed",
        to_do="read the function's log at that time (log group /aws/lambda/{function}); if it is "
        "Testgate's, look for a timeout or a failed import, and build the bundles for the "
        "stack's runtime",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="hook_failed",
        form=re.compile(rf"[Hh]ook target {_ARN} returned FAILED status"),
        happened="the hook {target} refused the deployment{stage}",
        usually="it is another team's hook; or it is Testgate's and its reason lies elsewhere: "
        "in another bucket, removed when its time was over, or only in the function's log",
        to_do="if it is Testgate's: name its stack with --stack or its bucket with --bucket, or "
        'search log group /aws/lambda/{function} for "testgate": "answer"',
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="pause_timed_out",
        form=re.compile(r"pause hook timed out"),
        happened="nobody continued the deployment at its pause{stage} before the time was over",
        usually="the person or the automation that should have called ContinueServiceDeployment "
        "did not know, or was too late",
        to_do="deploy again and continue it in time, or give the pause hook more minutes",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="hook_timed_out",
        form=re.compile(rf"[Hh]ook target {_ARN} timed out"),
        happened="the hook {target} did not come to an end{stage} before its time was over",
        usually="the hook's timeoutInMinutes is shorter than its tests take, or the function "
        "answered IN_PROGRESS until the time was over",
        to_do="give the hook more minutes than TIMEOUT_SECONDS of its hookDetails and two more, or "
        "the gate less time",
        source=Source.ASSUMED,
    ),
    Message(
        kind="pause_rolled_back",
        form=re.compile(r"pause hook was continued with action ROLLBACK"),
        happened="somebody ended the pause{stage} with ROLLBACK",
        usually="a person or an automation decided against this revision",
        to_do="ask who called ContinueServiceDeployment (CloudTrail has it)",
        source=Source.ASSUMED,
    ),
    Message(
        kind="load_balancer_rights",
        form=re.compile(
            r"missing permissions on ECS Infrastructure Role|"
            r"not authorized to perform: elasticloadbalancing:"
        ),
        happened="ECS could not change the load balancer, so green never got test traffic",
        usually="the service's infrastructure role (advancedConfiguration.roleArn) lacks rights or "
        "cannot be assumed; it is another role than the hook's",
        to_do="attach AmazonECSInfrastructureRolePolicyForLoadBalancers to it and let "
        "ecs.amazonaws.com assume it",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="network_configuration",
        form=re.compile(r"invalid networking configuration"),
        happened="ECS refused the deployment's listener rules or target groups{stage}",
        usually="something else changed them: a tool that applied its own weights, a rule that "
        "forwards to a third group, a group that no rule names",
        to_do="let the production rule send all traffic to one of the service's two target groups, "
        "and let the tool ignore the rules' actions (Terraform: ignore_changes)",
        source=Source.DOCUMENTED,
    ),
    Message(
        kind="circuit_breaker",
        form=re.compile(r"circuit breaker threshold was exceeded|tasks failed to start"),
        happened="green's tasks did not start, so it never came to the hook",
        usually="the image cannot be pulled or is of another architecture, the container ends at "
        "once, or its health check fails",
        to_do="look at the stopped tasks' reasons: aws ecs describe-tasks, and green's own log",
        source=Source.SEEN,
    ),
    Message(
        kind="alarm",
        form=re.compile(r"\balarms?\b", re.IGNORECASE),
        happened="a CloudWatch alarm of the deployment went off, and ECS rolled it back",
        usually="green, or what shares the alarm's metric, misbehaved while both revisions ran",
        to_do="look at the alarms that deploymentConfiguration names, and at their metrics then",
        source=Source.ASSUMED,
    ),
    Message(
        kind="stopped_by_hand",
        form=re.compile(r"StopServiceDeployment"),
        happened="somebody stopped the deployment (StopServiceDeployment)",
        usually="a person or a pipeline gave it up; a gate run that was under way is stopped too",
        to_do="ask who called it (CloudTrail has it)",
        source=Source.ASSUMED,
    ),
    Message(
        kind="superseded",
        form=re.compile(r"new service deployment was started"),
        happened="a newer deployment of the service took this one's place",
        usually="the service was updated again before this deployment was over",
        to_do="ask why about the newer one: testgate why CLUSTER/SERVICE",
        source=Source.ASSUMED,
    ),
    Message(
        kind="service_deleted",
        form=re.compile(r"service was deleted"),
        happened="the service was deleted during the deployment",
        usually="its stack was deleted, or its creation failed and was undone",
        to_do="look at the stack's events",
        source=Source.ASSUMED,
    ),
)

NOTHING_TO_RETURN_TO = Message(
    kind="no_rollback_candidate",
    form=re.compile(r"No rollback candidate was found"),
    happened="the deployment failed, and there was no earlier revision to return to",
    usually="it was the service's first; why it failed is told beside this, or stands in the "
    "service's events (aws ecs describe-services)",
    to_do="mend that and deploy again; if a first deployment shall not be tested, set ON_CREATE to "
    "skip in hookDetails",
    source=Source.SEEN,
)
