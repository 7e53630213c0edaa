import os

import requests

URL = os.environ["BASE_URL"]
tries = []


def test_it_is_healthy():
    assert requests.get(f"{URL}/health", timeout=10).json() == {"status": "ok"}


def test_the_first_try_is_too_early():
    tries.append(requests.get(f"{URL}/catalogue", timeout=10).status_code)
    assert tries == [200, 200], f"asked {len(tries)} times, expected 2"


def test_an_order_is_made():
    cart = requests.post(f"{URL}/cart", timeout=10).headers["Location"]
    item = {"product_id": "mug", "quantity": 1}
    requests.post(f"{URL}{cart}/items", json=item, timeout=10)
    status = requests.post(f"{URL}{cart}/checkout", timeout=10).status_code
    assert status == 201, f"{status}, expected 201"
