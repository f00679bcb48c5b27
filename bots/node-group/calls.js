// The calls that the bot is in, and who else is in them.

const KEEP_ALIVE_EVERY = 20 * 60 * 1000; // milliseconds; Graph ends a call after 45 minutes of silence
const ENDED_KEPT = 1000; // calls of which it is remembered that they are over

export class Calls {
  constructor(graph, sleep) {
    this.graph = graph;
    this.sleep = sleep;
    this.live = new Map();
    this.ended = new Set();
  }

  // One entry of a notification. What the bot does not know is none of its business.
  notified(entry) {
    const [root, calls, id, what] = String(entry?.resourceUrl ?? "").split("/").filter(Boolean);
    if (root !== "communications" || calls !== "calls" || !id) return;
    const data = entry.resourceData;
    if (what === "participants" && Array.isArray(data)) this.rosterChanged(id, data);
    else if (!what && data && typeof data === "object") this.callChanged(id, entry.changeType, data);
  }

  callChanged(id, change, { state }) {
    if (change === "deleted" || state === "terminated") this.over(id);
    else if (this.ended.has(id)) return; // it came late
    else if (state === "incoming" && !this.live.has(id)) {
      this.add(id);
      this.answer(id);
    } else if (state === "established" && this.live.has(id)) this.established(id);
  }

  // What may not be answered is rejected, which needs no permission: nobody waits in vain.
  async answer(id) {
    if (await this.ask(id, () => this.graph.answer(id))) return;
    await this.ask(id, () => this.graph.reject(id));
    this.over(id);
  }

  // A roster as a whole; each list replaces the one before.
  rosterChanged(id, people) {
    const call = this.live.get(id);
    if (call) call.people = people.map((one) => one.id);
  }

  established(id) {
    const call = this.live.get(id);
    if (call.established) return;
    call.established = true;
    this.keepAlive(id);
  }

  add(id) {
    this.live.set(id, { people: [], established: false });
  }

  async join(meeting) {
    const { id } = await this.graph.join(meeting);
    // Its notifications may have been faster.
    if (!this.ended.has(id) && !this.live.has(id)) this.add(id);
    return id;
  }

  async keepAlive(id) {
    while (this.live.has(id)) {
      await this.sleep(KEEP_ALIVE_EVERY);
      if (this.live.has(id)) await this.ask(id, () => this.graph.keepAlive(id));
    }
  }

  // Whether Graph did it. A call that is gone is forgotten; any other refusal costs no call.
  async ask(id, request) {
    try {
      await request();
      return true;
    } catch (error) {
      console.error(`call ${id}: refused: ${error.statusCode ?? ""} ${error.message}`);
      if (error.statusCode === 404) this.over(id);
      return false;
    }
  }

  over(id) {
    this.live.delete(id);
    this.ended.add(id);
    if (this.ended.size > ENDED_KEPT) this.ended.delete(this.ended.values().next().value);
  }
}
