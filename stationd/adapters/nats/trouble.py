"""Why a connection to the servers of the link did not come about: one line for a person, and what to do.

The library hides most of it: it raises that no server was left, and tells of the certificate beside. Numbers of what is
wrong with a certificate: X509_verify_cert_error(3).
"""

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from nats.errors import AuthorizationError, ConnectionClosedError, Error, NoServersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import ServiceUnavailableError

_ENDED: Final = 10
_NOT_YET: Final = 9
_ANOTHER_NAME: Final = frozenset({62, 63, 64})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, as the end of a sentence, and what to do. ``is_denied``: the servers, or we, said no."""

    text: str
    fix: str
    is_denied: bool = False


_DENIED: Final = Trouble(
    "the servers do not let it in",
    "its credentials were revoked, or are of another city: new ones are needed",
    is_denied=True,
)
_KNOWN: Final = (
    (socket.gaierror, Trouble("the name of the server is not known", "look at the network and its name service (DNS)")),
    (ConnectionRefusedError, Trouble("nobody listens there", "look whether the server runs, and at the port")),
    (TimeoutError, Trouble("no answer in time", "look at the network; or the servers have no leader")),
    (NatsTimeoutError, Trouble("no answer in time", "look at the network; or the servers have no leader")),
    (ServiceUnavailableError, Trouble("the servers have no leader", "two of three must see each other")),
    (ConnectionClosedError, Trouble("the server hung up", "look at the network, and whether the server runs")),
    (NoServersError, Trouble("no server answers", "look at the network, and whether the servers run")),
    (AuthorizationError, _DENIED),
)
"""The first that fits."""


def trouble(error: BaseException, heard: BaseException | None = None) -> Trouble:
    """What is behind an error of a connection; ``heard`` is what the library told last beside it."""
    if isinstance(error, NoServersError) and heard is not None:
        error = heard
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    if isinstance(error, ssl.SSLError):
        return Trouble(
            f"the server speaks no TLS that we do ({error.reason or type(error).__name__})",
            "look whether the server has certificates, and whether something stands between",
        )
    for kind, known in _KNOWN:
        if isinstance(error, kind):
            return known
    if isinstance(error, Error) and "auth" in str(error).lower():
        return _DENIED
    what = (error.strerror if isinstance(error, OSError) else None) or f"the connection broke ({type(error).__name__})"
    return Trouble(what, "look at the network, and at the servers' log")


def _certificate(error: ssl.SSLCertVerificationError) -> Trouble:
    if error.verify_code == _ENDED:
        return Trouble(
            "the server's certificate has ended, or this machine's clock is ahead",
            "look at the clock (timedatectl), then at the server's certificate",
        )
    if error.verify_code == _NOT_YET:
        return Trouble("the server's certificate is not valid yet: this machine's clock is behind", "timedatectl")
    if error.verify_code in _ANOTHER_NAME:
        return Trouble(
            "the server's certificate is for another name",
            "name the server as its certificate does, or have one signed for this name",
        )
    return Trouble(
        f"the authority in ca_file did not sign the server's certificate ({error.verify_message})",
        "ca_file must be the certificate of the city's own authority",
    )
