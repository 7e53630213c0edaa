"""The recorded image is started with its environment, waited for, and gone afterwards."""

import os
import sys
import textwrap

import pytest
import requests

from testgate.cli.starting import Container, as_process, by_docker, container_of
from testgate.core.errors import GateError

SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get("GREETING", "").encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
CONTAINER = Container(image="example.com/shop:2", port=8080, environment={"GREETING": "hello"})


def images(tmp_path, command):
    (tmp_path / "server.py").write_text(SERVER)
    path = tmp_path / "images.toml"
    path.write_text(f'[images."*/shop"]\ncommand = {command}\ncwd = "."\n')
    return path


def test_a_local_process_stands_for_it(tmp_path):
    path = images(tmp_path, '["{python}", "server.py"]')
    with as_process(CONTAINER, path) as url:
        assert requests.get(url, timeout=60).text == "hello"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=60)


@pytest.mark.parametrize(
    ("command", "image", "says"),
    [
        ('["{python}", "-c", "pass"]', "example.com/shop:2", "ended before it listened"),
        ('["{python}", "-c", "pass"]', "example.com/other:2", "maps no process to image"),
    ],
)
def test_what_does_not_start_is_told(tmp_path, command, image, says):
    path = images(tmp_path, command)
    container = Container(image=image, port=1, environment={})
    with pytest.raises(GateError, match=says), as_process(container, path):
        pass


DOCKER = """
    import os, pathlib, subprocess, sys
    here = pathlib.Path(__file__).parent
    with (here / "asked").open("a") as log:
        log.write(" ".join(sys.argv[1:]) + "\\n")
    match sys.argv[1]:
        case "run":
            given = dict(w.split("=", 1) for w in sys.argv if "=" in w)
            own = os.environ | given | {"PORT": (here / "port").read_text()}
            process = subprocess.Popen([sys.executable, str(here / "server.py")], env=own,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            (here / "pid").write_text(str(process.pid))
            print("c0ffee")
        case "port":
            print("127.0.0.1:" + (here / "port").read_text())
        case "inspect":
            print("true")
        case "rm":
            os.kill(int((here / "pid").read_text()), 9)
"""


def test_docker_runs_the_image_and_removes_it(tmp_path, monkeypatch, unused_port):
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "port").write_text(str(unused_port))
    docker = tmp_path / "docker"
    docker.write_text(f"#!{sys.executable}\n{textwrap.dedent(DOCKER)}")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with by_docker(CONTAINER) as url:
        assert url == f"http://127.0.0.1:{unused_port}"
        assert requests.get(url, timeout=60).text == "hello"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:2] == [
        "run --rm --detach --publish 127.0.0.1::8080 --env GREETING=hello example.com/shop:2",
        "port c0ffee 8080/tcp",
    ]
    assert asked[-1] == "rm --force c0ffee"


@pytest.fixture
def unused_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_without_docker_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GateError, match="Docker is not here to start"), by_docker(CONTAINER):
        pass


class Ecs:
    def __init__(self, *containers, known=True):
        self.containers = list(containers)
        self.known = known

    def describe_service_revisions(self, **_):
        return {"serviceRevisions": [{"taskDefinition": "t"}] if self.known else []}

    def describe_task_definition(self, **_):
        return {"taskDefinition": {"containerDefinitions": self.containers}}


def test_the_container_is_the_one_of_the_recorded_image():
    proxy = {"name": "proxy", "image": "proxy:1", "portMappings": [{"containerPort": 80}]}
    shop = {
        "name": "app",
        "image": "shop:2",
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "A", "value": "b"}],
    }
    found = container_of(Ecs(proxy, shop), "revision", "shop:2")
    assert found == Container(image="shop:2", port=8080, environment={"A": "b"})
    with pytest.raises(GateError, match="maps no port"):
        container_of(Ecs({"name": "app", "image": "shop:2"}), "revision", "shop:2")
    with pytest.raises(GateError, match="knows no revision"):
        container_of(Ecs(shop, known=False), "revision", "shop:2")
