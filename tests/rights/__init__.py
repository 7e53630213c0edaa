"""Each right that infra/gate.yaml gives is one that a gate uses, as whole deployments show."""
