"""What the door does with jobs, devices, blanks and the station."""

import base64
import hashlib
import json

import pytest
from fake_queue import JOB_ID
from http_door import NIK, PIXEL

from stationd.domain.authority import Role
from stationd.domain.blanks import EntryKind
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import JobState, Verdict
from stationd.domain.order import Document, TemplateDocument


async def test_an_order_becomes_a_job_with_a_place_to_find_it(door, order):
    status, body, headers = await door.submit(order)
    assert status == 201
    assert headers["Location"] == f"/v1/jobs/{JOB_ID}"
    assert body == {
        "id": JOB_ID,
        "receipt": "2XK7-9QF4-M3TP",
        "order": "PRR-16711-000123",
        "kind": "first",
        "profile": "ktp-el",
        "state": "queued",
        "reasons": [],
        "why": [],
        "position": 0,
        "expected_s": 12.5,
        "printer": None,
        "expected_on": None,
        "order_changed": False,
        "approval": None,
        "attempts": 0,
        "evidence": None,
        "known": None,
        "created_at": "2023-11-14T22:13:20.123000Z",
        "updated_at": "2023-11-14T22:13:20.123000Z",
    }
    ((taken, key, digest, actor),) = door.submission.orders
    assert (taken.holder.nik, taken.holder.name) == (NIK, "CONTOH SPESIMEN")
    assert taken.document == Document("image/png", base64.b64decode(PIXEL))
    assert key == "key-1"
    assert digest == hashlib.sha256(json.dumps(order).encode()).digest()
    assert actor.role is Role.KIOSK


async def test_the_same_request_again_is_answered_with_200(door, order):
    assert (await door.submit(order))[0] == 201
    status, body, headers = await door.submit(order)
    assert (status, body["id"], headers["Location"]) == (200, JOB_ID, f"/v1/jobs/{JOB_ID}")


async def test_a_template_is_taken_with_its_fields_and_photo(door, order):
    order["document"] = {"template": "specimen", "fields": {"nama": "CONTOH"}, "photo": PIXEL}
    assert (await door.submit(order))[0] == 201
    taken = door.submission.orders[0][0].document
    assert taken == TemplateDocument(template="specimen", fields={"nama": "CONTOH"}, photo=base64.b64decode(PIXEL))


@pytest.mark.parametrize(
    ("sent", "known"), [("bare-key", "bare-key"), ('"bare-key"', "bare-key"), (r'"a\"b\\"', r'a"b' + "\\")]
)
async def test_both_forms_of_a_key_are_one_key(door, order, sent, known):
    assert (await door.submit(order, key=sent))[0] == 201
    assert door.submission.orders[0][1] == known


async def test_a_refusal_carries_its_code_field_and_pointer(door, order):
    door.submission.fails_with = Refused(
        "order-has-a-live-job", "cannot take the order twice", field="order", see=JOB_ID, fix="look at the first"
    )
    status, body, headers = await door.submit(order)
    assert status == 409
    assert headers["Content-Type"] == "application/problem+json"
    assert body == {
        "type": "urn:stationd:problem:order-has-a-live-job",
        "title": "The order has a card under way",
        "status": 409,
        "code": "order-has-a-live-job",
        "detail": "cannot take the order twice",
        "request_id": headers["X-Request-Id"],
        "field": "order",
        "see": JOB_ID,
        "fix": "look at the first",
    }


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("id", "Pesanan ini masih diproses"),
        ("id-ID,id;q=0.9,en;q=0.8", "Pesanan ini masih diproses"),
        ("en-GB, id;q=0.5", "The order has a card under way"),
        ("id;q=nonsense, en", "The order has a card under way"),
    ],
)
async def test_the_title_of_a_problem_is_in_the_readers_language(door, order, language, title):
    door.submission.fails_with = Refused("order-has-a-live-job")
    assert (await door.submit(order, headers={"Accept-Language": language}))[1]["title"] == title


async def test_a_problem_is_told_whole_in_the_readers_language(door, order):
    door.submission.fails_with = Refused("order-has-a-live-job")
    _, told, headers = await door.submit(order, headers={"Accept-Language": "id"})
    assert (headers["Content-Language"], headers["Vary"]) == ("id", "Accept-Language")
    assert told["detail"] == "pesanan tidak dapat diterima: masih ada tugas cetaknya yang berjalan"
    assert told["fix"].startswith("lihat tugas cetak yang memegang pesanan ini")
    _, told, headers = await door.submit(order)
    assert headers["Content-Language"] == "en"
    assert told["detail"] == "cannot take the order: it already has a live job"
    assert told["fix"].startswith("look at the job that holds the order")


@pytest.mark.parametrize(
    ("field", "value", "detail", "fix"),
    [
        ("kind", "gift", "kind tidak dapat dibaca: bukan salah satu nilai yang boleh", "yang boleh: first, lost"),
        ("order", ..., "order tidak dapat dibaca: tidak ada", None),
        ("order", 7, "order tidak dapat dibaca: seharusnya teks, bukan bilangan bulat", None),
        ("order", "-x", "order tidak dapat dibaca: bentuknya salah", "tuliskan seperti PRR-16711-000123"),
        ("more", 1, "isi permintaan tidak dapat dibaca: ada isian yang tidak dikenal", "yang boleh: order, kind"),
        ("document", {}, "document tidak dapat dibaca: harus memuat media_type dan data, atau template", None),
    ],
)
async def test_what_does_not_fit_is_told_in_the_readers_language(door, order, field, value, detail, fix):
    if value is ...:
        del order[field]
    else:
        order[field] = value
    status, told, _ = await door.submit(order, headers={"Accept-Language": "id"})
    assert (status, told["title"]) == (422, "Isi permintaan tidak sesuai skema")
    assert told["detail"].startswith(detail)
    assert (told.get("fix") or "").startswith(fix or "")
    assert (fix is None) == ("fix" not in told)


@pytest.mark.parametrize(("code", "status"), [("storage-full", 507), ("printer-unreachable", 503), ("never-seen", 503)])
async def test_a_fault_below_us_says_try_again_later(door, order, code, status):
    door.submission.fails_with = Faulted(code, "cannot write", fix="free space")
    got, body, headers = await door.submit(order)
    assert (got, body["code"], body["fix"], headers["Retry-After"]) == (status, code, "free space", "5")


async def test_a_defect_answers_500_and_tells_nobody_what_was_sent(door, order, caplog):
    door.submission.fails_with = ValueError(f"could not convert {NIK}")
    status, body, headers = await door.submit(order)
    assert (status, body["code"]) == (500, "internal")
    assert NIK not in json.dumps(body)
    assert NIK not in caplog.text
    assert headers["X-Request-Id"] in caplog.text
    assert "ValueError" in caplog.text
    assert "in submit" in caplog.text or "submit (" in caplog.text


async def test_a_refusal_that_the_table_does_not_know_is_our_mistake(door, order):
    door.submission.fails_with = Refused("never-heard-of", "cannot")
    assert (await door.submit(order))[1]["code"] == "internal"


async def test_jobs_are_listed_page_by_page(door):
    status, body, _ = await door.ask("GET", "/v1/jobs?state=queued&after=17&limit=3")
    assert (status, body["next"], [item["id"] for item in body["items"]]) == (200, "1", [JOB_ID])
    await door.ask("GET", "/v1/jobs")
    assert door.jobs.asked == [(JobState.QUEUED, "17", 3), (None, None, 50)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("state=gone", "state"),
        ("state=null", "state"),
    ],
)
async def test_a_wrong_query_names_its_parameter(door, query, field):
    status, body, _ = await door.ask("GET", f"/v1/jobs?{query}")
    assert (status, body["code"], body["field"]) == (400, "query-invalid", field)


@pytest.mark.parametrize("query", ["colour=red", "limit=1&limit=2"])
async def test_an_unknown_or_repeated_parameter_is_refused(door, query):
    assert (await door.ask("GET", f"/v1/jobs?{query}"))[1]["code"] == "query-invalid"
    assert (await door.ask("GET", f"/v1/station?{query}"))[1]["code"] == "query-invalid"


async def test_a_job_is_read_with_the_reason_for_its_state(door):
    status, body, _ = await door.ask("GET", f"/v1/jobs/{JOB_ID}")
    assert (status, body["why"]) == (200, [{"code": "next", "en": "It is next in line", "id": "Giliran berikutnya"}])
    assert (body["known"]["counter_before"], body["known"]["counter_now"], body["known"]["attempt"]) == (4, 5, 2)


async def test_an_unknown_job_is_404(door):
    assert [(await door.ask("GET", f"/v1/jobs/{odd}"))[1]["code"] for odd in ("x", "%00", "%F0%9F%A6%86")] == [
        "job-unknown"
    ] * 3


async def test_what_a_person_saw_settles_a_job(door):
    for body, told in (({}, None), ({"attempt": 2}, 2)):
        status, _, _ = await door.ask(
            "POST", f"/v1/jobs/{JOB_ID}/verdict", json={"outcome": "spoiled", "note": "bent", **body}
        )
        assert status == 200
        job_id, verdict, note, attempt, actor = door.jobs.judged.pop()
        assert (job_id, verdict, note, attempt) == (JOB_ID, Verdict.SPOILED, "bent", told)
        assert actor.role is Role.OFFICER


async def test_an_illegal_verdict_names_what_is_allowed(door):
    status, body, _ = await door.ask("POST", f"/v1/jobs/{JOB_ID}/verdict", json={"outcome": "perhaps"})
    assert (status, body["code"], body["field"]) == (422, "body-invalid", "outcome")
    assert body["fix"] == "allowed: printed, not_printed, spoiled"


@pytest.mark.parametrize("more", [{}, {"json": {}}, {"data": b"", "headers": {"Content-Type": "application/json"}}])
async def test_an_action_needs_no_body(door, more):
    assert (await door.ask("POST", f"/v1/jobs/{JOB_ID}/cancel", **more))[0] == 200


async def test_an_action_takes_no_other_body(door):
    assert (await door.ask("POST", f"/v1/jobs/{JOB_ID}/cancel", json={"force": True}))[1]["code"] == "body-invalid"


async def test_a_retry_that_may_not_be_is_409(door):
    status, body, _ = await door.ask("POST", f"/v1/jobs/{JOB_ID}/retry")
    assert (status, body["code"], body["see"]) == (409, "job-state", JOB_ID)


async def test_devices_are_listed_read_paused_and_resumed(door):
    status, body, _ = await door.ask("GET", "/v1/devices")
    assert (status, body["next"], body["items"][0]["reasons"]) == (200, None, ["media-empty"])
    assert body["items"][0]["supplies"] == [{"name": "ribbon", "level": 40, "cards": 120}]
    assert body["items"][0]["since"] == "2023-11-14T22:13:20Z"
    assert (await door.ask("GET", "/v1/devices/kartu-1"))[1]["counter"] == 7
    reader = (await door.ask("GET", "/v1/devices/pemindai-1"))[1]
    assert (reader["kind"], reader["state"], reader["reasons"]) == ("reader", "absent", ["port-missing"])
    assert (reader["evidence"], body["items"][1]) == (None, reader)
    assert (await door.ask("POST", "/v1/devices/kartu-1/pause"))[1]["is_paused"] is True
    assert (await door.ask("POST", "/v1/devices/kartu-1/resume"))[1]["is_paused"] is False
    assert (await door.ask("POST", "/v1/devices/kartu-9/pause"))[1]["code"] == "device-unknown"


async def test_blanks_are_read_and_entered(door):
    status, body, _ = await door.ask("GET", "/v1/blanks")
    assert (status, body["at_hand"], body["received"]) == (200, 5, 10)
    entry = {"kind": "received", "quantity": 500, "note": "box 7"}
    assert (await door.ask("POST", "/v1/blanks/entries", json=entry))[0] == 201
    assert [each[:3] for each in door.blanks.entries] == [(EntryKind.RECEIVED, 500, "box 7")]


@pytest.mark.parametrize("quantity", [-1, 1.5, "5", 10**30, None, True])
async def test_a_quantity_is_a_whole_number_within_reason(door, quantity):
    status, body, _ = await door.ask("POST", "/v1/blanks/entries", json={"kind": "counted", "quantity": quantity})
    assert (status, body["code"], body["field"]) == (422, "body-invalid", "quantity")


async def test_the_station_and_its_health_are_told(door):
    assert (await door.ask("GET", "/v1/station"))[1]["started_at"] == "1970-01-01T00:00:00Z"
    assert (await door.ask("GET", "/healthz", role=None))[:2] == (200, {"status": "alive"})
    assert (await door.ask("GET", "/readyz", role=None))[:2] == (200, {"is_ready": True, "reasons": []})
    door.station.is_ready = False
    assert (await door.ask("GET", "/readyz", role=None))[:2] == (503, {"is_ready": False, "reasons": ["no-blanks"]})


async def test_metrics_are_in_the_text_format(door):
    status, text, headers = await door.ask("GET", "/metrics", role=None)
    assert (status, text) == (200, "stationd_up 1\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_every_answer_is_observed_by_route_and_never_by_address(door):
    await door.ask("GET", f"/v1/jobs/{JOB_ID}")
    await door.ask("GET", "/v1/jobs/other")
    assert [seen[:3] for seen in door.observed] == [
        ("GET", "/v1/jobs/{job_id}", 200),
        ("GET", "/v1/jobs/{job_id}", 404),
    ]
    assert all(seconds >= 0 for *_, seconds in door.observed)


@pytest.mark.parametrize(
    ("query", "asked"),
    [("receipt=2xk7+9qf4-m3tk", ("2xk7 9qf4-m3tk", None)), ("order=PRR-16711-000123", (None, "PRR-16711-000123"))],
)
async def test_a_job_is_found_by_what_is_on_its_paper(door, query, asked):
    status, body, _ = await door.ask("GET", f"/v1/jobs?{query}")
    assert (status, [job["id"] for job in body["items"]], body["next"]) == (200, [JOB_ID], None)
    assert door.jobs.asked == [asked]


async def test_an_order_that_nobody_knows_finds_nothing(door):
    assert (await door.ask("GET", "/v1/jobs?order=PRR-NOBODY"))[1]["items"] == []
