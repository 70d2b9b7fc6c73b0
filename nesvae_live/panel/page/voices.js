// A strip for each voice: its wave as the chip makes it now, its volume, level, mute, solo, pitch.

import { byId, make, makeSvg, noteName } from "./dom.js";
import { makeControl } from "./controls.js";

const DUTIES = [0.125, 0.25, 0.5, 0.75];
const LOUDEST = 15;
const NAMES = { P1: "Pulse 1", P2: "Pulse 2", TR: "Triangle", NO: "Noise", all: "All" };
const SHORT = { mute: "Mute", solo: "Solo" };

export class Voices {
  constructor(panel, hello) {
    this.panel = panel;
    const rows = new Map(hello.table.filter((row) => row.place === "voices").map((row) => [row.name, row]));
    this.strips = hello.voices.map((voice) => this.makeStrip(voice, rows));
    const all = make("div", { class: "strip", role: "group", "aria-label": "All voices" }, make("h3", {}, NAMES.all));
    const knobs = make("div", { class: "knobs" });
    for (const kind of ["level", "transpose"]) {
      if (rows.has(`${kind}-all`)) knobs.append(makeControl(rows.get(`${kind}-all`), panel));
    }
    all.append(knobs);
    byId("strips").replaceChildren(...this.strips.map(({ strip }) => strip), all);
  }

  makeStrip(voice, rows) {
    const wave = makeSvg("path", {});
    const scope = makeSvg("svg", { viewBox: "0 0 96 32", preserveAspectRatio: "none", "aria-hidden": "true", class: "scope" }, wave);
    const bar = make("i", {});
    const meter = make("div", { class: "meter", "aria-hidden": "true" }, bar);
    const note = make("span", { class: "note-name", "aria-hidden": "true" });
    const buttons = make("div", { class: "row" });
    const knobs = make("div", { class: "knobs" });
    for (const kind of ["mute", "solo"]) {
      const row = rows.get(`${kind}-${voice}`);
      if (!row) continue;
      const button = makeControl(row, this.panel, SHORT[kind]);
      button.setAttribute("aria-label", `${SHORT[kind]} ${NAMES[voice] ?? voice}`);
      buttons.append(button);
    }
    for (const kind of ["level", "transpose"]) {
      const row = rows.get(`${kind}-${voice}`);
      if (row) knobs.append(makeControl(row, this.panel));
    }
    const head = make("h3", {}, NAMES[voice] ?? voice, note);
    const strip = make(
      "div",
      { class: `strip ${voice}`, role: "group", "aria-label": NAMES[voice] ?? voice },
      head,
      scope,
      meter,
      buttons,
      knobs,
    );
    return { voice, strip, wave, bar, note, drawn: "" };
  }

  draw() {
    const { shapes, targets } = this.panel.state;
    const solo = this.strips.some(({ voice }) => targets[`solo-${voice}`] >= 0.5);
    for (const strip of this.strips) {
      const { voice } = strip;
      const shape = shapes[voice];
      const sounds = shape?.note && shape.volume > 0;
      const heard = sounds && targets[`mute-${voice}`] < 0.5 && (!solo || targets[`solo-${voice}`] >= 0.5);
      const volume = heard ? (voice === "TR" ? 1 : shape.volume / LOUDEST) : 0;
      strip.bar.style.transform = `scaleX(${volume})`;
      const drawn = sounds ? `${voice}${shape.duty}${shape.volume}` : "";
      if (drawn !== strip.drawn) {
        strip.drawn = drawn;
        strip.wave.setAttribute("d", sounds ? waveOf(voice, shape) : "M0 16H96");
      }
      const name = sounds && voice !== "NO" ? ` ${noteName(shape.note)}` : "";
      if (strip.note.textContent !== name) strip.note.textContent = name;
    }
  }
}

// Two periods of what the chip makes of a voice, in a box of 96 by 32.
function waveOf(voice, { volume, duty }) {
  const height = (volume / LOUDEST) * 14;
  const top = 16 - height;
  const bottom = 16 + height;
  if (voice === "TR") return "M0 16L12 2 36 30 60 2 84 30 96 16";
  if (voice === "NO") {
    const draws = [3, 9, 1, 12, 6, 14, 0, 8, 13, 2, 11, 5, 15, 4, 10, 7];
    return draws.map((draw, i) => `${i ? "L" : "M"}${i * 6.4} ${16 + ((draw - 7.5) / 7.5) * height}`).join("");
  }
  const high = 48 * DUTIES[duty & 3];
  const low = 48 - high;
  return `M0 ${bottom}V${top}h${high}V${bottom}h${low}V${top}h${high}V${bottom}h${low}`;
}
