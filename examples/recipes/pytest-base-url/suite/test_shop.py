import requests


def test_it_is_healthy(base_url):
    assert requests.get(f"{base_url}/health", timeout=10).json() == {"status": "ok"}


def test_an_empty_cart_is_not_checked_out(base_url):
    cart = requests.post(f"{base_url}/cart", timeout=10).headers["Location"]
    status = requests.post(f"{base_url}{cart}/checkout", timeout=10).status_code
    assert status == 409, f"{status}, expected 409"
