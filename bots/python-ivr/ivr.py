"""The menu: what the bot does in a call. Everything that it knows of a call is in one object."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from graph import Graph, Refused

log = logging.getLogger("ivr")

KEEP_ALIVE_EVERY = 20 * 60  # seconds; Graph ends a call after 45 minutes of silence
PROMPT_MAX = 60  # seconds; the news that a prompt has ended may be lost
ENDED_KEPT = 1_000  # calls of which it is remembered that they are over


@dataclass
class Call:
    """One call, from the first notification to the last."""

    id: str
    audio: bool = False
    speaking: bool = False
    said: int = 0
    listens: bool = False
    heard: set[int] = field(default_factory=set)
    keeper: asyncio.Task | None = None


class Ivr:
    """Takes notifications one after the other; what takes time is done in tasks."""

    def __init__(self, graph: Graph, own_url: str, callback: str, sleep, faults: set[str]):
        self.graph = graph
        self.own_url = own_url
        self.callback = callback
        self.sleep = sleep
        self.faults = faults
        self.calls: dict[str, Call] = {}
        self.ended: OrderedDict[str, None] = OrderedDict()
        self.tasks: set[asyncio.Task] = set()

    def notified(self, entry: dict) -> None:
        """One entry of a notification. What the bot does not know is none of its business."""
        path = str(entry.get("resourceUrl", "")).strip("/").split("/")
        data = entry.get("resourceData")
        if path[:2] != ["communications", "calls"] or len(path) < 3 or not isinstance(data, dict):
            return
        call = path[2].lower()
        match path[3:]:
            case []:
                self.call_changed(call, entry.get("changeType"), data)
            case ["operations", _] if call in self.calls:
                self.operation_changed(self.calls[call], entry.get("changeType"), data)

    def call_changed(self, id: str, change: str, data: dict) -> None:
        state = data.get("state")
        if change == "deleted" or state == "terminated":
            self.over(id)
        elif id in self.ended:
            pass  # it came late
        elif state == "incoming":
            if id not in self.calls:
                self.calls[id] = Call(id)
                self.begin(self.answer(self.calls[id]))
        elif state == "established" and id in self.calls:
            self.established(self.calls[id], data)

    def established(self, call: Call, data: dict) -> None:
        tone = data.get("toneInfo")
        if isinstance(tone, dict):
            self.pressed(call, tone)
        audio = (data.get("mediaState") or {}).get("audio")
        if audio == "active" and not call.audio:
            call.audio = True
            if "early-prompt" not in self.faults:
                self.begin(self.say(call, "menu"))

    def operation_changed(self, call: Call, change: str, data: dict) -> None:
        if str(data.get("@odata.type", "")).lower().endswith("playpromptoperation") and change == "deleted":
            self.spoken(call)

    def spoken(self, call: Call) -> None:
        call.speaking = False
        if not call.listens:
            call.listens = True
            self.begin(self.ask(call, self.graph.listen(call.id)))

    def pressed(self, call: Call, tone: dict) -> None:
        number = tone.get("sequenceId")
        if number in call.heard:
            return  # told twice
        call.heard.add(number)
        match tone.get("tone"):
            case "tone1":
                self.begin(self.say(call, "menu"))
            case "tone0" | "pound":
                self.begin(self.ask(call, self.graph.hang_up(call.id)))
            case _:
                self.begin(self.say(call, "unknown-key"))

    async def answer(self, call: Call) -> None:
        if not await self.ask(call, self.graph.answer(call.id, self.callback)):
            self.over(call.id)
            return
        if "deaf-to-time" not in self.faults:
            call.keeper = self.begin(self.keep_alive(call))
        if "early-prompt" in self.faults:
            await self.say(call, "menu")

    async def say(self, call: Call, prompt: str) -> None:
        if call.speaking:
            return
        call.speaking = True
        call.said += 1
        uri = f"{self.own_url}/prompts/{prompt}.wav"
        if await self.ask(call, self.graph.play(call.id, uri, prompt)):
            self.begin(self.wait_no_longer(call, call.said))
        else:
            call.speaking = False

    async def wait_no_longer(self, call: Call, said: int) -> None:
        await self.sleep(PROMPT_MAX)
        if call.id in self.calls and call.speaking and call.said == said:
            self.spoken(call)

    async def keep_alive(self, call: Call) -> None:
        while call.id in self.calls:
            await self.sleep(KEEP_ALIVE_EVERY)
            if call.id in self.calls:
                await self.ask(call, self.graph.keep_alive(call.id))

    async def ask(self, call: Call, request) -> bool:
        """Whether Graph did it. A call that is gone is forgotten; any other refusal costs no call."""
        try:
            await request
            return True
        except Refused as refused:
            log.warning("call %s: refused: %s", call.id, refused)
            if refused.gone:
                self.over(call.id)
        except Exception as error:
            log.warning("call %s: %r", call.id, error)
        return False

    def over(self, id: str) -> None:
        call = self.calls.pop(id, None)
        self.ended[id] = None
        if len(self.ended) > ENDED_KEPT:
            self.ended.popitem(last=False)
        if call and call.keeper and call.keeper is not asyncio.current_task():
            call.keeper.cancel()

    def begin(self, work) -> asyncio.Task:
        task = asyncio.create_task(work)
        self.tasks.add(task)  # asyncio itself keeps no strong reference
        task.add_done_callback(self.tasks.discard)
        return task
