"""A genuine Prometheus, asked over HTTP."""

import aiohttp


async def answered(url, query):
    """The result of an instant query: a list of ``{"metric": labels, "value": [at, text]}``."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/v1/query", params={"query": query}) as answer,
    ):
        said = await answer.json()
    assert said["status"] == "success", (query, said)
    return said["data"]["result"]
