//! A valid request of every operation that endpoints.md lists, and how it has to be answered where `world` is.
//!
//! `<name>` stands for an id of the world. One that is refused for where its call is (a second answer, say) is valid
//! all the same: its mutations reach further than those of an accepted one.

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Valid {
    pub method: &'static str,
    /// Below the version, or with it.
    pub path: &'static str,
    pub body: &'static str,
    pub status: u16,
    /// `error.code`, or the number of the identity platform; empty where it is accepted.
    pub code: &'static str,
    /// Who asks.
    pub by: Client,
}

/// What a client sends beside path and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// A good token for Graph; JSON.
    Bot,
    /// The token of the recording.
    Listener,
    /// A form, and no token.
    Form,
    /// Nothing.
    Anybody,
}

const fn ok(method: &'static str, path: &'static str, body: &'static str, status: u16) -> Valid {
    Valid { method, path, body, status, code: "", by: Client::Bot }
}

const fn no(
    method: &'static str,
    path: &'static str,
    body: &'static str,
    (status, code): (u16, &'static str),
) -> Valid {
    Valid { method, path, body, status, code, by: Client::Bot }
}

/// Of the identity platform.
const fn of(
    by: Client,
    path: &'static str,
    body: &'static str,
    (status, code): (u16, &'static str),
) -> Valid {
    let method = if let Client::Form = by { "POST" } else { "GET" };
    Valid { method, path, body, status, code, by }
}

const CONTEXT: &str = r#"{"clientContext":"x-1"}"#;
const NOT_GROUP: (u16, &str) = (400, "8548");
const NOT_ESTABLISHED: (u16, &str) = (400, "8501");
const WRONG_STATE: (u16, &str) = (400, "8585");
const WRONG_MEDIA: (u16, &str) = (400, "8500");
const NO_PATH: (u16, &str) = (404, "UnknownError");
const NO_METHOD: (u16, &str) = (405, "8520");
const ANSWER: &str = r##"{"callbackUri":"https://bot.example/api/calls/leg-17","acceptedModalities":["audio"],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig",
"preFetchMedia":[{"uri":"https://bot.example/a.wav","resourceId":"A1"}]},"participantCapacity":200,
"callOptions":{"@odata.type":"#microsoft.graph.incomingCallOptions","isContentSharingNotificationEnabled":true}}"##;
const PROMPT: &str = r##"{"clientContext":"pp-7","loop":false,"prompts":[{"@odata.type":"#microsoft.graph.mediaPrompt",
"mediaInfo":{"@odata.type":"#microsoft.graph.mediaInfo","uri":"https://bot.example/menu.wav","resourceId":"menu"}}]}"##;
const RECORD: &str = r##"{"clientContext":"rec-1","bargeInAllowed":true,
"prompts":[{"@odata.type":"#microsoft.graph.mediaPrompt",
"mediaInfo":{"uri":"https://bot.example/leave.wav","resourceId":"leave"}}],"maxRecordDurationInSeconds":10,
"initialSilenceTimeoutInSeconds":5,"maxSilenceTimeoutInSeconds":2,"playBeep":true,"streamWhileRecording":false,
"stopTones":["#","1","*"]}"##;
const TONES: &str =
    r#"{"tones":["tone1","tone2","star","pound"],"delayBetweenTonesMs":1000,"clientContext":"d"}"#;
const INVITE: &str = r##"{"participants":[{"@odata.type":"#microsoft.graph.invitationParticipantInfo","hidden":false,
"identity":{"@odata.type":"#microsoft.graph.identitySet","user":{"@odata.type":"#microsoft.graph.identity",
"id":"<carol>"}},"replacesCallId":null}],"clientContext":"inv-1"}"##;
const REPLACE: &str =
    r#"{"participants":[{"identity":{"user":{"id":"<carol>"}},"replacesCallId":"<second>"}]}"#;
const TRANSFER: &str = r##"{"transferTarget":{"@odata.type":"#microsoft.graph.invitationParticipantInfo",
"endpointType":"default","identity":{"user":{"id":"<carol>","displayName":"Carol"}}},"clientContext":"tr"}"##;
const CONSULT: &str = r#"{"transferTarget":{"endpointType":"default","replacesCallId":"<second>",
"identity":{"user":{"id":"<carol>"}}}}"#;
const GROUP_TRANSFER: &str = r#"{"transferTarget":{"endpointType":"default","identity":{"user":{"id":"<dave>"}}},
"transferee":{"participantId":"<alicein>","identity":{"user":{"id":"<alice>","tenantId":"<tenant>"}}}}"#;
const REDIRECT: &str = r##"{"targets":[{"@odata.type":"#microsoft.graph.invitationParticipantInfo",
"endpointType":"voicemail","identity":{"user":{"id":"<bob>"}}}],"targetDisposition":"default","timeout":30,
"maskCallee":false,"maskCaller":false,"callbackUri":"https://bot.example/api/calls"}"##;
const ROUTE: &str =
    r#"{"id":"r2","routingMode":"multicast","sources":["<me>"],"receivers":["<alicein>"]}"#;
const MIXER: &str = r#"{"clientContext":"mix-1","participantMixerLevels":[{"participant":"<alicein>",
"exclusiveMode":true,"ducking":{"rampActive":50,"rampInactive":50,"lowerLevel":10,"upperLevel":50},
"sourceLevels":[{"participant":"<me>","level":50,"duckOthers":false}]}]}"#;
const HOLD: &str = r##"{"customPrompt":{"@odata.type":"#microsoft.graph.mediaPrompt",
"mediaInfo":{"uri":"https://bot.example/hold.wav"}},"clientContext":"hold-1"}"##;
const QUALITY: &str = r##"{"quality":{"@odata.type":"#microsoft.graph.teleconferenceDeviceQuality",
"callChainId":"<nobody>","participantId":"<me>","mediaLegId":"<nobody>","deviceName":"Lobby",
"deviceDescription":"Room 12","mediaQualityList":[{"@odata.type":"#microsoft.graph.teleconferenceDeviceAudioQuality",
"channelIndex":1,"mediaDuration":"PT20M","networkLinkSpeedInBytes":13000,"localIPAddress":"10.0.0.5","localPort":6300,
"remoteIPAddress":"102.1.1.101","remotePort":6301,"inboundPackets":5500,"averageInboundJitter":"PT0.01S"}]}}"##;
const MEETING: &str = r#"{"startDateTime":"2027-03-02T09:00:00Z","endDateTime":"2027-03-02T09:30:00Z","subject":"S",
"participants":{"attendees":[{"identity":{"user":{"id":"<alice>"}},"upn":"alice@example","role":"attendee"}]},
"lobbyBypassSettings":{"scope":"organization","isDialInBypassEnabled":false},"allowedPresenters":"everyone",
"joinMeetingIdSettings":{"isPasscodeRequired":true},"isEntryExitAnnounced":true}"#;
const CREATE: &str = r##"{"@odata.type":"#microsoft.graph.call","callbackUri":"https://bot.example/api/calls",
"source":{"@odata.type":"#microsoft.graph.participantInfo","identity":{"application":{"id":"<app>"}}},
"targets":[{"@odata.type":"#microsoft.graph.invitationParticipantInfo","identity":{"user":{"id":"<alice>",
"displayName":"Alice"}}}],"requestedModalities":["audio","video"],"direction":"outgoing","subject":"hello",
"callOptions":{"@odata.type":"#microsoft.graph.outgoingCallOptions","isDeltaRosterEnabled":true},
"ringingTimeoutInSeconds":90,"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig",
"preFetchMedia":[{"uri":"https://bot.example/hello.wav","resourceId":"hello"}]},"tenantId":"<tenant>"}"##;
const CREATE_HOSTED: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"targets":[{"identity":{"user":{"id":"<bob>"}}}],
"mediaConfig":{"@odata.type":"#microsoft.graph.appHostedMediaConfig","blob":"{}","removeFromDefaultAudioGroup":false}}"##;
const CREATE_GROUP: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"targets":[{"identity":{"user":{"id":"<bob>"}}},{"identity":{"user":{"id":"<carol>"}}}],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},"tenantId":"<tenant>"}"##;
const JOIN: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},
"chatInfo":{"@odata.type":"#microsoft.graph.chatInfo","threadId":"<thread>","messageId":"0"},
"meetingInfo":{"@odata.type":"#microsoft.graph.organizerMeetingInfo","organizer":{"user":{"id":"<bob>",
"displayName":"Bob","tenantId":"<tenant>"}},"allowConversationWithoutHost":true},"tenantId":"<tenant>"}"##;
const JOIN_BY_ID: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},
"meetingInfo":{"@odata.type":"#microsoft.graph.joinMeetingIdMeetingInfo","joinMeetingId":"<joinid>",
"passcode":"<passcode>"},"tenantId":"<tenant>"}"##;
const JOIN_BY_TOKEN: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},
"meetingInfo":{"@odata.type":"#microsoft.graph.tokenMeetingInfo","token":"eyJ0"},"tenantId":"<tenant>"}"##;
const JOIN_AS_GUEST: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},
"source":{"identity":{"guest":{"@odata.type":"#microsoft.graph.identity","id":"<nobody>","displayName":"Guest"}}},
"chatInfo":{"threadId":"<thread>","messageId":"0"},
"meetingInfo":{"@odata.type":"#microsoft.graph.organizerMeetingInfo","organizer":{"user":{"id":"<bob>"}}},
"tenantId":"<tenant>"}"##;
const CREATE_PHONE: &str = r##"{"callbackUri":"https://bot.example/","requestedModalities":["audio"],
"source":{"identity":{"applicationInstance":{"id":"<desk>","displayName":"Desk"}}},
"targets":[{"identity":{"phone":{"id":"+442079460123"}}}],
"mediaConfig":{"@odata.type":"#microsoft.graph.serviceHostedMediaConfig"},"tenantId":"<tenant>"}"##;

/// Creating calls, and what belongs to no call.
const COLLECTION: [Valid; 12] = [
    ok("POST", "communications/calls", CREATE, 201),
    ok("POST", "communications/calls", CREATE_HOSTED, 201),
    ok("POST", "communications/calls", CREATE_GROUP, 201),
    ok("POST", "communications/calls", JOIN, 201),
    ok("POST", "communications/calls", JOIN_BY_ID, 201),
    no("POST", "communications/calls", JOIN_BY_TOKEN, (400, "8526")),
    ok("POST", "communications/calls", JOIN_AS_GUEST, 201),
    ok("POST", "communications/calls", CREATE_PHONE, 201),
    ok("POST", "app/calls", CREATE, 201),
    no("GET", "communications/calls", "", NO_METHOD),
    ok("POST", "communications/calls/logTeleconferenceDeviceQuality", QUALITY, 200),
    no("GET", "communications/nothing", "", NO_PATH),
];

/// One call.
const CALL: [Valid; 30] = [
    ok("GET", "communications/calls/<p2p>", "", 200),
    ok("GET", "communications/calls/<group>", "", 200),
    ok("DELETE", "communications/calls/<second>", "", 204),
    no("PATCH", "communications/calls/<p2p>", "{}", NO_METHOD),
    no("GET", "communications/calls/<nobody>", "", (404, "8522")),
    no("GET", "communications/calls/<theirs>", "", (403, "7507")),
    ok("POST", "communications/calls/<incoming>/answer", ANSWER, 202),
    ok("POST", "communications/calls/<incominggroup>/answer", ANSWER, 202),
    no("POST", "communications/calls/<p2p>/answer", ANSWER, WRONG_STATE),
    ok(
        "POST",
        "communications/calls/<incoming>/reject",
        r#"{"reason":"busy","callbackUri":"https://bot.example/"}"#,
        202,
    ),
    ok("POST", "communications/calls/<incoming>/redirect", REDIRECT, 202),
    no("POST", "communications/calls/<p2p>/redirect", REDIRECT, WRONG_STATE),
    ok("POST", "communications/calls/<p2p>/transfer", TRANSFER, 202),
    ok("POST", "communications/calls/<p2p>/transfer", CONSULT, 202),
    ok("POST", "communications/calls/<group>/transfer", GROUP_TRANSFER, 202),
    ok("POST", "communications/calls/<group>/mute", CONTEXT, 200),
    ok("POST", "communications/calls/<group>/unmute", CONTEXT, 200),
    no("POST", "communications/calls/<p2p>/mute", CONTEXT, NOT_GROUP),
    no("POST", "communications/calls/<establishing>/mute", CONTEXT, NOT_ESTABLISHED),
    ok(
        "POST",
        "/beta/communications/calls/<group>/updateMetadata",
        r#"{"metadata":"{\"role\":\"scribe\"}","clientContext":"md"}"#,
        200,
    ),
    ok(
        "POST",
        "communications/calls/<hostedgroup>/changeScreenSharingRole",
        r#"{"role":"sharer"}"#,
        202,
    ),
    no(
        "POST",
        "communications/calls/<group>/changeScreenSharingRole",
        r#"{"role":"viewer"}"#,
        WRONG_MEDIA,
    ),
    ok("POST", "communications/calls/<p2p>/keepAlive", "", 200),
    no("POST", "communications/calls/<nobody>/keepAlive", "", (404, "8522")),
    ok(
        "POST",
        "communications/calls/<recording>/updateRecordingStatus",
        r#"{"status":"recording","clientContext":"rs-1"}"#,
        200,
    ),
    no(
        "POST",
        "communications/calls/<group>/updateRecordingStatus",
        r#"{"status":"notRecording"}"#,
        (400, "8506"),
    ),
    ok("POST", "communications/calls/<meeting>/addLargeGalleryView", CONTEXT, 202),
    ok("GET", "communications/calls/<p2p>/operations", "", 200),
    ok("GET", "communications/calls/<p2p>/operations/<operation>", "", 200),
    no("POST", "/beta/communications/calls/<group>/startRecording", CONTEXT, NO_METHOD),
];

/// Sound.
const MEDIA: [Valid; 14] = [
    ok("POST", "communications/calls/<p2p>/playPrompt", PROMPT, 200),
    ok("POST", "/beta/app/calls/<group>/playPrompt", PROMPT, 200),
    no("POST", "communications/calls/<hosted>/playPrompt", PROMPT, WRONG_MEDIA),
    no("POST", "communications/calls/<establishing>/playPrompt", PROMPT, NOT_ESTABLISHED),
    ok("POST", "communications/calls/<p2p>/recordResponse", RECORD, 200),
    ok("POST", "/beta/communications/calls/<p2p>/record", RECORD, 200),
    no("POST", "communications/calls/<p2p>/record", RECORD, NO_PATH),
    ok("POST", "communications/calls/<p2p>/subscribeToTone", CONTEXT, 200),
    no("POST", "communications/calls/<hosted>/subscribeToTone", CONTEXT, WRONG_MEDIA),
    ok("POST", "communications/calls/<p2p>/cancelMediaProcessing", CONTEXT, 200),
    ok("POST", "communications/calls/<p2p>/microsoft.graph.sendDtmfTones", TONES, 200),
    ok("GET", "communications/calls/<group>/contentSharingSessions", "", 200),
    ok("GET", "communications/calls/<group>/contentSharingSessions/<sharing>", "", 200),
    no("POST", "communications/calls/<establishing>/sendDtmfTones", TONES, NOT_ESTABLISHED),
];

/// Others in the call.
const PARTICIPANTS: [Valid; 22] = [
    ok("GET", "communications/calls/<group>/participants", "", 200),
    ok("GET", "communications/calls/<p2p>/participants", "", 200),
    ok("GET", "communications/calls/<group>/participants/<alicein>", "", 200),
    no("GET", "communications/calls/<group>/participants/<davein>", "", (404, "8543")),
    ok("DELETE", "communications/calls/<hostedgroup>/participants/<carolin>", "", 204),
    ok("POST", "communications/calls/<group>/participants/invite", INVITE, 200),
    ok("POST", "communications/calls/<meeting>/participants/invite", REPLACE, 200),
    ok("POST", "communications/calls/<group>/participants/<alicein>/mute", CONTEXT, 200),
    ok(
        "POST",
        "/beta/communications/calls/<group>/participants/muteAll",
        r#"{"participants":["<alicein>"],"clientContext":"ma"}"#,
        200,
    ),
    ok("POST", "/beta/communications/calls/<group>/participants/configureMixer", MIXER, 200),
    ok("POST", "communications/calls/<group>/participants/<alicein>/startHoldMusic", HOLD, 202),
    no(
        "POST",
        "communications/calls/<group>/participants/<alicein>/stopHoldMusic",
        CONTEXT,
        (409, "8519"),
    ),
    no(
        "POST",
        "/beta/communications/calls/<group>/participants/<alicein>/admitFromLobby",
        CONTEXT,
        (409, "8519"),
    ),
    no(
        "POST",
        "/beta/communications/calls/<group>/participants/<alicein>/removeFromLobby",
        CONTEXT,
        (409, "8519"),
    ),
    ok("POST", "/beta/communications/calls/<group>/participants/admitAllFromLobby", CONTEXT, 200),
    ok("GET", "communications/calls/<group>/audioRoutingGroups", "", 200),
    ok("POST", "communications/calls/<group>/audioRoutingGroups", ROUTE, 200),
    ok("GET", "communications/calls/<group>/audioRoutingGroups/route", "", 200),
    ok(
        "PATCH",
        "communications/calls/<group>/audioRoutingGroups/route",
        r#"{"sources":["<alicein>"],"receivers":["<me>"],"routingMode":"oneToOne"}"#,
        200,
    ),
    ok("DELETE", "communications/calls/<group>/audioRoutingGroups/route", "", 204),
    no(
        "POST",
        "communications/calls/<theirgroup>/participants/<davein>/mute",
        CONTEXT,
        (403, "7507"),
    ),
    no("POST", "communications/calls/<theirgroup>/participants/invite", INVITE, (403, "7507")),
];

/// Online meetings.
const MEETINGS: [Valid; 11] = [
    ok("POST", "users/<bob>/onlineMeetings", MEETING, 201),
    ok(
        "POST",
        "users/<bob>/onlineMeetings/createOrGet",
        r#"{"externalId":"e-1","subject":"Weekly","startDateTime":"2027-03-02T09:00:00+00:00",
"endDateTime":"2027-03-02T09:30:00+00:00"}"#,
        201,
    ),
    ok("GET", "users/<bob>/onlineMeetings/<online>", "", 200),
    ok("GET", "users/<bob>/onlineMeetings?$filter=JoinWebUrl%20eq%20'<url>'", "", 200),
    ok(
        "GET",
        "users/<bob>/onlineMeetings?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'<joinid>'",
        "",
        200,
    ),
    ok(
        "GET",
        "communications/onlineMeetings/?$filter=VideoTeleconferenceId%20eq%20'<vtc>'",
        "",
        200,
    ),
    ok("PATCH", "users/<bob>/onlineMeetings/<online>", r#"{"subject":"Other"}"#, 200),
    ok("DELETE", "users/<bob>/onlineMeetings/<online>", "", 204),
    no("GET", "users/<bob>/onlineMeetings/<online>/transcripts", "", NO_METHOD),
    ok("GET", "users/<bob>/calendar/events", "", 200),
    no("GET", "me/onlineMeetings/<online>", "", (400, "BadRequest")),
];

/// A bot in the lobby, and those who let it in (R-081, R-082).
const LOBBY: [Valid; 22] = [
    ok("GET", "communications/calls/<waiting>", "", 200),
    ok("GET", "communications/calls/<waiting>/participants", "", 200),
    ok("GET", "communications/calls/<waiting>/participants/<guest>", "", 200),
    no("GET", "communications/calls/<waiting>/participants/<bobin>", "", (404, "8543")),
    ok("GET", "communications/calls/<waiting>/operations", "", 200),
    ok("POST", "communications/calls/<waiting>/keepAlive", "", 200),
    ok("POST", "communications/calls/<waiting>/mute", CONTEXT, 200),
    ok("POST", "communications/calls/<waiting>/unmute", CONTEXT, 200),
    ok("POST", "communications/calls/<waiting>/playPrompt", PROMPT, 200),
    ok("POST", "communications/calls/<waiting>/recordResponse", RECORD, 200),
    ok("POST", "communications/calls/<waiting>/subscribeToTone", CONTEXT, 200),
    ok("POST", "communications/calls/<waiting>/cancelMediaProcessing", CONTEXT, 200),
    no("POST", "communications/calls/<waiting>/sendDtmfTones", TONES, (400, "8585")),
    ok("POST", "communications/calls/<waiting>/participants/<guest>/mute", CONTEXT, 200),
    ok(
        "POST",
        "/beta/communications/calls/<waiting>/updateMetadata",
        r#"{"metadata":"waits","clientContext":"md"}"#,
        200,
    ),
    no("POST", "communications/calls/<waiting>/participants/invite", INVITE, (400, "8585")),
    ok("DELETE", "communications/calls/<waiting>", "", 204),
    ok(
        "POST",
        "/beta/communications/calls/<host>/participants/<guest>/admitFromLobby",
        CONTEXT,
        200,
    ),
    ok(
        "POST",
        "/beta/communications/calls/<host>/participants/<guest>/removeFromLobby",
        CONTEXT,
        200,
    ),
    ok("POST", "/beta/communications/calls/<host>/participants/admitAllFromLobby", CONTEXT, 200),
    ok("DELETE", "communications/calls/<host>/participants/<guest>", "", 204),
    ok("POST", "communications/calls/<host>/participants/<guest>/mute", CONTEXT, 200),
];

const FORM: &str = "grant_type=client_credentials&client_id=<app>&client_secret=secret&\
                    scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_info=1&x-client-sku=any";
const WRONG_SECRET: &str = "grant_type=client_credentials&client_id=<app>&client_secret=wrong&\
                            scope=https%3A%2F%2Fgraph.microsoft.com%2F.default";
const NO_SECRET: &str = "grant_type=client_credentials&client_id=<app>&scope=\
                         https%3A%2F%2Fgraph.microsoft.com%2F.default";
const PASSWORD: &str = "grant_type=password&client_id=<app>&client_secret=secret&username=alice";
const TOKEN: &str = "/<tenant>/oauth2/v2.0/token";

/// The identity platform, and where recordings are (clients.md 6 to 11, 22, 23 and 26).
const BESIDE_GRAPH: [Valid; 18] = [
    of(Client::Form, TOKEN, FORM, (200, "")),
    of(Client::Form, "/<tenant>/oauth2/v2.0/token?client-request-id=7", FORM, (200, "")),
    of(Client::Form, TOKEN, WRONG_SECRET, (401, "7000215")),
    of(Client::Form, TOKEN, NO_SECRET, (401, "7000218")),
    of(Client::Form, TOKEN, PASSWORD, (400, "70003")),
    of(Client::Form, "/<nobody>/oauth2/v2.0/token", FORM, (400, "90002")),
    of(Client::Anybody, TOKEN, "", (405, "900561")),
    of(Client::Anybody, "/common/discovery/instance?api-version=1.1", "", (200, "")),
    of(Client::Anybody, "/<tenant>/v2.0/.well-known/openid-configuration", "", (200, "")),
    of(Client::Anybody, "/organizations/.well-known/openid-configuration", "", (200, "")),
    of(Client::Anybody, "/<nobody>/v2.0/.well-known/openid-configuration", "", (400, "90002")),
    of(Client::Anybody, "/<tenant>/discovery/v2.0/keys", "", (200, "")),
    of(Client::Anybody, "/common/discovery/keys", "", (200, "")),
    of(Client::Anybody, "/v1/.well-known/OpenIdConfiguration", "", (200, "")),
    of(Client::Anybody, "/v1/.well-known/keys", "", (200, "")),
    of(Client::Listener, "/recordings/<record>", "", (200, "")),
    of(Client::Listener, "/recordings/<operation>", "", (401, "InvalidAuthenticationToken")),
    of(Client::Anybody, "/recordings/<record>", "", (401, "InvalidAuthenticationToken")),
];

/// All of them.
pub fn all() -> Vec<Valid> {
    [&COLLECTION[..], &CALL, &MEDIA, &PARTICIPANTS, &MEETINGS, &LOBBY, &BESIDE_GRAPH].concat()
}
