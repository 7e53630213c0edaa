import os

import pytest
import requests

URL = os.environ["BASE_URL"]


@pytest.mark.parametrize("quantity", range(1, 13))
def test_an_order_costs_what_its_items_cost(quantity):
    price_cents = requests.get(f"{URL}/catalogue/mug", timeout=10).json()["price_cents"]
    cart = URL + requests.post(f"{URL}/cart", timeout=10).headers["Location"]
    item = {"product_id": "mug", "quantity": quantity}
    requests.post(f"{cart}/items", json=item, timeout=10)
    order = requests.post(f"{cart}/checkout", timeout=10)
    assert order.status_code == 201, f"{order.status_code}, expected 201"
    assert order.json()["total_cents"] == quantity * price_cents
