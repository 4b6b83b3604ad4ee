"""A signature of the city makes one job, however it is replayed, at whatever time and whichever station."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from officer_desk import open_desk
from test_city_order import CLAIMS, KEYS, NOW, sign
from test_precedence import Counter

from stationd.domain.city_order import SKEW_S, Moment, document_hash
from stationd.domain.errors import Refused
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Holder
from stationd.ports.jobs import Accepted
from stationd.services.city_orders import CityOrders

HERE, THERE = "1671-07", "1671-08"
LIFE_S = CLAIMS["exp"] - CLAIMS["iat"]

PRESENTATIONS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which signature
        st.sampled_from([HERE, HERE, THERE]),
        st.integers(-2 * SKEW_S, LIFE_S + 2 * SKEW_S),  # seconds after it was given
        st.booleans(),  # whether the job that it made is cancelled first
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(PRESENTATIONS)
async def test_a_signature_makes_one_job_under_replay_skew_and_another_station(tmp_path_factory, presentations):
    async with open_desk(tmp_path_factory.mktemp("city")) as desk:
        counter = Counter(desk)
        made: dict[int, str] = {}
        for which, station, after_s, is_cancelled in presentations:
            job_id = made.get(which)
            if is_cancelled and job_id is not None and (job := await counter.store.read(job_id)) is not None:
                await counter.control(job, JobEvent.CANCELLED)
            claims = CLAIMS | {"jti": f"0123456789abcde{which}", "order": f"PRR-{which}", "holder_sha256": None}
            moment = Moment(now_s=CLAIMS["iat"] + after_s, is_trusted=True, known_s=NOW)
            acceptance = counter.acceptance(
                order=f"PRR-{which}", holder=Holder(nik=f"99990000{which:04d}0001", name="Contoh")
            )
            claims["document_sha256"] = document_hash(acceptance.order.document.data)  # type: ignore[union-attr]
            order = replace(acceptance.order, signature=sign({k: v for k, v in claims.items() if v is not None}))
            city = CityOrders(KEYS, station=station, moment=lambda moment=moment: moment, is_required=True)
            signature = city.signature_of(order)
            in_time = -SKEW_S <= after_s < LIFE_S + SKEW_S
            assert isinstance(signature, str) == (station == HERE and in_time)
            answer = await counter.store.accept(
                replace(
                    acceptance,
                    order=order,
                    signature=signature if isinstance(signature, str) else None,
                    barred=signature if isinstance(signature, Refused) else None,
                )
            )
            if isinstance(answer, Accepted):
                assert which not in made
                made[which] = answer.job.id
            elif isinstance(signature, str):
                assert (answer.code, answer.see) == ("signature-used", made[which])
