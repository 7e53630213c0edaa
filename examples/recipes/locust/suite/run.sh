exec python -m locust --headless --users 4 --spawn-rate 4 --run-time 8s --only-summary \
  --json-file "$TESTGATE_RESULTS_DIR/locust" --html "$TESTGATE_RESULTS_DIR/locust.html"
