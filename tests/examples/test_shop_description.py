"""The shop's OpenAPI document is valid, names the served routes, and tells the truth of answers."""

from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from examples.shop.api import ROUTES
from tests.examples.conftest import StartShop

TIMEOUT_S = 60
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ITEM = {"product_id": "mug", "quantity": 1}


@pytest.fixture(scope="module")
def description(shop_url) -> dict[str, Any]:
    document: dict[str, Any] = requests.get(f"{shop_url}/openapi.json", timeout=TIMEOUT_S).json()
    return document


def test_document_is_openapi_3_1(description):
    assert description["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


def test_document_names_exactly_the_served_routes(description):
    described = {
        (method.upper(), path)
        for path, item in description["paths"].items()
        for method in item
        if method in METHODS
    }
    assert described == set(ROUTES)


def test_allow_header_lists_the_described_methods(description, shop_url):
    for path, item in description["paths"].items():
        answer = requests.patch(shop_url + path.replace("{id}", "x"), timeout=TIMEOUT_S)
        described = {method.upper() for method in item if method in METHODS}
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == described


@pytest.mark.parametrize(
    ("method", "path", "template", "body", "status"),
    [
        ("GET", "/health", "/health", None, 200),
        ("GET", "/version", "/version", None, 200),
        ("GET", "/openapi.json", "/openapi.json", None, 200),
        ("GET", "/catalogue", "/catalogue", None, 200),
        ("GET", "/catalogue/mug", "/catalogue/{id}", None, 200),
        ("GET", "/catalogue/none", "/catalogue/{id}", None, 404),
        ("POST", "/cart", "/cart", None, 201),
        ("GET", "/cart/none", "/cart/{id}", None, 404),
        ("GET", "{cart}", "/cart/{id}", None, 200),
        ("POST", "{cart}/items", "/cart/{id}/items", ITEM, 200),
        ("POST", "{cart}/items", "/cart/{id}/items", {"quantity": 1}, 400),
        ("POST", "{cart}/items", "/cart/{id}/items", {**ITEM, "product_id": "poster"}, 409),
        ("POST", "/cart/none/items", "/cart/{id}/items", ITEM, 404),
        ("POST", "{cart}/checkout", "/cart/{id}/checkout", None, 409),
        ("POST", "{filled}/checkout", "/cart/{id}/checkout", None, 201),
        ("POST", "/cart/none/checkout", "/cart/{id}/checkout", None, 404),
    ],
)
def test_answers_are_as_described(description, shop_url, method, path, template, body, status):
    path = path.replace("{cart}", new_cart_path(shop_url))
    path = path.replace("{filled}", filled_cart_path(shop_url))
    answer = requests.request(method, shop_url + path, json=body, timeout=TIMEOUT_S)
    assert answer.status_code == status
    check_against(description, template, method, answer)


def test_answers_of_a_faulty_shop_are_as_described(description, start_shop: StartShop):
    shop = start_shop(SHOP_FAULT="unhealthy,checkout,wrong-price,catalogue-empty")
    health = requests.get(f"{shop.url}/health", timeout=TIMEOUT_S)
    check_against(description, "/health", "GET", health)
    catalogue = requests.get(f"{shop.url}/catalogue", timeout=TIMEOUT_S)
    check_against(description, "/catalogue", "GET", catalogue)
    checkout = requests.post(f"{shop.url}/cart/any/checkout", timeout=TIMEOUT_S)
    check_against(description, "/cart/{id}/checkout", "POST", checkout)


def new_cart_path(shop_url: str) -> str:
    return requests.post(f"{shop_url}/cart", timeout=TIMEOUT_S).headers["Location"]


def filled_cart_path(shop_url: str) -> str:
    path = new_cart_path(shop_url)
    requests.post(f"{shop_url}{path}/items", json=ITEM, timeout=TIMEOUT_S).raise_for_status()
    return path


def check_against(
    description: dict[str, Any], template: str, method: str, answer: requests.Response
) -> None:
    operation = description["paths"][template][method.lower()]
    content = operation["responses"][str(answer.status_code)]["content"]
    assert answer.headers["Content-Type"] in content
    schema = content[answer.headers["Content-Type"]]["schema"]
    Draft202012Validator({**schema, "components": description["components"]}).validate(
        answer.json()
    )
