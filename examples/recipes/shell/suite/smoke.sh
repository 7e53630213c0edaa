set -eu
ask() { curl --fail --silent --show-error --max-time 10 "$@"; }
ask "$BASE_URL/health"
cart=$(ask --request POST "$BASE_URL/cart" | sed 's/.*"id": *"\([^"]*\)".*/\1/')
ask --json '{"product_id": "mug", "quantity": 1}' "$BASE_URL/cart/$cart/items"
ask --request POST "$BASE_URL/cart/$cart/checkout"
