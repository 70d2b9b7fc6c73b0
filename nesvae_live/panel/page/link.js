// The WebSocket to the panel's server: it comes back by itself, and says little enough to be heard.

const AGAIN_MS = [200, 500, 1000, 2000];
const WHY_MS = 1000;
const EACH_MS = 33; // a target that is dragged is told so often, and its last value always

// Why the server keeps this page out, which a WebSocket doesn't tell; empty if nobody answers.
async function whyNot() {
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(WHY_MS) });
    return answer.status === 403 ? (await answer.text()).trim() : "";
  } catch {
    return "";
  }
}

export class Link {
  // onNews(news) gets each message; onState(connected, reason) is told when it comes and goes.
  // onWaves(bytes) gets what the voices sound like.
  constructor(onNews, onState, onWaves) {
    this.onNews = onNews;
    this.onWaves = onWaves;
    this.onState = onState;
    this.tries = 0;
    this.waiting = new Map(); // key -> message to be said with the next flush
    this.flushAt = 0;
    this.connect();
  }

  connect() {
    const socket = new WebSocket(`ws://${location.host}/live?waves`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = (event) => {
      this.tries = 0;
      if (typeof event.data === "string") this.onNews(JSON.parse(event.data));
      else this.onWaves(new Uint8Array(event.data));
    };
    let open = false;
    socket.onopen = () => {
      open = true;
      this.onState(true, "");
    };
    socket.onclose = async (event) => {
      this.onState(false, event.reason);
      const why = open ? "" : await whyNot();
      if (why) this.onState(false, why);
      const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)];
      this.tries += 1;
      setTimeout(() => this.connect(), wait);
    };
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  say(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }

  // Say it soon: of several under one key only the newest is said, 30 times a second at most.
  saySoon(key, message) {
    this.waiting.set(key, message);
    const now = performance.now();
    if (now >= this.flushAt) this.flush();
    else if (!this.timer) this.timer = setTimeout(() => this.flush(), this.flushAt - now);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    this.flushAt = performance.now() + EACH_MS;
    for (const message of this.waiting.values()) this.say(message);
    this.waiting.clear();
  }
}
