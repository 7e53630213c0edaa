"""Bad inputs, and what testgate says of each."""
