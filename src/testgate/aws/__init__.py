"""AWS behind small ports: a file a service; no ClientError leaves this package."""
