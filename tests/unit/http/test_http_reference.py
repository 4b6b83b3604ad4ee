"""The description for people: whole, without script, and with examples that would be taken."""

from html.parser import HTMLParser

import msgspec
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from stationd.http.app import ROUTES
from stationd.http.examples import example_of
from stationd.http.openapi import document
from stationd.http.problems import KINDS
from stationd.http.reference import STYLE, page

DOCUMENT = document(ROUTES)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REGISTRY = Registry().with_resource("urn:api", Resource.from_contents({"$schema": DIALECT} | DOCUMENT))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.links, self.attributes = set(), [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]


def test_the_page_shows_every_call_and_code_and_leads_nowhere_else():
    reader = Reader()
    reader.feed(page(DOCUMENT))
    assert {route.name for route in ROUTES} <= set(reader.ids)
    assert {f"problem-{code}" for code in KINDS} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)
    assert {link for link in reader.links if not link.startswith("#")} == {STYLE, "/openapi.json"}
    assert not reader.tags & {"script", "style", "iframe", "img", "form"}
    assert not {name for name in reader.attributes if name.startswith("on") or name == "style"}


async def test_the_page_is_served_with_a_policy_that_allows_its_style_only(door):
    status, text, headers = await door.ask("GET", "/docs", role=None)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "GET" in text
    assert (await door.ask("GET", STYLE, role=None))[2]["Content-Type"] == "text/css; charset=utf-8"


def contents():
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for name, part in parts.items():
                for media_type, content in part.get("content", {}).items():
                    if "example" in content:
                        yield pytest.param(path, method, name, media_type, content, id=f"{method} {path} {name}")


@pytest.mark.parametrize(("path", "method", "name", "media_type", "content"), list(contents()))
def test_every_example_fits_its_schema(path, method, name, media_type, content):
    where = f"/paths/{path.replace('/', '~1')}/{method}/"
    where += "requestBody" if name == "body" else f"responses/{name}"
    where = f"{where}/content/{media_type.replace('/', '~1')}/schema".replace("{", "%7B").replace("}", "%7D")
    schema = {"$ref": f"urn:api#{where.replace('+', '%2B')}"}
    Draft202012Validator(schema, registry=REGISTRY, format_checker=None).validate(content["example"])


@pytest.mark.parametrize("route", [pytest.param(each, id=each.name) for each in ROUTES if each.needs_body])
def test_every_example_of_a_body_is_taken(route):
    content = DOCUMENT["paths"][route.path][route.method.lower()]["requestBody"]["content"]
    (each,) = content.values()
    msgspec.convert(each["example"], route.body)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 8}, "contohxx"),
        ({"type": "string", "maxLength": 3}, "con"),
        ({"type": "array"}, []),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"type": "number", "minimum": 20}, 20),
        ({"type": "string", "default": "a"}, "a"),
        ({"anyOf": [{"type": "null"}, {"const": 5}]}, 5),
        ({}, None),
    ],
)
def test_an_example_is_as_plain_as_its_schema(schema, value):
    assert example_of(schema, {}) == value
