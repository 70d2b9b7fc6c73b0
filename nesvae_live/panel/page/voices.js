// A strip for each voice: its wave as the chip makes it now, its volume, level, mute, solo, pitch.
// The wave is the instrument's own samples, held still where it rises through its middle.

import { byId, make, makeSvg, noteName } from "./dom.js";
import { makeControl } from "./controls.js";

const MIDDLE = 128; // of a wave's samples, each a byte
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
    for (const name of ["keys-split", "keys-return", "answer", "chords"]) {
      if (rows.has(name)) (name === "keys-split" ? knobs : all).append(makeControl(rows.get(name), panel));
    }
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
    const given = rows.get(`given-${voice}`);
    const by = given ? [makeControl(given, this.panel, "by")] : [];
    const head = make("h3", {}, NAMES[voice] ?? voice, note);
    const strip = make(
      "div",
      { class: `strip ${voice}`, role: "group", "aria-label": NAMES[voice] ?? voice },
      head,
      scope,
      meter,
      buttons,
      knobs,
      ...by,
    );
    return { voice, strip, wave, bar, note };
  }

  draw() {
    const { shapes, targets } = this.panel.state;
    const waves = this.panel.state.waves;
    const solo = this.strips.some(({ voice }) => targets[`solo-${voice}`] >= 0.5);
    this.strips.forEach((strip, which) => {
      const { voice } = strip;
      const shape = shapes[voice];
      const sounds = shape?.note && shape.volume > 0;
      const heard = sounds && targets[`mute-${voice}`] < 0.5 && (!solo || targets[`solo-${voice}`] >= 0.5);
      const volume = heard ? (voice === "TR" ? 1 : shape.volume / LOUDEST) : 0;
      strip.bar.style.transform = `scaleX(${volume})`;
      if (waves && waves !== this.drawn) {
        const length = waves.length / this.strips.length;
        strip.wave.setAttribute("d", pathOf(waves.subarray(which * length, (which + 1) * length)));
      }
      const name = sounds && voice !== "NO" ? ` ${noteName(shape.note)}` : "";
      if (strip.note.textContent !== name) strip.note.textContent = name;
    });
    this.drawn = waves;
  }
}

// Half of a wave in a box of 96 by 32, from where it rises through its middle.
function pathOf(wave) {
  const half = wave.length / 2;
  let from = 1;
  while (from < half && !(wave[from - 1] < MIDDLE && wave[from] >= MIDDLE)) from += 1;
  if (from === half) from = 0;
  let path = "";
  for (let i = 0; i < half; i++) {
    path += `${i ? "L" : "M"}${((i * 96) / (half - 1)).toFixed(1)} ${(32 - wave[from + i] / 8).toFixed(1)}`;
  }
  return path;
}
