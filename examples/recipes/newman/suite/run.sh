exec newman run shop.json --env-var "baseUrl=$BASE_URL" --reporters cli,junit \
  --reporter-junit-export "$TESTGATE_RESULTS_DIR/junit.xml"
