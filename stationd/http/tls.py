"""TLS for the door: the certificate and its key from files that root owns, or from systemd credentials."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from stationd.domain.errors import Faulted


def server_tls(cert: str, key: str, environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """The context for a certificate and its key, each a path or the name of a systemd credential; ``None`` without one.

    Raises ``Faulted`` (``tls-unusable``).
    """
    if not cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(_file(cert, environment), _file(key, environment), password="")
    except (OSError, ValueError) as error:
        why = (
            error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "they do not belong together"
        )
        raise Faulted(
            "tls-unusable",
            f"cannot speak TLS with {cert} and {key}: {why}",
            fix="give PEM files that stationd may read, the key without a password",
        ) from error
    return context


def _file(name: str, environment: Mapping[str, str]) -> Path:
    return Path(name) if name.startswith("/") else Path(environment.get("CREDENTIALS_DIRECTORY", "/")) / name
