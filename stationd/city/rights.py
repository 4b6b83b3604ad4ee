"""Who may do what at the city's NATS servers: an operator, one account for the city, one signing key for stations.

The signing key carries a template of rights in which ``{{name()}}`` is the station's id, so that a station can be given
a user's token and nothing else decides what it may do; the servers have no list of users. Revoking names a user in the
account's token, which is pushed to the servers.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from stationd.adapters.city_messages import MOST_BYTES
from stationd.city.identity import Identity
from stationd.city.nkeys import Kind, NKey, credentials
from stationd.domain.city_link import ORDERS

STATION_RIGHTS: Final[Mapping[str, Any]] = {
    "pub": {
        "allow": [
            "events.{{name()}}.>",
            f"$JS.API.CONSUMER.MSG.NEXT.{ORDERS}.{{{{name()}}}}",
            f"$JS.ACK.{ORDERS}.{{{{name()}}}}.>",
        ]
    },
    "sub": {"allow": ["_INBOX.{{name()}}.>"]},
    "subs": 8,
    "data": -1,
    "payload": MOST_BYTES,
    "allowed_connection_types": ["STANDARD"],
}
"""What a station may: send its own facts, fetch and acknowledge its own orders, hear answers."""

_UNLIMITED: Final = {
    "subs": -1,
    "data": -1,
    "payload": -1,
    "imports": -1,
    "exports": -1,
    "wildcards": True,
    "conn": -1,
    "leaf": 0,
}
_STORES: Final = {"mem_storage": 0, "disk_storage": -1, "streams": 2, "consumer": -1, "max_ack_pending": -1}
_NO_STORES: Final = {"mem_storage": 0, "disk_storage": 0, "streams": 0, "consumer": 0}
CLAIMS_UPDATE: Final = "$SYS.REQ.CLAIMS.UPDATE"
"""Where the account's token is pushed."""


class Rights:
    """The city's operator, accounts and users; every key but the stations' comes from the city's key."""

    def __init__(self, identity: Identity, city: str) -> None:
        """``city`` names the operator and the account."""
        self._city = city
        self._operator = NKey(Kind.OPERATOR, identity.derived("nats operator"))
        self._account = NKey(Kind.ACCOUNT, identity.derived("nats account"))
        self._stations = NKey(Kind.ACCOUNT, identity.derived("nats stations"))
        self._system = NKey(Kind.ACCOUNT, identity.derived("nats system"))
        self.city_user = NKey(Kind.USER, identity.derived("nats city user"))
        self.system_user = NKey(Kind.USER, identity.derived("nats system user"))

    def operator_token(self, *, at: int) -> str:
        """What the servers believe in."""
        claims = {"type": "operator", "system_account": self._system.public}
        return self._operator.token(self._operator.public, self._city, claims, at=at)

    def account_token(self, revoked: Mapping[str, int], *, at: int) -> str:
        """The city's account; ``revoked`` are users with the Unix second until which their tokens are void."""
        claims: dict[str, Any] = {
            "type": "account",
            "limits": {**_UNLIMITED, **_STORES},
            "signing_keys": [
                {"kind": "user_scope", "key": self._stations.public, "role": "station", "template": STATION_RIGHTS}
            ],
        }
        if revoked:
            claims["revocations"] = dict(revoked)
        return self._operator.token(self._account.public, self._city, claims, at=at)

    def system_token(self, *, at: int) -> str:
        """The servers' own account."""
        claims = {"type": "account", "limits": {**_UNLIMITED, **_NO_STORES}}
        return self._operator.token(self._system.public, "SYS", claims, at=at)

    def city_token(self, *, at: int) -> str:
        """The city's own user, which may do everything in its account."""
        return self._account.token(self.city_user.public, "city", _user(), at=at)

    def system_user_token(self, *, at: int) -> str:
        """The user that pushes the account's token."""
        return self._system.token(self.system_user.public, "rights", _user(), at=at)

    def station_credentials(self, station: str, *, at: int) -> tuple[str, str]:
        """A new user for a station: its public key, and the credentials file to be given to it and kept nowhere."""
        user = NKey(Kind.USER, secrets.token_bytes(32))
        claims = {"type": "user", "issuer_account": self._account.public}
        return user.public, credentials(self._stations.token(user.public, station, claims, at=at), user)

    def server_config(self, revoked: Mapping[str, int], *, at: int) -> str:
        """The part of the servers' configuration that says whom to believe; the same on every node, nothing secret."""
        return (
            "# Made by `stationd-city server-config`; nothing in it is secret.\n"
            f"operator: {self.operator_token(at=at)}\n"
            f"system_account: {self._system.public}\n"
            "resolver_preload: {\n"
            f"  {self._account.public}: {self.account_token(revoked, at=at)}\n"
            f"  {self._system.public}: {self.system_token(at=at)}\n"
            "}\n"
        )


def _user() -> Mapping[str, Any]:
    return {"type": "user", "subs": -1, "data": -1, "payload": -1}
