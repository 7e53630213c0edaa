"""AWS as the functions meet it, in virtual time: services with state, and boto3-shaped clients.

The real ports of `testgate.aws` are on top of the clients, so errors pass their translation.
"""
