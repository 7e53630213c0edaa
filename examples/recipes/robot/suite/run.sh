exec python -m robot --output NONE --log NONE --report NONE \
  --xunit "$TESTGATE_RESULTS_DIR/junit.xml" shop.robot
