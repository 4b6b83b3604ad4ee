"""A genuine Prometheus, asked over HTTP."""

import aiohttp


async def answered(url, query, at_s=None):
    """The result of an instant query, of now or of another time: ``{"metric": labels, "value": [at, text]}`` each."""
    asked = {"query": query} if at_s is None else {"query": query, "time": str(at_s)}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/v1/query", params=asked) as answer,
    ):
        said = await answer.json()
    assert said["status"] == "success", (query, said)
    return said["data"]["result"]
