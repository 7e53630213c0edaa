"""Is there something to buy, at a price."""

import requests

TIMEOUT_S = 10


def test_catalogue_offers_available_products(base_url):
    response = requests.get(f"{base_url}/catalogue", timeout=TIMEOUT_S)
    assert response.status_code == 200, f"{response.status_code}, expected 200"
    available = [product for product in response.json()["products"] if product["available"]]
    assert available, "no product is available, expected at least one"


def test_product_is_the_one_that_the_catalogue_lists(base_url):
    products = requests.get(f"{base_url}/catalogue", timeout=TIMEOUT_S).json()["products"]
    assert products, "the catalogue is empty, expected at least one product"
    for listed in products:
        response = requests.get(f"{base_url}/catalogue/{listed['id']}", timeout=TIMEOUT_S)
        assert response.status_code == 200, f"{response.status_code}, expected 200"
        assert response.json() == listed


def test_unknown_product_is_not_found(base_url):
    response = requests.get(f"{base_url}/catalogue/no-such-product", timeout=TIMEOUT_S)
    assert response.status_code == 404, f"{response.status_code}, expected 404"
    assert response.json()["error"] == "no_such_product"
