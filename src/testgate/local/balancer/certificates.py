"""TLS of HTTPS listeners: certificates that moto's ACM holds, chosen by the name a client asks for.

Read anew at each handshake, so that a certificate added to a listener acts at once. Imported by
`testgate.local.balancer` alone.
"""

import ssl
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from moto.elbv2.exceptions import ELBClientError


def serving_context(arns: Callable[[], Sequence[str]]) -> ssl.SSLContext:
    """What an HTTPS listener serves with: of its certificates (the first is the default one) that
    which names the server that the client asks for.

    Raises:
        ELBClientError: a certificate is not one that ACM has with its key.
    """
    if not arns():
        raise ELBClientError("ValidationError", "A certificate must be specified for HTTPS.")
    made: dict[bytes, ssl.SSLContext] = {}
    for arn in arns():
        _context(_bundle(arn), made)

    def choose(connection: Any, name: str | None, _own: ssl.SSLContext) -> None:
        bundles = [_bundle(arn) for arn in arns()]
        fitting = [bundle for bundle in bundles if name and _is_for(bundle, name)]
        connection.context = _context((fitting or bundles)[0], made)

    base = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    base.sni_callback = choose
    return base


def _context(bundle: Any, made: dict[bytes, ssl.SSLContext]) -> ssl.SSLContext:
    if bundle.cert in made:
        return made[bundle.cert]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.TemporaryDirectory() as place:  # the ssl module reads keys from files only
        path = Path(place) / "certificate.pem"
        path.write_bytes(b"\n".join((bundle.cert, bundle.chain, bundle.key)))
        context.load_cert_chain(path)
    made[bundle.cert] = context
    return context


def _is_for(bundle: Any, name: str) -> bool:
    return any(_names(pattern, name) for pattern in (*bundle.sans, str(bundle.common_name)))


def _names(pattern: str, name: str) -> bool:
    """Whether a certificate's name is that name; a star stands for its first label (RFC 9525)."""
    if pattern.startswith("*."):
        return name.lower().partition(".")[2] == pattern[2:].lower()
    return pattern.lower() == name.lower()


def _bundle(arn: str) -> Any:
    from moto.acm.models import acm_backends

    parts = arn.split(":")
    found = None
    if len(parts) > 4 and parts[2] == "acm":
        found = acm_backends[parts[4]][parts[3]]._certificates.get(arn)
    if found is None or not found.key:
        raise ELBClientError(
            "CertificateNotFound",
            f"The local load balancer has no certificate {arn}: import it into the local ACM.",
        )
    return found
