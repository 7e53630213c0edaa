"""`testgate list` on whole deployments: from the index alone, whatever else is gone."""

from tests.deployments.conftest import CHECKOUT_SUITE
from tests.deployments.published import as_published


def test_list_tells_gate_runs_when_all_that_they_left_is_gone(lab, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE})
    first = lab.create("1", lab.hook())
    second = lab.update("2", SHOP_FAULT="checkout")
    for key in list(lab.bucket.keys(f"runs/{lab.name}/")):
        lab.local.client("s3").delete_object(Bucket=lab.bucket.name, Key=key)
    service = f"{lab.name}/{lab.name}"
    newest = as_published("list", testgate("list", service, "--limit", "1", "--json").stdout)
    assert [run["outcome"] for run in newest["runs"]] == ["failed"]
    assert second["serviceDeploymentArn"].endswith(newest["runs"][0]["deployment_id"])
    rest = testgate("list", lab.name, "--cursor", newest["cursor"], "--json")
    older = as_published("list", rest.stdout)
    assert [run["outcome"] for run in older["runs"]] == ["passed"]
    assert first["serviceDeploymentArn"].endswith(older["runs"][0]["deployment_id"])
    assert older["cursor"] is None
    told = testgate("list", service, "--outcome", "failed", "--since", "1h")
    assert told.returncode == 0, told.stderr
    (line,) = told.stdout.splitlines()[1:]
    assert line.split()[2:5] == [service, "test-gate", "failed"]
    whole = testgate("list", "--all", "--json")
    assert {run["service"] for run in as_published("list", whole.stdout)["runs"]} >= {lab.name}


def test_list_of_an_empty_history_says_so(testgate):
    told = testgate("list", "nobody/knows")
    assert told.returncode == 0
    assert told.stdout.startswith("No such gate run is recorded in bucket ")
    empty = as_published("list", testgate("list", "nobody", "--json").stdout)
    assert empty == {"runs": [], "cursor": None}
