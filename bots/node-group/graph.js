// What the bot asks of Graph, with Microsoft's own client.

import { ConfidentialClientApplication } from "@azure/msal-node";
import { Client } from "@microsoft/microsoft-graph-client";

const SCOPES = ["https://graph.microsoft.com/.default"];
const MEDIA = { "@odata.type": "#microsoft.graph.serviceHostedMediaConfig" };

export class Graph {
  constructor({ graph, authority, tenant, app, secret, callback }) {
    const msal = new ConfidentialClientApplication({
      auth: {
        clientId: app,
        clientSecret: secret,
        authority: `${authority}/${tenant}`,
        knownAuthorities: [new URL(authority).host],
      },
    });
    const { origin, hostname, pathname } = new URL(graph);
    const authProvider = {
      // MSAL keeps tokens until they expire.
      getAccessToken: async () => (await msal.acquireTokenByClientCredential({ scopes: SCOPES })).accessToken,
    };
    this.client = Client.initWithMiddleware({
      authProvider,
      baseUrl: origin,
      defaultVersion: pathname.slice(1),
      customHosts: new Set([hostname]),
    });
    this.callback = callback;
    this.tenant = tenant;
  }

  at(call, rest = "") {
    return this.client.api(`/communications/calls/${call}${rest}`);
  }

  answer(call) {
    return this.at(call, "/answer").post({
      callbackUri: this.callback,
      acceptedModalities: ["audio"],
      mediaConfig: MEDIA,
    });
  }

  reject(call) {
    return this.at(call, "/reject").post({ reason: "busy" });
  }

  // A meeting's link holds its thread, its message and its organizer.
  join({ joinWebUrl, threadId, organizer, tenantId }) {
    const link = new URL(joinWebUrl);
    const [, thread, message] = link.pathname.match(/\/l\/meetup-join\/([^/]+)\/([^/?]+)/) ?? [];
    const context = JSON.parse(link.searchParams.get("context") ?? "{}");
    const user = { "@odata.type": "#microsoft.graph.identity", id: context.Oid ?? organizer };
    user.tenantId = context.Tid ?? tenantId;
    return this.client.api("/communications/calls").post({
      "@odata.type": "#microsoft.graph.call",
      callbackUri: this.callback,
      requestedModalities: ["audio"],
      mediaConfig: MEDIA,
      chatInfo: {
        "@odata.type": "#microsoft.graph.chatInfo",
        threadId: thread ? decodeURIComponent(thread) : threadId,
        messageId: message ? decodeURIComponent(message) : "0",
      },
      meetingInfo: {
        "@odata.type": "#microsoft.graph.organizerMeetingInfo",
        organizer: { "@odata.type": "#microsoft.graph.identitySet", user },
        allowConversationWithoutHost: true,
      },
      tenantId: tenantId ?? this.tenant,
    });
  }

  participants(call) {
    return this.at(call, "/participants").get();
  }

  mute(call) {
    return this.at(call, "/mute").post({ clientContext: "mute" });
  }

  unmute(call) {
    return this.at(call, "/unmute").post({ clientContext: "unmute" });
  }

  keepAlive(call) {
    return this.at(call, "/keepAlive").post();
  }

  hangUp(call) {
    return this.at(call).delete();
  }
}
