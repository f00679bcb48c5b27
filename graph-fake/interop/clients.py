"""Drives `graph-fake serve` with Microsoft's own, unmodified Python clients.

    python clients.py PATH-TO-GRAPH-FAKE

Token (azure-identity, both flavours), create call, notifications received and their JWT verified, playPrompt,
keepAlive, delete (msgraph-sdk). Prints one line for each thing that was seen; exits with 1 at the first that
was not.
"""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
import wave
from urllib.parse import urlsplit

TENANT = "7e57d004-2b97-4e7a-b45f-5387367791cd"
CLIENT = "1a2b3c4d-aaaa-4bbb-8ccc-0123456789ab"
SECRET = "rehearsal-secret"
ALICE = "6f0b1c52-9d4e-4b0a-8a51-2f1f6f3a9b10"
SCOPE = "https://graph.microsoft.com/.default"
PATIENCE = 20  # seconds for anything that should happen at once


def seen(what):
    print(f"ok  {what}", flush=True)


def demand(condition, what):
    if not condition:
        print(f"NOT {what}", flush=True)
        sys.exit(1)
    seen(what)


def start(program):
    """The fake, and its ready line."""
    arguments = ["serve", "--allow-http-callbacks", "--quiet"]
    for listener in ("--https", "--http", "--control"):
        arguments += [listener, "127.0.0.1:0"]
    fake = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
    ready = json.loads(fake.stdout.readline())
    # Before the clients are imported: some of them read these once.
    os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = ready["caFile"]
    return fake, ready


def prompt():
    """Half a second of silence, as Graph wants it: mono, 16 bit, 16 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(bytes(16_000))
    return file.getvalue()


class Webhook:
    """What a bot listens with: keeps each notification with the claims of its token."""

    def __init__(self, open_id):
        import jwt
        import requests

        metadata = requests.get(open_id, timeout=PATIENCE).json()
        self.issuer = metadata["issuer"]
        self.keys = jwt.PyJWKClient(metadata["jwks_uri"])
        self.entries = []
        self.new = asyncio.Condition()

    async def notified(self, request):
        import jwt
        from aiohttp import web

        scheme, token = request.headers["Authorization"].split(" ", 1)
        assert scheme == "Bearer"
        key = await asyncio.to_thread(self.keys.get_signing_key_from_jwt, token)
        # Raises where signature, audience, issuer or time are wrong; the fake sees a 500 then.
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT, issuer=self.issuer)
        assert claims["tid"] == TENANT
        assert request.headers["Content-Length"], "never chunked"
        async with self.new:
            for entry in (await request.json())["value"]:
                self.entries.append((entry, claims))
            self.new.notify_all()
        return web.Response(status=202)

    async def serve(self):
        from aiohttp import web

        app = web.Application()
        app.router.add_post("/api/calls", self.notified)
        app.router.add_get("/prompt.wav", lambda _: web.Response(body=prompt(), content_type="audio/wav"))
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def until(self, what, wanted):
        def found():
            return next((entry for entry, _ in self.entries if wanted(entry)), None)

        try:
            async with asyncio.timeout(PATIENCE), self.new:
                await self.new.wait_for(lambda: found() is not None)
        except TimeoutError:
            print(f"NOT notified: {what}; got {json.dumps([e for e, _ in self.entries], indent=1)}")
            sys.exit(1)
        seen(f"notified, and its token verified: {what}")
        return found()


def credentials(authority):
    """azure-identity in both flavours, with a good secret and with a wrong one."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential

    kept = {"authority": authority, "disable_instance_discovery": True}
    token = ClientSecretCredential(TENANT, CLIENT, SECRET, **kept).get_token(SCOPE)
    demand(token.token.count(".") == 2, "azure-identity (msal) gets a token")
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # the refusal below is wanted
    try:
        ClientSecretCredential(TENANT, CLIENT, "wrong", **kept).get_token(SCOPE)
        demand(False, "a wrong secret is refused")
    except ClientAuthenticationError as error:
        demand("AADSTS7000215" in str(error), "a wrong secret is refused with AADSTS7000215")


def client(ready, credential):
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient

    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[SCOPE], allowed_hosts=[urlsplit(ready["graph"]).hostname]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = ready["graph"]
    return GraphServiceClient(request_adapter=adapter)


def new_call(webhook):
    from msgraph.generated.models.call import Call
    from msgraph.generated.models.identity import Identity
    from msgraph.generated.models.identity_set import IdentitySet
    from msgraph.generated.models.invitation_participant_info import InvitationParticipantInfo
    from msgraph.generated.models.modality import Modality
    from msgraph.generated.models.service_hosted_media_config import ServiceHostedMediaConfig

    target = InvitationParticipantInfo(
        odata_type="#microsoft.graph.invitationParticipantInfo",
        identity=IdentitySet(
            odata_type="#microsoft.graph.identitySet",
            user=Identity(odata_type="#microsoft.graph.identity", id=ALICE, display_name="Alice"),
        ),
    )
    return Call(
        odata_type="#microsoft.graph.call",
        callback_uri=f"{webhook}/api/calls",
        targets=[target],
        requested_modalities=[Modality.Audio],
        media_config=ServiceHostedMediaConfig(odata_type="#microsoft.graph.serviceHostedMediaConfig"),
        tenant_id=TENANT,
    )


def play(webhook):
    from msgraph.generated.communications.calls.item.play_prompt.play_prompt_post_request_body import (
        PlayPromptPostRequestBody,
    )
    from msgraph.generated.models.media_info import MediaInfo
    from msgraph.generated.models.media_prompt import MediaPrompt

    info = MediaInfo(odata_type="#microsoft.graph.mediaInfo", uri=f"{webhook}/prompt.wav", resource_id="1")
    body = PlayPromptPostRequestBody(client_context="greeting")
    body.prompts = [MediaPrompt(odata_type="#microsoft.graph.mediaPrompt", media_info=info)]
    return body


def call_is(state, **more):
    def wanted(entry):
        data = entry["resourceData"]
        return data.get("state") == state and all(data.get(name) == more[name] for name in more)

    return wanted


async def life_of_a_call(graph, webhook, base):
    from msgraph.generated.models.call_state import CallState
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.operation_status import OperationStatus
    from msgraph.generated.models.service_hosted_media_config import ServiceHostedMediaConfig

    call = await graph.communications.calls.post(new_call(base))
    demand(call.state == CallState.Establishing, "created: establishing")
    demand(isinstance(call.media_config, ServiceHostedMediaConfig), "created: mediaConfig keeps its type")
    demand(call.source.identity.application.id == CLIENT, "created: the bot is the source")
    await webhook.until("establishing", call_is("establishing"))
    await webhook.until("established", call_is("established"))
    await webhook.until("audio active", call_is("established", mediaState={"audio": "active"}))
    this = graph.communications.calls.by_call_id(call.id)
    read = await this.get()
    demand(read.id == call.id and read.state == CallState.Established, "read: established")
    operation = await this.play_prompt.post(play(base))
    demand(operation.status == OperationStatus.Running, "playPrompt: running")
    demand(operation.client_context == "greeting", "playPrompt: clientContext comes back")
    end = await webhook.until(
        "the prompt is over",
        lambda entry: entry["resourceUrl"].endswith(operation.id) and entry["changeType"] == "deleted",
    )
    demand(end["resourceData"]["status"] == "completed", "playPrompt: completed")
    await this.keep_alive.post()
    seen("keepAlive")
    await this.delete()
    seen("deleted")
    await webhook.until("terminated", lambda entry: entry["changeType"] == "deleted"
                        and entry["resourceData"].get("state") == "terminated")
    try:
        await this.get()
        demand(False, "an ended call cannot be read")
    except ODataError as error:
        gone = error.response_status_code == 404 and error.error.code == "8522"
        demand(gone, "an ended call cannot be read: 404, 8522, as an ODataError")


async def main(ready):
    from azure.identity.aio import ClientSecretCredential

    # Certificates are made out to localhost as well, and azure-identity wants a name.
    authority = f"https://localhost:{urlsplit(ready['authority']).port}"
    ready = {**ready, "graph": f"{authority}/v1.0"}
    await asyncio.to_thread(credentials, authority)
    webhook = Webhook(ready["botFrameworkOpenId"])
    base = await webhook.serve()
    async with ClientSecretCredential(TENANT, CLIENT, SECRET, authority=authority) as credential:
        await life_of_a_call(client(ready, credential), webhook, base)


if __name__ == "__main__":
    process, line = start(sys.argv[1])
    try:
        asyncio.run(main(line))
    finally:
        process.kill()
    print("microsoft's Python clients: all seen")
