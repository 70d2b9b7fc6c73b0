// A MIDI file, dropped on the page or opened: its phrases, to be gone on from, or to be snapshots; its style.

import { byId, make, makeSvg, noteName } from "./dom.js";
import { choose, roving } from "./controls.js";

const MODES = ["play", "store"];
const AGAIN_MS = 1500; // after that a snapshot that was stored here is among those that are told

const VOICES = ["P1", "P2", "TR"];
const LOWEST = 24;
const HIGHEST = 100;
const WIDE = 120;
const HIGH = 40;

export class MidiFile {
  constructor(panel) {
    this.panel = panel;
    this.text = byId("file-text");
    this.box = byId("file-phrases");
    this.modes = MODES.map((mode, index) => {
      const button = make("button", { role: "radio" }, mode);
      button.addEventListener("click", () => this.setMode(index));
      return button;
    });
    roving(this.modes);
    byId("file-modes").replaceChildren(...this.modes);
    this.setMode(0);
    this.stored = new Map(); // slot -> when it was stored from here
    byId("file-all").onclick = () => this.storeAll();
    byId("file-adopt").onclick = () => this.adopt();
    const open = byId("file-open");
    open.addEventListener("change", () => {
      if (open.files[0]) this.take(open.files[0]);
      open.value = "";
    });
    document.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("drops");
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("drops"));
    document.addEventListener("drop", (event) => {
      document.body.classList.remove("drops");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
  }

  async take(file) {
    this.text.textContent = `Reading ${file.name} …`;
    this.box.replaceChildren();
    byId("file-does").hidden = true;
    const answer = await fetch("midi", { method: "POST", body: file }).catch(() => null);
    if (!answer?.ok) {
      this.text.textContent = `${file.name}: ${answer ? (await answer.text()).trim() : "the panel does not answer"}`;
      return;
    }
    const { error, phrases, more, said } = await answer.json();
    if (error) {
      this.text.textContent = `${file.name}: ${error}`;
      return;
    }
    const few = more ? `, and ${more} more that are not shown` : "";
    this.text.textContent = `${file.name}: ${phrases.length} phrases${few}. A click plays one, and the music goes on from it, or stores it as the next free snapshot. ${said.join(" ")}`;
    this.phrases = phrases;
    this.file = file;
    byId("file-does").hidden = false;
    this.box.replaceChildren(...phrases.map((tuples, i) => this.makePhrase(tuples, i + 1)));
    byId("file").scrollIntoView({ block: "nearest" });
  }

  // The style takes some seconds to make, and is then chosen as in the set-up.
  async adopt() {
    const { file } = this;
    if (!confirm(`The music goes on in the style of ${file.name}, in a new take. Go on?`)) return;
    const button = byId("file-adopt");
    button.disabled = true;
    this.panel.tell(`Making a style of ${file.name} …`);
    const answer = await fetch(`adopt?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file }).catch(() => null);
    button.disabled = false;
    if (!answer?.ok) {
      this.panel.tell(`${file.name}: ${answer ? (await answer.text()).trim() : "the panel does not answer"}`);
      return;
    }
    const { error, style } = await answer.json();
    if (error) {
      this.panel.tell(`${file.name}: ${error}`);
      return;
    }
    this.panel.link.say({ do: "choose", what: "style", name: style });
    this.panel.tell(`Style ${style}: the music goes on in it at the next bar line.`);
  }

  makePhrase(tuples, number) {
    const button = make("button", { class: "phrase", "aria-label": `Phrase ${number}: ${firstNotes(tuples)}` }, draw(tuples));
    button.onclick = () => {
      if (this.mode === "store") {
        this.store(tuples, number);
        return;
      }
      this.panel.link.say({ do: "phrase", tuples });
      for (const other of this.box.children) other.classList.toggle("on", other === button);
      this.panel.tell(`Phrase ${number} is played next, and the music goes on from it.`);
    };
    return button;
  }

  setMode(index) {
    this.mode = MODES[index];
    choose(this.modes, index);
  }

  // The pads that have no snapshot.
  free() {
    const now = performance.now();
    const taken = new Set(this.panel.state.things.snapshots ?? []);
    for (const [slot, at] of this.stored) if (now - at < AGAIN_MS) taken.add(slot);
    return [...document.querySelectorAll("#pads .pad")].map((_, i) => i + 1).filter((slot) => !taken.has(slot));
  }

  keep(tuples, slot) {
    this.stored.set(slot, performance.now());
    this.panel.link.say({ do: "keep", slot, tuples });
  }

  store(tuples, number) {
    const [slot] = this.free();
    if (!slot) {
      this.panel.tell("No pad is free: clear one above.");
      return;
    }
    this.keep(tuples, slot);
    this.panel.tell(`Phrase ${number} is snapshot ${slot}.`);
  }

  storeAll() {
    const free = this.free();
    const few = this.phrases.slice(0, free.length);
    few.forEach((tuples, i) => this.keep(tuples, free[i]));
    const more = this.phrases.length - few.length;
    this.panel.tell(`${few.length} phrases are snapshots now${more ? `; for ${more} no pad is free` : ""}.`);
  }
}

function firstNotes(tuples) {
  const notes = tuples.map((tuple) => tuple.slice(0, 3).find((note) => note > 0)).filter(Boolean);
  return notes.slice(0, 4).map(noteName).join(" ");
}

// A small piano roll.
function draw(tuples) {
  const steps = tuples.reduce((sum, tuple) => sum + tuple[3], 0);
  const svg = makeSvg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" });
  let at = 0;
  for (const tuple of tuples) {
    const width = (tuple[3] * WIDE) / steps;
    VOICES.forEach((voice, which) => {
      const note = tuple[which];
      if (!note) return;
      const y = ((HIGHEST - note) / (HIGHEST - LOWEST)) * HIGH;
      svg.append(makeSvg("rect", { class: voice, x: at, y, width: Math.max(width - 0.6, 0.6), height: 2 }));
    });
    at += width;
  }
  return svg;
}
