from playwright.sync_api import expect


def test_the_catalogue_is_shown(page, base_url):
    page.goto(f"{base_url}/catalogue")
    expect(page.locator("body")).to_contain_text("Canary lantern", timeout=2_000)


def test_it_is_healthy(page, base_url):
    assert page.goto(f"{base_url}/health").status == 200
