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


def test_diff_tells_what_fails_anew_still_fails_and_is_fixed(lab, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE})
    service = f"{lab.name}/{lab.name}"
    first = lab.create("1", lab.hook())
    nothing = testgate("diff", service)
    assert nothing.returncode == 7
    assert f"no gate run of {service} is recorded before this one" in nothing.stderr
    lab.update("2", SHOP_FAULT="checkout")
    worse = testgate("diff", service)
    assert worse.returncode == 1, worse.stderr
    assert "Newly failing (1)\n  smoke  test_it.py::test_checkout" in worse.stdout
    lab.update("3", SHOP_FAULT="checkout")
    same = testgate("diff", service, "--json")
    told = as_published("diff", same.stdout)
    assert same.returncode == 0
    assert told["tests"]["still_failing"] == [
        {"suite": "smoke", "test": "test_it.py::test_checkout"}
    ]
    lab.update("4")
    better = as_published("diff", testgate("diff", service, "--json").stdout)
    assert [each["test"] for each in better["tests"]["fixed"]] == ["test_it.py::test_checkout"]
    with_first = testgate("diff", service, first["serviceDeploymentArn"])
    assert with_first.stdout.splitlines()[-1] == "No test differs."
