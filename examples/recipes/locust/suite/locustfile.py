from locust import HttpUser, constant, task


class Shopper(HttpUser):
    wait_time = constant(0.1)

    @task
    def buy(self):
        self.client.get("/catalogue/mug", name="/catalogue/[id]")
        cart = self.client.post("/cart").headers.get("Location", "/cart/none")
        item = {"product_id": "mug", "quantity": 1}
        self.client.post(f"{cart}/items", json=item, name="/cart/[id]/items")
        self.client.post(f"{cart}/checkout", name="/cart/[id]/checkout")
