"""What pages of other sites can do to the station from the same browser: nothing.

``rebound.test`` is a name of somebody else's that resolves to this machine, as in DNS rebinding; ``evil.test`` serves a
page from a second origin. The station must never act, and never answer what such a page could read.
"""

import json
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web

from tests.rigs.browser import chromium

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRY = """async ([url, options]) => {
    try { const r = await fetch(url, options); return [r.status, r.type, (await r.text()).slice(0, 200)]; }
    catch (error) { return [0, error.name, ""]; }
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def evil(demo):
    """A page of a second origin, in a browser that takes evil.test and rebound.test for this machine."""

    async def empty(_request):
        return web.Response(text="<!doctype html><title>x</title><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with chromium(
        "--host-resolver-rules=MAP evil.test 127.0.0.1, MAP rebound.test 127.0.0.1",
        "--disable-features=LocalNetworkAccessChecks",  # the station must hold without the browser's own guard
    ) as browser:
        context = await browser.new_context()
        page = await context.new_page()
        page.home = f"http://evil.test:{port}/"
        yield page
    await runner.cleanup()


def call(path, demo, method="GET", role="admin", **more):
    headers = {"Authorization": f"Bearer {demo.tokens[role]}", **more.pop("headers", {})}
    return [demo.address + path, {"method": method, "headers": headers, **more}]


async def books(demo):
    return (await demo.ask("GET", "/v1/blanks"))["received"]


async def test_a_rebound_name_gets_no_page_no_answer_and_no_act(evil, demo):
    before = await books(demo)
    rebound = f"http://rebound.test:{urlsplit(demo.address).port}"
    for path in ("/", "/officer", "/kiosk", "/console/js/api.js", "/healthz", "/openapi.json", "/metrics"):
        answer = await evil.goto(rebound + path)
        assert answer.status == 421, path

    async def attack(route):
        """What the name served before it was rebound."""
        await route.fulfill(content_type="text/html", body="<!doctype html><title>x</title><body>")

    await evil.route(f"{rebound}/attack", attack)
    await evil.goto(f"{rebound}/attack")
    for path, options in (
        ("/v1/station", call("/", demo)[1]),
        (
            "/v1/blanks/entries",
            call(
                "/",
                demo,
                "POST",
                headers={"Content-Type": "application/json"},
                body=json.dumps({"kind": "received", "quantity": 1}),
            )[1],
        ),
        (
            "/v1/sessions",
            {
                "method": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps(dict(zip(("number", "pin"), demo.officer, strict=True))),
            },
        ),
        ("/v1/events", call("/", demo)[1]),
    ):
        status, _, text = await evil.evaluate(TRY, [path, options])
        assert status == 421, path
        assert "host-not-allowed" in text
    assert await books(demo) == before


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
async def test_a_page_of_another_site_reads_and_does_nothing_even_with_a_token(evil, demo, mode):
    before = await books(demo)
    await evil.goto(evil.home)
    body = json.dumps({"kind": "received", "quantity": 1})
    for path, options in (
        call("/v1/station", demo),
        call("/v1/blanks/entries", demo, "POST", headers={"Content-Type": "application/json"}, body=body),
        [f"{demo.address}/v1/sessions", {"method": "POST", "headers": {"Content-Type": "text/plain"}, "body": body}],
        [f"{demo.address}/healthz", {}],
        [f"{demo.address}/console/js/api.js", {}],
    ):
        status, kind, text = await evil.evaluate(TRY, [path, {**options, "mode": mode}])
        assert (status, text) == (0, ""), (path, kind)
    assert await books(demo) == before


async def test_forms_frames_pictures_scripts_and_styles_of_another_site_get_nothing(evil, demo):
    before = await books(demo)
    refused = []
    evil.on(
        "response",
        lambda answer: refused.append((answer.status, answer.url)) if answer.url.startswith(demo.address) else None,
    )
    await evil.goto(evil.home)
    loaded = await evil.evaluate(
        """async base => {
            const outcomes = {};
            const wait = (name, element) => new Promise(done => {
                element.onload = () => { outcomes[name] = "loaded"; done(); };
                element.onerror = () => { outcomes[name] = "refused"; done(); };
                document.body.append(element);
            });
            const make = (tag, props) => Object.assign(document.createElement(tag), props);
            await wait("script", make("script", { src: base + "/console/js/receipt.js", type: "module" }));
            await wait("style", make("link", { rel: "stylesheet", href: base + "/console/console.css" }));
            await wait("picture", make("img", { src: base + "/console/icon.svg" }));
            return outcomes;
        }""",
        demo.address,
    )
    assert loaded == {"script": "refused", "style": "refused", "picture": "refused"}
    await evil.evaluate(
        """base => {
            const frame = document.createElement("iframe");
            frame.name = "target";
            document.body.append(frame);
            const form = Object.assign(document.createElement("form"), {
                action: base + "/v1/blanks/entries", method: "post", enctype: "text/plain", target: "target",
            });
            const field = document.createElement("input");
            field.name = '{"kind": "received", "quantity": 1, "note": "';
            field.value = '"}';
            form.append(field);
            document.body.append(form);
            form.submit();
        }""",
        demo.address,
    )
    for _ in range(100):
        if any(url.endswith("/entries") for _, url in refused):
            break
        await evil.wait_for_timeout(50)
    assert {status for status, _ in refused} == {403}
    assert await books(demo) == before


async def test_the_console_stays_out_of_frames_and_runs_no_foreign_code(evil, demo):
    await evil.goto(demo.address + "/officer")
    await evil.wait_for_selector("[name=pin]")
    outcome = await evil.evaluate(
        """async () => {
            const tried = {};
            const attempt = async (name, act) => { try { await act(); } catch (error) { tried[name] = error.name; } };
            const make = tag => document.body.appendChild(document.createElement(tag));
            await attempt("text", () => { make("script").text = "window.broken = 1"; });
            await attempt("html", () => {
                document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.broken = 1'>");
            });
            await attempt("handler", () => {
                const button = make("button");
                button.setAttribute("onclick", "window.broken = 1");
                button.click();
            });
            await attempt("fetch", () => fetch("http://evil.test/"));
            await new Promise(done => setTimeout(done, 100));
            return [tried, window.broken ?? null];
        }"""
    )
    assert outcome[1] is None
    assert {"text", "html", "fetch"} <= set(outcome[0])
