"""Each guard of the gate, taken away in a copy of the code: a named test must notice."""
