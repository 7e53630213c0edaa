"""Lifecycle rules of a bucket, from CloudFormation's form into that of S3's API.

Pure. Imported by `bucket` alone.
"""

from typing import Any


def api_rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as PutBucketLifecycleConfiguration takes them."""
    return [_rule(rule) for rule in rules]


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    transitions = [
        *rule.get("Transitions", []),
        *([rule["Transition"]] if "Transition" in rule else []),
    ]
    parts: dict[str, Any] = {
        "ID": rule.get("Id"),
        "Status": rule["Status"],
        "Filter": _filter(rule),
        "Expiration": _expiration(rule),
        "NoncurrentVersionExpiration": _noncurrent(rule),
        "AbortIncompleteMultipartUpload": _integers(rule.get("AbortIncompleteMultipartUpload")),
        "Transitions": [_transition(transition) for transition in transitions],
    }
    return {name: part for name, part in parts.items() if part}


def _filter(rule: dict[str, Any]) -> dict[str, Any]:
    tags = rule.get("TagFilters", [])
    parts: dict[str, Any] = {
        name: rule[name]
        for name in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in rule
    }
    if not tags and len(parts) <= 1:
        return parts or {"Prefix": ""}
    if len(tags) == 1 and not parts:
        return {"Tag": tags[0]}
    return {"And": {**parts, **({"Tags": tags} if tags else {})}}


def _expiration(rule: dict[str, Any]) -> dict[str, Any]:
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpirationDate" in rule:
        expiration["Date"] = rule["ExpirationDate"]
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    return expiration


def _noncurrent(rule: dict[str, Any]) -> dict[str, Any]:
    if "NoncurrentVersionExpirationInDays" in rule:
        return {"NoncurrentDays": int(rule["NoncurrentVersionExpirationInDays"])}
    return _integers(rule.get("NoncurrentVersionExpiration"))


def _transition(transition: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"StorageClass": transition["StorageClass"]}
    if "TransitionInDays" in transition:
        found["Days"] = int(transition["TransitionInDays"])
    if "TransitionDate" in transition:
        found["Date"] = transition["TransitionDate"]
    return found


def _integers(values: dict[str, Any] | None) -> dict[str, int]:
    return {name: int(value) for name, value in (values or {}).items()}
