"""Green behind rules that ask for a host, a header or a path: reached as the rule says, or refused
with the condition and the key that mends it."""

import dataclasses

import pytest

from testgate.core.outcomes import Outcome
from testgate.local.site import build_site
from tests.deployments.conftest import SUITE

SECRET = "stage-hunter2-hunter2"


def host(*values):
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def header(name, *values):
    config = {"HttpHeaderName": name, "Values": list(values)}
    return {"Field": "http-header", "HttpHeaderConfig": config}


def path(*values):
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def seeing(expression):
    """A suite of one test, about what green says that it was sent."""
    return (
        "import requests\n"
        "def test_what_green_sees(base_url):\n"
        "    told = requests.get(base_url + '/what').json()\n"
        "    assert " + expression + ", told\n"
    )


@pytest.fixture
def echo(lab):
    """A lab whose service tells what it was sent."""
    lab.image = "echo"
    return lab


def ask(lab, *conditions):
    lab.local.client("elbv2").modify_rule(RuleArn=lab.site.test_rule, Conditions=list(conditions))


def above(lab, *conditions):
    """A rule of higher priority on the test listener, which answers by itself."""
    elbv2 = lab.local.client("elbv2")
    listener = lab.site.test_rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
    priorities = [{"RuleArn": lab.site.test_rule, "Priority": 7}]
    elbv2.set_rule_priorities(RulePriorities=priorities)
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    made = elbv2.create_rule(
        ListenerArn=listener, Priority=3, Conditions=list(conditions), Actions=[fixed]
    )
    return made["Rules"][0]["RuleArn"].rpartition("/")[2]


def run_of(lab, suite, **details):
    """The record of version 1's gate run."""
    lab.publish({"smoke": suite})
    deployment = lab.create("1", lab.hook(**details))
    return deployment, lab.run(deployment)


def test_a_rule_that_asks_for_a_host_is_given_it(echo):
    ask(echo, host("*.example.com", "green.example.com"))
    suite = seeing("told['headers']['host'] == 'green.example.com'")
    deployment, run = run_of(echo, suite)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["base_url"] == echo.site.test_url
    assert run.record["identity"]["before"]["host"] == "green.example.com"
    assert run.record["suites"][0]["relay"]["requests"] == 1


def test_test_and_production_rule_on_one_listener_are_told_apart_by_a_header(echo):
    """As Amazon's own sample does; the suite's own header of that name does not get through."""
    elbv2 = echo.local.client("elbv2")
    site = echo.site
    listener = site.production_rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
    actions = elbv2.describe_rules(RuleArns=[site.production_rule])["Rules"][0]["Actions"]
    priorities = [{"RuleArn": site.production_rule, "Priority": 7}]
    elbv2.set_rule_priorities(RulePriorities=priorities)
    made = elbv2.create_rule(
        ListenerArn=listener, Priority=3, Conditions=[header("X-Test", "green")], Actions=actions
    )
    echo.site = dataclasses.replace(
        site, test_rule=made["Rules"][0]["RuleArn"], test_url=site.production_url
    )
    echo.publish({"smoke": SUITE.replace("/health", "/version")})
    assert echo.create("1", echo.hook())["status"] == "SUCCESSFUL"
    suite = seeing("told['headers']['x-test'] == 'green'") + (
        "def test_version(base_url):\n"
        "    answer = requests.get(base_url + '/version', headers={'X-Test': 'blue'})\n"
        "    assert answer.json() == {'version': '2'}\n"
    )
    echo.publish({"smoke": suite})
    deployment = echo.update("2")
    run = echo.run(deployment)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["identity"]["before"]["header_names"] == ["x-test"]


def test_a_headers_value_stays_out_of_everything_that_is_stored_or_logged(echo):
    """Although green echoes it into a failing test's message and output."""
    ask(echo, header("X-Key", "stage-*"))
    suite = (
        "import requests\n"
        "def test_it(base_url):\n"
        "    told = requests.get(base_url + '/what').text\n"
        "    print(told)\n"
        "    assert not told, told\n"
    )
    deployment, run = run_of(echo, suite, TEST_HEADERS={"X-Key": SECRET})
    assert run.outcome is Outcome.FAILED
    assert run.record["config"]["TEST_HEADERS"] == ["x-key"]
    assert "[redacted]" in run.record["suites"][0]["failures"][0]["message"]
    stored = {key: echo.bucket.get(key) for key in echo.bucket.keys(run.place.prefix)}
    assert any(key.endswith("junit.xml") for key in stored)
    assert [key for key, body in stored.items() if b"hunter2" in body] == []
    logs = echo.local.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    lines = [
        event["message"]
        for group in groups
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert any(deployment["serviceDeploymentArn"] in line for line in lines)
    assert not [line for line in lines if "hunter2" in line]


@pytest.mark.parametrize(
    ("conditions", "details", "says"),
    [
        ([host("*.example.com")], {}, "set TEST_HOST to one that it matches"),
        ([host("a.example.com")], {"TEST_HOST": "b.example.com"}, "TEST_HOST is b.example.com"),
        ([header("x-key", "stage-*")], {}, "set TEST_HEADERS to one that it matches"),
        ([path("/health")], {}, "with path-pattern /health, which cannot be had"),
    ],
)
def test_what_cannot_be_derived_refuses_with_the_key_that_mends_it(lab, conditions, details, says):
    ask(lab, *conditions)
    deployment, run = run_of(lab, SUITE, **details)
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert run.outcome is Outcome.INFRA_ERROR
    assert says in run.sentence


def test_a_rule_for_some_paths_makes_them_the_base_url(lab):
    ask(lab, path("/catalogue*"))
    suite = (
        "import requests\n"
        "def test_inside(base_url):\n    assert requests.get(base_url).ok\n"
        "def test_outside(base_url):\n"
        "    root = base_url.removesuffix('/catalogue')\n"
        "    assert requests.get(root + '/health').status_code == 421\n"
    )
    deployment, run = run_of(lab, suite)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["base_url"] == f"{lab.site.test_url}/catalogue"
    relay = run.record["suites"][0]["relay"]
    assert relay["requests"] == 1
    assert "takes paths that begin with /catalogue, not /health" in relay["problem"]


def test_a_default_rule_has_no_conditions(lab):
    elbv2 = lab.local.client("elbv2")
    listener = lab.site.test_rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
    actions = elbv2.describe_rules(RuleArns=[lab.site.test_rule])["Rules"][0]["Actions"]
    elbv2.delete_rule(RuleArn=lab.site.test_rule)
    elbv2.modify_listener(ListenerArn=listener, DefaultActions=actions)
    (default,) = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert default["IsDefault"]
    lab.site = dataclasses.replace(lab.site, test_rule=default["RuleArn"])
    lab.established()
    deployment = lab.update("2")
    assert deployment["status"] == "SUCCESSFUL", lab.run(deployment).sentence
    assert lab.production == "2"


def test_a_rule_above_that_takes_what_is_sent_refuses(lab):
    ask(lab, host("green.example.com"))
    name = above(lab, host("*.example.com"), path("/cart*"))
    deployment, run = run_of(lab, SUITE)
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert f"listener rule {name} has a higher priority" in run.sentence


def test_a_rule_above_that_needs_a_header_of_the_suites_own_cannot_answer_for_green(lab):
    name = above(lab, header("X-Canary", "yes"))
    suite = SUITE + (
        "def test_canary(base_url):\n"
        "    answer = requests.get(base_url + '/health', headers={'x-canary': 'yes'})\n"
        "    assert answer.status_code == 421, answer.text\n"
        f"    assert 'listener rule {name} would take' in answer.text\n"
    )
    deployment, run = run_of(lab, suite)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    assert run.record["suites"][0]["relay"]["statuses"] == {"200": 1}


@pytest.mark.parametrize(("container", "port"), [("app:8080", 8080), ("app:9090", 9090)])
def test_one_container_behind_two_load_balancers_is_told_apart_by_port(echo, container, port):
    other = build_site(echo.local.client, f"{echo.name}-b")
    echo.site = dataclasses.replace(
        echo.site, ports=(8080, 9090), more_balancers=(other.balancer(9090),)
    )
    deployment, run = run_of(echo, seeing(f"told['port'] == {port}"), CONTAINER=container)
    assert deployment["status"] == "SUCCESSFUL", run.sentence
    expected = echo.site.test_url if port == 8080 else other.test_url
    assert run.record["base_url"] == expected


def test_two_entries_and_no_container_named_refuse(echo):
    other = build_site(echo.local.client, f"{echo.name}-b")
    echo.site = dataclasses.replace(
        echo.site, ports=(8080, 9090), more_balancers=(other.balancer(9090),)
    )
    deployment, run = run_of(echo, seeing("True"), CONTAINER="app")
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert "entries for: app:8080, app:9090; CONTAINER is 'app'" in run.sentence
    assert run.record["suites"] == []
