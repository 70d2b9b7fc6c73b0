// What the instrument plays, heard in the browser: a little late, and said how late.

import { byId } from "./dom.js";

const SECURE = "the browser plays no sound from an address like this one: open the panel on the same machine, or through TLS";

export class Sound {
  constructor(panel) {
    this.panel = panel;
    this.button = byId("listen");
    this.note = byId("listen-note");
    this.button.onclick = () => (this.context ? this.end() : this.begin());
    this.context = null;
  }

  async begin() {
    if (!window.AudioWorkletNode || !window.isSecureContext) {
      this.panel.tell(SECURE);
      return;
    }
    this.show(true, "…");
    this.worker = new Worker("soundlink.js", { type: "module" });
    this.worker.onmessage = ({ data }) => {
      if (data.about) this.play(data.about);
      else this.note.textContent = data.gone;
    };
    this.pieces = new MessageChannel();
    this.worker.postMessage({ url: `ws://${location.host}/sound`, player: this.pieces.port1 }, [this.pieces.port1]);
    this.context = "coming";
  }

  // The server has said what sound it is.
  async play({ rate, lead }) {
    if (this.context !== "coming") return;
    this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    const { context } = this;
    await context.audioWorklet.addModule("soundplayer.js");
    if (this.context !== context) return; // it was ended meanwhile
    const player = new AudioWorkletNode(context, "sound-player", {
      numberOfInputs: 0,
      outputChannelCount: [2],
      processorOptions: { rate },
    });
    player.port.postMessage({ pieces: this.pieces.port2 }, [this.pieces.port2]);
    player.port.onmessage = ({ data }) => this.told(data, lead);
    player.connect(context.destination);
    if (context.state === "suspended") await context.resume();
  }

  told({ gaps, plays, seconds }, lead) {
    if (!this.context) return;
    const { outputLatency = 0, baseLatency = 0 } = this.context;
    const late = seconds - lead + Math.max(outputLatency, baseLatency);
    Object.assign(this.button.dataset, { gaps, late: Math.round(late * 1000) });
    const broken = gaps ? `, broke off ${gaps === 1 ? "once" : `${gaps} times`}` : "";
    this.note.textContent = plays ? `${Math.round(late * 100) * 10} ms late${broken}` : "waits for sound";
  }

  end() {
    this.worker.terminate();
    if (this.context !== "coming") this.context.close();
    this.context = null;
    this.show(false, "");
  }

  show(on, text) {
    this.button.setAttribute("aria-pressed", String(on));
    this.note.textContent = text;
  }
}
