"""Is this a shop at all, and which one."""

import requests

TIMEOUT_S = 10


def test_health_is_ok(base_url):
    response = requests.get(f"{base_url}/health", timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    assert response.json() == {"status": "ok"}


def test_version_names_version_and_image(base_url):
    response = requests.get(f"{base_url}/version", timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    body = response.json()
    assert body.keys() == {"version", "image"}, f"{sorted(body)}, expected image and version"
    assert body["version"], "the version is empty"


def test_unknown_path_is_not_found(base_url):
    response = requests.get(f"{base_url}/no-such-page", timeout=TIMEOUT_S)
    assert response.status_code == 404, f"{response.status_code}, expected 404"
    assert response.json()["error"] == "no_such_path"
