"""Does a cart become an order: once, and only if there is something in it."""

import pytest
import requests

TIMEOUT_S = 10


@pytest.fixture
def cart_url(base_url):
    response = requests.post(f"{base_url}/cart", timeout=TIMEOUT_S)
    assert response.status_code == 201, f"{response.status_code}, expected 201"
    return f"{base_url}/cart/{response.json()['id']}"


@pytest.fixture
def filled_cart_url(cart_url):
    item = {"product_id": "notebook", "quantity": 2}
    response = requests.post(f"{cart_url}/items", json=item, timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    return cart_url


def test_checkout(filled_cart_url):
    cart = requests.get(filled_cart_url, timeout=TIMEOUT_S).json()
    response = requests.post(f"{filled_cart_url}/checkout", timeout=TIMEOUT_S)
    assert response.status_code == 201, f"{response.status_code}, expected 201"
    order = response.json()
    assert order["lines"] == cart["lines"]
    assert order["total_cents"] == cart["total_cents"]


def test_second_checkout_is_refused(filled_cart_url):
    requests.post(f"{filled_cart_url}/checkout", timeout=TIMEOUT_S)
    response = requests.post(f"{filled_cart_url}/checkout", timeout=TIMEOUT_S)
    assert response.status_code == 409, f"{response.status_code}, expected 409"
    assert response.json()["error"] == "cart_closed"


def test_checkout_of_an_empty_cart_is_refused(cart_url):
    response = requests.post(f"{cart_url}/checkout", timeout=TIMEOUT_S)
    assert response.status_code == 409, f"{response.status_code}, expected 409"
    assert response.json()["error"] == "cart_empty"
