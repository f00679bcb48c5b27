// A group-call bot for Microsoft Teams, written with Microsoft's own packages. It answers whoever calls or invites it,
// joins meetings when it is told to, knows who is there, mutes and unmutes itself, and keeps its calls alive. Where Graph
// and the identity platform are, and who the bot is, comes from its environment.

import express from "express";

import { Calls } from "./calls.js";
import { Graph } from "./graph.js";
import { Platform } from "./platform.js";

const env = process.env;
const who = { app: env.AZURE_CLIENT_ID, tenant: env.AZURE_TENANT_ID, secret: env.AZURE_CLIENT_SECRET };
const graph = new Graph({
  ...who,
  graph: env.GRAPH_BASE_URL,
  authority: env.AZURE_AUTHORITY_HOST,
  callback: `${env.BOT_URL}/api/calls`,
});
const platform = new Platform({ ...who, metadata: env.BOT_OPENID_METADATA });

// On the fake's clock, where there is one.
async function sleep(ms) {
  if (!env.REHEARSAL_CLOCK) return new Promise((done) => setTimeout(done, ms));
  const answer = await fetch(env.REHEARSAL_CLOCK, { method: "POST", body: JSON.stringify({ ms }) });
  if (!answer.ok) throw new Error(`the clock answered ${answer.status}`);
}

const calls = new Calls(graph, sleep);
const server = express();
server.disable("x-powered-by");
server.use(express.json({ limit: "4mb" }));

server.post("/api/calls", async (request, response) => {
  try {
    await platform.check(request.get("authorization"));
  } catch (error) {
    console.error(`not believed: ${error.message}`);
    return response.sendStatus(401);
  }
  const entries = request.body?.value;
  if (!Array.isArray(entries)) return response.sendStatus(400);
  response.status(202).end();
  for (const entry of entries) calls.notified(entry);
});

server.get("/health", (_, response) => response.json({ status: "ok", calls: calls.live.size }));

// What the bot can be told to do.
const driver = {
  joinMeeting: async (meeting) => ({ callId: await calls.join(meeting) }),
  mute: async ({ callId }) => graph.mute(callId),
  unmute: async ({ callId }) => graph.unmute(callId),
  hangUp: async ({ callId }) => graph.hangUp(callId),
};

server.post("/driver/:action", async (request, response) => {
  const { action } = request.params;
  if (!Object.hasOwn(driver, action)) return response.status(501).json({ error: `cannot '${action}'` });
  try {
    response.json((await driver[action](request.body ?? {})) ?? {});
  } catch (error) {
    response.status(502).json({ error: error.message });
  }
});

// A mistake in a request is the sender's, and no reason to show a page.
server.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ error: error.message }));

server.listen(Number(env.PORT), "127.0.0.1");
