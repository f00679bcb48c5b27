"""What the bot asks of Graph, with Microsoft's own client."""

from urllib.parse import urlsplit

from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.communications.calls.item.answer.answer_post_request_body import (
    AnswerPostRequestBody,
)
from msgraph.generated.communications.calls.item.play_prompt.play_prompt_post_request_body import (
    PlayPromptPostRequestBody,
)
from msgraph.generated.communications.calls.item.subscribe_to_tone.subscribe_to_tone_post_request_body import (
    SubscribeToTonePostRequestBody,
)
from msgraph.generated.models.media_info import MediaInfo
from msgraph.generated.models.media_prompt import MediaPrompt
from msgraph.generated.models.modality import Modality
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.service_hosted_media_config import ServiceHostedMediaConfig

SCOPE = "https://graph.microsoft.com/.default"


class Refused(Exception):
    """Graph said no; the call may be gone."""

    def __init__(self, status: int | None, code: str | None):
        super().__init__(f"{status} {code}")
        self.status = status

    @property
    def gone(self) -> bool:
        return self.status == 404


class Graph:
    """Answers, speaks, listens and hangs up."""

    def __init__(self, graph: str, authority: str, tenant: str, app: str, secret: str):
        self.credential = ClientSecretCredential(tenant, app, secret, authority=authority)
        provider = AzureIdentityAuthenticationProvider(
            self.credential, scopes=[SCOPE], allowed_hosts=[urlsplit(graph).hostname]
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = graph
        self.calls = GraphServiceClient(request_adapter=adapter).communications.calls

    async def answer(self, call: str, callback: str) -> None:
        body = AnswerPostRequestBody(
            callback_uri=callback,
            accepted_modalities=[Modality.Audio],
            media_config=ServiceHostedMediaConfig(
                odata_type="#microsoft.graph.serviceHostedMediaConfig"
            ),
        )
        await asked(self.calls.by_call_id(call).answer.post(body))

    async def play(self, call: str, uri: str, context: str) -> None:
        info = MediaInfo(odata_type="#microsoft.graph.mediaInfo", uri=uri, resource_id=context)
        prompt = MediaPrompt(odata_type="#microsoft.graph.mediaPrompt", media_info=info)
        body = PlayPromptPostRequestBody(client_context=context, prompts=[prompt])
        await asked(self.calls.by_call_id(call).play_prompt.post(body))

    async def listen(self, call: str) -> None:
        body = SubscribeToTonePostRequestBody(client_context="tones")
        await asked(self.calls.by_call_id(call).subscribe_to_tone.post(body))

    async def keep_alive(self, call: str) -> None:
        await asked(self.calls.by_call_id(call).keep_alive.post())

    async def hang_up(self, call: str) -> None:
        await asked(self.calls.by_call_id(call).delete())

    async def close(self) -> None:
        await self.credential.close()


async def asked(request) -> None:
    try:
        await request
    except ODataError as error:
        code = error.error.code if error.error else None
        raise Refused(error.response_status_code, code) from error
