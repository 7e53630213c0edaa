import os

import pytest
import requests

URL = os.environ["BASE_URL"]


def ask(method, path, **body):
    return requests.request(method, URL + path, timeout=10, **body)


@pytest.fixture
def cart():
    made = ask("POST", "/cart")
    assert made.status_code == 201, f"{made.status_code}, expected 201"
    return made.headers["Location"]


def test_it_is_healthy():
    assert ask("GET", "/health").json() == {"status": "ok"}


@pytest.mark.parametrize("product", ["mug", "notebook", "lantern"])
def test_a_product_has_a_price(product):
    assert ask("GET", f"/catalogue/{product}").json()["price_cents"] > 0


def test_a_cart_becomes_an_order(cart):
    ask("POST", f"{cart}/items", json={"product_id": "mug", "quantity": 2})
    order = ask("POST", f"{cart}/checkout")
    assert order.status_code == 201, f"{order.status_code}, expected 201"


@pytest.mark.skip(reason="a later version has it")
def test_an_order_can_be_returned():
    raise AssertionError
