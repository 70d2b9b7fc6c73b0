// The head of the page: bar and beat, tempo and clock, and how well it goes, in words.

import { byId, make } from "./dom.js";
import { makeControl } from "./controls.js";

const MINUTE = 60_000;
const CLOCK = {
  stopped: "waits for the clock to start",
  armed: "armed: the next clock starts it",
  lost: "the clock is lost: waiting for it",
  coasting: "the clock is lost: carrying on at its last tempo",
};

export class Transport {
  constructor(panel, hello) {
    this.panel = panel;
    this.counts = []; // {ms, late, missed, underruns}, for the last minute
    this.setBars([hello.beats_per_bar, 0, 0]);
    panel.state.onThing("bar_lines", ({ bar_lines: bars }) => this.setBars(bars));
    byId("bar").textContent = "–";
    this.source = make("span", { class: "note" });
    const clock = byId("clock");
    clock.replaceChildren();
    for (const row of hello.table.filter(({ place }) => place === "clock")) clock.append(makeControl(row, panel));
    clock.append(this.source);
    const panic = hello.table.find(({ name }) => name === "panic");
    byId("panic").replaceChildren(makeControl(panic, panel, "Panic"));
    panel.state.onThing(["clock", "meter", "motion", "clock_warning", "clock_waiting"], (things) => this.showClock(things, hello));
    panel.state.onThing(["events_late", "audio_late", "underruns", "decodes_missed", "decode_ms"], (things) =>
      this.showHealth(things),
    );
    this.timer = setInterval(() => this.showHealth(panel.state.things), 5000);
  }

  end() {
    clearInterval(this.timer);
  }

  // How many beats a bar has, on which beat the first such bar began, and how many were before it.
  setBars([beats, since, before]) {
    Object.assign(this, { beatsPerBar: beats, since, before, at: undefined });
    this.lights = Array.from({ length: Math.max(1, Math.round(beats)) }, () => make("i", {}));
    byId("beats").replaceChildren(...this.lights);
  }

  draw() {
    const beat = Math.max(this.panel.state.beatNow() - this.since, 0);
    const bar = String(this.before + Math.floor(beat / this.beatsPerBar) + 1);
    const at = Math.floor(beat % this.beatsPerBar);
    if (bar === this.bar && at === this.at) return;
    Object.assign(this, { bar, at });
    byId("bar").textContent = bar;
    this.lights.forEach((light, i) => light.classList.toggle("on", i === at && this.panel.state.runs));
  }

  showClock({ clock, meter, motion, clock_warning: warning, clock_waiting: waiting }, hello) {
    const source = clock === "internal" ? "internal clock" : `clock: ${clock}`;
    this.source.textContent = `${meter ?? hello.meter}, ${source}`;
    const waits = clock === "internal" ? "" : waiting || (CLOCK[motion] ?? "");
    this.trouble = [waits, warning].filter(Boolean).join(" · ");
    this.showHealth(this.panel.state.things);
  }

  showHealth(things) {
    if (things.events_late === undefined) return; // nothing was told yet
    const now = performance.now();
    const heard = things.audio && things.audio !== "none";
    const counted = {
      ms: now,
      late: (things.events_late ?? 0) + (heard ? (things.audio_late ?? 0) : 0),
      missed: things.decodes_missed ?? 0,
      underruns: things.underruns ?? 0,
    };
    this.counts = [...this.counts.filter(({ ms }) => now - ms < MINUTE), counted];
    const since = (name) => counted[name] - this.counts[0][name];
    const words = [];
    if (this.trouble) words.push(this.trouble);
    if (since("underruns")) words.push(`the sound broke off ${times(since("underruns"))}: try --block-frames 512`);
    if (since("late")) words.push(`${since("late")} notes came late: close other programs`);
    if (since("missed")) words.push(`the network was too slow ${times(since("missed"))}: a phrase was repeated`);
    const health = byId("health");
    const text = words.join(" · ") || "all on time";
    if (health.textContent !== text) health.textContent = text;
    health.classList.toggle("trouble", words.length > 0);
    const { p50 = 0, p95 = 0, max = 0 } = things.decode_ms ?? {};
    health.title = `in the last minute; a phrase takes ${p50}/${p95}/${max} ms (median, 95 %, longest); since the start ${counted.late} late, ${counted.missed} missed, ${counted.underruns} underruns`;
  }
}

const times = (n) => (n === 1 ? "once" : `${n} times`);
