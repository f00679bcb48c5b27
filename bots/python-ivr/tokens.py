"""Who sent a notification: the calling platform, or a stranger."""

from botframework.connector.auth import ChannelValidation, SimpleCredentialProvider

CHANNEL = "msteams"


class Stranger(Exception):
    """The notification does not come from the platform, or is for somebody else."""


class Platform:
    """Knows the platform by its tokens, as Bot Framework's own library checks them."""

    def __init__(self, app: str, tenant: str, metadata: str):
        ChannelValidation.open_id_metadata_endpoint = metadata
        self.credentials = SimpleCredentialProvider(app, "")
        self.tenant = tenant

    async def check(self, authorization: str | None) -> None:
        if not authorization:
            raise Stranger("there is no token")
        try:
            identity = await ChannelValidation.authenticate_channel_token(
                authorization, self.credentials, CHANNEL
            )
        except Exception as error:  # The library raises whatever comes to its mind.
            raise Stranger(str(error)) from error
        # The library does not look at the tenant, and calls belong to one.
        if identity.get_claim_value("tid") != self.tenant:
            raise Stranger("the token is of another tenant, or of none")
