"""A menu bot for Microsoft Teams, written with Microsoft's own packages.

It answers incoming calls, says its menu when audio flows, listens to keys (1 says the menu again, 0 and # hang up) and
keeps its calls alive. Where Graph and the identity platform are, and who the bot is, comes from its environment.
"""

import asyncio
import io
import logging
import math
import os
import struct
import wave

import aiohttp
from aiohttp import web

from graph import Graph
from ivr import Ivr
from tokens import Platform, Stranger

PROMPTS = {"menu": 660, "unknown-key": 330}  # hertz
RATE = 16_000
log = logging.getLogger("bot")


def prompt(hertz: int) -> bytes:
    """A second of a tone, as Graph wants it: mono, 16 bit, 16 kHz."""
    samples = (int(8_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE))
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


class Clock:
    """Sleeps; on the fake's clock, where there is one."""

    def __init__(self, url: str | None):
        self.url = url
        self.session: aiohttp.ClientSession | None = None

    async def sleep(self, seconds: float) -> None:
        if not self.url:
            await asyncio.sleep(seconds)
            return
        if self.session is None:
            patient = aiohttp.ClientTimeout(total=None)
            self.session = aiohttp.ClientSession(timeout=patient)
        async with self.session.post(self.url, json={"ms": int(seconds * 1_000)}) as answer:
            answer.raise_for_status()

    async def close(self) -> None:
        if self.session:
            await self.session.close()


class Server:
    """What the bot listens with."""

    def __init__(self, ivr: Ivr, platform: Platform, faults: set[str]):
        self.ivr = ivr
        self.platform = platform
        self.faults = faults
        self.wavs = {name: prompt(hertz) for name, hertz in PROMPTS.items()}

    async def notified(self, request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization")
        trusting = "trusts-strangers" in self.faults and not authorization
        try:
            if not trusting:
                await self.platform.check(authorization)
        except Stranger as stranger:
            log.warning("not believed: %s", stranger)
            return web.Response(status=401)
        try:
            entries = (await request.json())["value"]
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                self.ivr.notified(entry)
        return web.Response(status=202)

    async def said(self, request: web.Request) -> web.Response:
        wav = self.wavs.get(request.match_info["name"].removesuffix(".wav"))
        return web.Response(body=wav, content_type="audio/wav") if wav else web.Response(status=404)

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "calls": len(self.ivr.calls)})

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/calls", self.notified),
            web.get("/prompts/{name}", self.said),
            web.get("/health", self.health),
        ]


async def application() -> web.Application:
    env = os.environ
    own_url = env["BOT_URL"]
    faults = set(filter(None, env.get("BOT_FAULTS", "").split(",")))
    tenant, app = env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"]
    graph = Graph(env["GRAPH_BASE_URL"], env["AZURE_AUTHORITY_HOST"], tenant, app, env["AZURE_CLIENT_SECRET"])
    clock = Clock(env.get("REHEARSAL_CLOCK"))
    ivr = Ivr(graph, own_url, f"{own_url}/api/calls", clock.sleep, faults)
    server = Server(ivr, Platform(app, tenant, env["BOT_OPENID_METADATA"]), faults)

    async def close(_: web.Application) -> None:
        await clock.close()
        await graph.close()

    application = web.Application()
    application.add_routes(server.routes())
    application.on_cleanup.append(close)
    return application


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    web.run_app(application(), host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
