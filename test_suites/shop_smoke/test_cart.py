"""Does a cart keep what is put into it, and add it up."""

import pytest
import requests

TIMEOUT_S = 10


@pytest.fixture
def cart_url(base_url):
    response = requests.post(f"{base_url}/cart", timeout=TIMEOUT_S)
    assert response.status_code == 201, f"{response.status_code}, expected 201"
    return f"{base_url}/cart/{response.json()['id']}"


def test_new_cart_is_empty(cart_url):
    response = requests.get(cart_url, timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    cart = response.json()
    assert cart["lines"] == []
    assert cart["total_cents"] == 0, f"{cart['total_cents']} cents, expected 0"


def test_cart_charges_what_the_catalogue_says(base_url, cart_url):
    mug = requests.get(f"{base_url}/catalogue/mug", timeout=TIMEOUT_S)
    assert mug.status_code == 200, f"{mug.status_code}, expected 200"
    item = {"product_id": "mug", "quantity": 3}
    response = requests.post(f"{cart_url}/items", json=item, timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    total, expected = response.json()["total_cents"], 3 * mug.json()["price_cents"]
    assert total == expected, f"{total} cents, expected {expected}"


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"product_id": "mug"}, id="no quantity"),
        pytest.param({"product_id": "mug", "quantity": "two"}, id="not a number"),
    ],
)
def test_unreadable_item_is_refused(cart_url, item):
    response = requests.post(f"{cart_url}/items", json=item, timeout=TIMEOUT_S)
    assert response.status_code == 400, f"{response.status_code}, expected 400"


def test_unknown_cart_is_not_found(base_url):
    response = requests.get(f"{base_url}/cart/no-such-cart", timeout=TIMEOUT_S)
    assert response.status_code == 404, f"{response.status_code}, expected 404"
    assert response.json()["error"] == "no_such_cart"
