"""Reset empties everything, stops what runs, and leaves the bridges in force."""

import json
import subprocess
import sys
import textwrap

SCRIPT = textwrap.dedent(
    """
    import json, threading, urllib.request
    from testgate.local.server import MotoServer

    server = MotoServer()
    server.start()
    sfn, role = server.client("stepfunctions"), "arn:aws:iam::123456789012:role/r"
    wait = {"Type": "Wait", "Seconds": 3600, "End": True}
    text = json.dumps({"StartAt": "Wait", "States": {"Wait": wait}})

    def start():
        machine = sfn.create_state_machine(name="m", definition=text, roleArn=role)
        return sfn.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]

    def running():
        return [t.name for t in threading.enumerate() if t.name.startswith("execution-")]

    seen = {}
    first = start()
    seen["running"] = len(running())
    server.reset()
    seen["after reset"] = len(running())
    seen["machines"] = len(sfn.list_state_machines()["stateMachines"])
    second = start()
    urllib.request.urlopen(urllib.request.Request(server.url + "/moto-api/reset", method="POST"))
    seen["after HTTP reset"] = len(running())
    third = start()
    seen["names differ"] = len({first, second, third})
    sfn.stop_execution(executionArn=third, error="E")
    seen["status"] = sfn.describe_execution(executionArn=third)["status"]
    server.close()
    seen["after close"] = len(running())
    print(json.dumps(seen))
    """
)


def test_reset_stops_executions_and_keeps_the_bridges() -> None:
    """In a process of its own: moto's state is shared by all servers of a process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == {
        "running": 1,
        "after reset": 0,
        "machines": 0,
        "after HTTP reset": 0,
        "names differ": 3,
        "status": "ABORTED",
        "after close": 0,
    }
