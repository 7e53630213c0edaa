"""`testgate attach` and `detach` on a service of the local AWS, to a deployment that is refused."""

from tests.deployments.conftest import CHECKOUT_SUITE


def test_a_gate_is_attached_observing_then_enforcing_and_taken_off(lab, testgate):
    assert lab.create("1")["status"] == "SUCCESSFUL"
    where = ("--cluster", lab.name, "--service", lab.name)
    gate = ("attach", *where, "--gate", lab.name)
    unpublished = testgate(*gate)
    assert unpublished.returncode == 2
    assert f"gate '{lab.name}' is not published in {lab.stack.record_bucket}" in unpublished.stderr
    lab.publish({"smoke": CHECKOUT_SUITE})

    shown = testgate(*gate)
    assert shown.returncode == 0, shown.stderr
    assert "Nothing is changed: --apply does it." in shown.stdout
    assert lab.update("2", SHOP_FAULT="checkout")["status"] == "SUCCESSFUL"

    assert "Done." in testgate(*gate, "--apply").stdout
    observed = lab.update("3", SHOP_FAULT="checkout")
    assert observed["status"] == "SUCCESSFUL"
    assert lab.recorded(observed).record["outcome"] == "failed"

    before = lab.site.newest_deployment()
    done = testgate(*gate, "--enforce", "--apply")
    assert '"MODE": "observe"' in done.stdout
    assert lab.site.newest_deployment() == before  # attaching starts no deployment
    assert testgate(*gate, "--enforce").stdout == "Nothing to change.\n"
    assert lab.update("4", SHOP_FAULT="checkout")["status"] == "ROLLBACK_SUCCESSFUL"

    assert "Done." in testgate("detach", *where, "--apply").stdout
    assert testgate("detach", *where, "--apply").stdout == "Nothing to change.\n"
    assert lab.update("5", SHOP_FAULT="checkout")["status"] == "SUCCESSFUL"


def test_what_a_template_needs_is_printed_and_no_service_is_looked_at(lab, testgate):
    lab.publish({"smoke": CHECKOUT_SUITE}, gate="timeout_s = 900")
    where = ("attach", "--cluster", "c", "--service", "s", "--gate", lab.name)
    told = testgate(*where, "--print", "terraform", "--enforce", "--pin")
    assert told.returncode == 0, told.stderr
    assert f'GATE = "{lab.name}@sha256:' in told.stdout
    assert "TIMEOUT_SECONDS = 900" in told.stdout
    assert lab.stack.hook_function_arn in told.stdout
    pinned = f"{lab.name}@{told.stdout.split('@')[1].split(chr(34))[0]}"
    again = testgate(*where[:-1], pinned, "--print", "terraform", "--enforce")
    assert again.stdout == told.stdout
    other = testgate(*where[:-1], pinned.replace(lab.name, "other"), "--print", "terraform")
    assert f"is of gate '{lab.name}', not 'other'" in other.stderr
    assert "MODE is set by --enforce" in testgate(*where, "--detail", "MODE=enforce").stderr
    wrong = testgate(*where, "--detail", "TEST_ENPOINT=x")
    assert wrong.returncode == 2
    assert "did you mean TEST_ENDPOINT?" in wrong.stderr


def test_a_service_of_terraform_is_left_to_its_configuration(lab, testgate):
    lab.local.client("ecs").create_service(
        cluster=lab.site.cluster,
        serviceName=lab.name,
        taskDefinition=lab.task("1"),
        desiredCount=1,
        loadBalancers=[lab.site.balancer()],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
        tags=[{"key": "ManagedBy", "value": "terraform"}],
    )
    lab.ended(lab.site.newest_deployment())
    lab.publish({"smoke": CHECKOUT_SUITE})
    told = testgate(
        *("attach", "--cluster", lab.name, "--service", lab.name, "--gate", lab.name, "--apply")
    )
    assert told.returncode == 2
    assert f"{lab.name} belongs to Terraform (its tag ManagedBy is terraform)" in told.stderr
    assert "--print shows it for each tool" in told.stderr
