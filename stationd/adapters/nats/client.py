"""The client of NATS, which goes on in plain text with a server that asks for no TLS, whatever its address says.

Whoever stands between could make use of that: it would be given the token, and a signature over a number of its own
choice, with which it is let in at the genuine servers. So nothing is said to a server at ``tls://`` before TLS is on.
"""

from nats.aio.client import Client
from nats.errors import Error


class GuardedClient(Client):
    """A client that says nothing in plain text to a server whose address begins with ``tls://``."""

    def _connect_command(self) -> bytes:
        """What is said first. Raises ``Error`` where TLS was agreed on and is not on.

        ``tls_required`` in what the server has told is all that the library looks at to switch TLS on.
        """
        server = self._current_server
        is_agreed = server is not None and server.uri.scheme == "tls"
        if is_agreed and not self._server_info.get("tls_required"):
            raise Error("the server asks for no TLS")
        return super()._connect_command()
