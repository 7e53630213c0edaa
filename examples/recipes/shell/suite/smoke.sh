set -eu
curl --fail --silent --show-error --max-time 10 "$BASE_URL/health"
cart=$(curl --fail --silent --show-error --max-time 10 --request POST "$BASE_URL/cart" |
  sed 's/.*"id": *"\([^"]*\)".*/\1/')
curl --fail --silent --show-error --max-time 10 "$BASE_URL/cart/$cart"
