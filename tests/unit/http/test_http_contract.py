"""The contract as documents: the table of problems is complete, and the OpenAPI document is valid and true."""

from collections import Counter

import msgspec
import pytest
from aiohttp import web
from fake_cards import TRANSFER_ID
from fake_queue import JOB_ID
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource

from stationd.domain.words import Words
from stationd.http.app import ROUTES
from stationd.http.doors import Ask, Reply
from stationd.http.openapi import document
from stationd.http.problems import KINDS
from stationd.http.routing import Table
from stationd.http.schemas import NoQuery, Nothing
from stationd.http.unfit import invalid

DOCUMENT = document(ROUTES)


def test_every_row_has_two_titles_and_an_error_status():
    for code, kind in KINDS.items():
        assert 400 <= kind.status < 600, code
        assert kind.title, code
        assert kind.judul, code
        assert kind.judul != kind.title, code


def test_every_problem_that_a_route_declares_is_in_the_table():
    assert {code for route in ROUTES for code in route.codes} <= set(KINDS)


def test_the_document_is_valid_openapi():
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_operations_are_named_once_and_described():
    assert [name for name, count in Counter(route.name for route in ROUTES).items() if count > 1] == []
    assert [route.name for route in ROUTES if not route.summary] == []


def test_the_document_names_roles_problems_and_parameters():
    submit = DOCUMENT["paths"]["/v1/jobs"]["post"]
    assert submit["security"] == [{"token": []}]
    assert submit["x-roles"] == ["admin", "kiosk", "officer"]
    assert [each["name"] for each in submit["parameters"]] == ["Idempotency-Key"]
    conflict = submit["responses"]["409"]["content"]["application/problem+json"]["schema"]
    assert conflict["allOf"][1]["properties"]["code"]["enum"] == [
        "idempotency-key-reused",
        "order-has-a-live-job",
        "order-recalled",
        "order-without-leave",
        "holder-has-a-live-card",
        "surrender-not-awaited",
        "signature-used",
    ]
    page = {each["name"]: each for each in DOCUMENT["paths"]["/v1/jobs"]["get"]["parameters"]}
    assert set(page) == {"state", "after", "limit", "receipt", "order"}
    assert page["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert "security" not in DOCUMENT["paths"]["/healthz"]["get"]


async def test_the_document_is_served(door):
    status, body, headers = await door.ask("GET", "/openapi.json", role=None)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert body == msgspec.json.decode(msgspec.json.encode(DOCUMENT))


def schema(pointer):
    registry = Registry().with_resource(
        "urn:api", Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema"} | DOCUMENT)
    )
    return Draft202012Validator({"$ref": f"urn:api#{pointer}"}, registry=registry)


ANSWERED = [route for route in ROUTES if route.streams is None]


@pytest.mark.parametrize("route", [pytest.param(each, id=f"{each.method} {each.path}") for each in ANSWERED])
async def test_answers_are_as_the_document_says(door, order, route):
    bodies = {
        "submit_job": order,
        "judge_job": {"outcome": "printed"},
        "hold_job": {"reason": "the holder asked to wait"},
        "jump_job": {"reason": "the holder travels tomorrow"},
        "surrender_card": {"card": "AMPLOP-1"},
        "release_job": {"reason": "the holder is here"},
        "pause_queue": {"kind": "lost"},
        "resume_queue": {},
        "find_cards": {"name": "contoh"},
        "check_card": {},
        "shelve_card": {"place": "A3/17"},
        "call_holder": {"counter": "2"},
        "hand_over_card": {"identity": {"document": "kk"}},
        "undo_hand_over": {"reason": "the wrong person"},
        "quarantine_card": {"reason": "bent"},
        "release_card": {"reason": "it is straight"},
        "found_card": {"reason": "it was under the table"},
        "destroy_card": {"reason": "bent"},
        "ask_pairing": {"name": "kiosk-lobby"},
        "collect_pairing": {"secret": "s"},
        "tell_holder": {"how": "in-person"},
        "mend_number": {"number": "0812 0000 0001"},
        "pack_transfer": {"to": "1671-09"},
        "announce_transfer": {"format": "stationd-transfer/1"},
        "take_confirmation": {"format": "stationd-confirmation/1"},
        "scan_card": {"receipt": "2XK7-9QF4-M3TP"},
        "confirm_transfer": {},
        "enter_blanks": {"kind": "counted", "quantity": 5},
    }
    headers = {"Idempotency-Key": "k"} if route.is_keyed else {}
    more = {"json": bodies[route.name]} if route.name in bodies else {}
    path = route.path.format(
        job_id=JOB_ID,
        device_id="kartu-1",
        approval_id=JOB_ID,
        card_id=JOB_ID,
        transfer_id=TRANSFER_ID,
        receipt="2XK7-9QF4-M3TP",
        serial="A1",
        minutes_id=JOB_ID,
        code="K7Q-4MX",
    )
    operation = f"{route.path.replace('/', '~1')}/{route.method.lower()}".replace("{", "%7B").replace("}", "%7D")
    status, body, answer = await door.ask(route.method, path, headers=headers, **more)
    if status == 204:
        assert "content" not in DOCUMENT["paths"][route.path][route.method.lower()]["responses"]["204"]
        return
    media_type = answer["Content-Type"].partition(";")[0].replace("/", "~1").replace("+", "%2B")
    schema(f"/paths/{operation}/responses/{status}/content/{media_type}/schema").validate(body)
    status, body, answer = await door.ask(route.method, path, headers={"Host": "evil.example"})
    schema(f"/paths/{operation}/responses/421/content/application~1problem%2Bjson/schema").validate(body)


GOOD = {"media_type": "image/png", "data": "AAAA"}


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        {"template": "specimen"},
        {"template": "specimen", "fields": {"a": "b"}, "photo": "AAAA"},
        GOOD | {"template": None},
        {},
        {"template": None},
        {"data": "AAAA"},
        {"media_type": None, "data": "AAAA"},
        GOOD | {"template": "specimen"},
        GOOD | {"fields": {}},
        {"template": "specimen", "data": "AAAA"},
    ],
)
async def test_the_document_and_the_validation_agree_on_documents(door, order, body):
    order["document"] = body
    is_taken = (await door.submit(order))[0] == 201
    assert schema("/components/schemas/NewJob").is_valid(order) == is_taken


def test_a_handler_without_its_types_is_not_routed():
    table = Table("test")

    async def untyped(_doors, ask: Ask):
        return ask

    async def no_answer(_doors, ask: Ask[Nothing, NoQuery]) -> int:
        return 1

    async def whole(_doors, ask: Ask[Nothing, NoQuery]) -> Reply[Nothing]:
        return Reply(Nothing())

    async def streaming(_doors, ask: Ask[Nothing, NoQuery]) -> web.StreamResponse:
        return web.StreamResponse()

    for bad in (untyped, no_answer):
        with pytest.raises(TypeError):
            table.route("GET", "/x", roles=None)(bad)
    table.route("GET", "/x", roles=None)(whole)
    table.route("GET", "/y", roles=None)(streaming)
    assert [route.answer for route in table.routes] == [Nothing, None]


@pytest.mark.parametrize(
    ("message", "en", "id_"),
    [
        (
            "Expected `str` of length <= 80 - at `$.note`",
            "cannot read note: expected text of length <= 80",
            "note tidak dapat dibaca: seharusnya teks sepanjang <= 80",
        ),
        (
            "Expected `int | null` >= 1 - at `$.limit`",
            "cannot read limit: expected whole number | null >= 1",
            "limit tidak dapat dibaca: seharusnya bilangan bulat | kosong >= 1",
        ),
    ],
)
def test_a_bound_is_told_in_both_languages(message, en, id_):
    refusal = invalid(msgspec.ValidationError(message), Nothing, code="body-invalid", what=Words("the body", "isi"))
    assert refusal.words == Words(en, id_)


@pytest.mark.parametrize(
    "message", ["Something new: 8888880202800002", "Expected `8888`", "Expected `str`, got `8888`", ""]
)
def test_words_of_the_library_that_are_not_known_are_not_passed_on(message):
    refusal = invalid(
        msgspec.ValidationError(message), Nothing, code="body-invalid", what=Words("the body", "isi permintaan")
    )
    assert "8888" not in refusal.detail


def integers(schema, path=""):
    """Every whole number that a caller may send below a schema, by its path."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from (
            () if name in path.split("/") else integers(DOCUMENT["components"]["schemas"][name], f"{path}/{name}")
        )
        return
    if schema.get("type") == "integer":
        yield path, schema
    for name, value in schema.get("properties", {}).items():
        yield from integers(value, f"{path}/{name}")
    for value in filter(None, (*schema.get("anyOf", ()), schema.get("items"))):
        yield from integers(value, path)


def test_no_whole_number_is_taken_that_the_database_cannot_hold():
    found = []
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            sent = [(each["name"], each["schema"]) for each in operation.get("parameters", ())]
            sent += [("", each["schema"]) for each in operation.get("requestBody", {}).get("content", {}).values()]
            for name, schema in sent:
                found += [(f"{method} {path} {name}{where}", each) for where, each in integers(schema)]
    assert len(found) > 5
    assert [where for where, each in found if not {"minimum", "maximum"} <= each.keys()] == []
    assert all(each["maximum"] < 2**63 for _, each in found)
