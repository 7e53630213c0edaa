exec python -c 'from schemathesis.cli import schemathesis; schemathesis()' run \
  "$BASE_URL/openapi.json" --url "$BASE_URL" --phases coverage --seed 1 \
  --generation-database none --report junit --report-junit-path "$TESTGATE_RESULTS_DIR/junit.xml"
