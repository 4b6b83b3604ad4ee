"""Who knocks: tokens, officers, their sessions and duty, and kiosks that pair."""

from datetime import date

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.officer import Officer, Standing
from stationd.services.duty import OnDuty, SignedIn
from stationd.services.officers import Decree, OfficerView, must_be_officer
from stationd.services.pairing import Asked, Pairing

TOKENS = {f"token-of-{role}": Actor(name=f"the-{role}", role=role) for role in Role}


class FakeAccess:
    async def actor_of(self, token: str) -> Actor | None:
        return TOKENS.get(token)

    async def is_valid(self, token: str) -> bool:
        return token in TOKENS


OFFICER = OfficerView(
    officer=Officer(
        number="199901012026011001",
        name="Petugas Contoh",
        decree="SK Contoh 1/2026",
        region="16.71.07",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        added_on=date(2026, 1, 1),
    ),
    standing=Standing.APPOINTED,
    days_left=None,
)


class FakeOfficers:
    def all(self) -> list[OfficerView]:
        return [OFFICER]

    def one(self, number: str) -> OfficerView | None:
        return OFFICER if number == OFFICER.officer.number else None

    async def add(self, decree: Decree, pin: str, *, actor: Actor) -> OfficerView:
        return OFFICER

    async def revoke(self, number: str, *, actor: Actor) -> None:
        if self.one(number) is None:
            raise Refused("officer-unknown", "cannot revoke the appointment: there is none with this number")


class FakeSignIn:
    async def sign_in(self, number: str, pin: str) -> SignedIn:
        if (number, pin) != (OFFICER.officer.number, "rahasia"):
            raise Refused("sign-in-locked", "cannot sign in: too many wrong PINs", wait_s=30)
        return SignedIn(token="st_session_x", expires_at=1_700_000_000_000, officer=OFFICER)


class FakeDuty:
    is_required = True

    def on_duty(self) -> list[OnDuty]:
        return [OnDuty(officer=OFFICER, since=1_700_000_000_000)]

    async def begin(self, actor: Actor) -> None:
        must_be_officer(actor)

    async def leave(self, actor: Actor) -> None:
        must_be_officer(actor)

    async def sign_out(self, actor: Actor) -> None:
        must_be_officer(actor)


class FakePairings:
    def ask(self, name: str) -> Asked:
        return Asked(code="K7Q-4MX", secret="s", expires_in_s=600)

    def all(self) -> list[Pairing]:
        return [Pairing(code="K7Q-4MX", name="kiosk-lobby", asked_at=0, until=0, secret="s")]

    def approve(self, code: str, *, actor: Actor) -> None:
        if code != "K7Q-4MX":
            raise Refused("pairing-unknown", "cannot pair: nobody waits under this code")

    def decline(self, code: str) -> None:
        self.approve(code, actor=TOKENS["token-of-admin"])

    async def collect(self, secret: str) -> str | None:
        return "st_kiosk_x" if secret == "s" else None
