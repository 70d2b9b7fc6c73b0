// A keyboard to play a phrase on, for the instrument to go on from: mouse, touch, or the computer's
// keys. What is played sounds here at once, as a pulse wave; the instrument only listens.

import { byId, make, noteName } from "./dom.js";

const LOWEST = 48; // with the keyboard's octave at 0
const KEYS = 25;
const BLACK = [1, 3, 6, 8, 10];
const TYPED = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"];
const FIRST_TYPED = 12; // keys from the lowest: the middle octave
const OCTAVES = 3; // to either side
const VELOCITY = 100;
const LOUD = 0.06;
const RELEASE_SECONDS = 0.03;

export class Piano {
  constructor(panel) {
    this.panel = panel;
    this.octave = 0;
    this.held = new Map(); // what holds it (a pointer, a key's code) -> note
    this.voices = new Map(); // note -> {oscillator, gain}
    this.box = byId("piano-keys");
    this.keys = Array.from({ length: KEYS }, (_, i) => this.makeKey(i));
    this.box.replaceChildren(...this.keys);
    this.typing = byId("piano-typing");
    this.typing.onclick = () => this.setTyping(!this.types);
    byId("piano-lower").onclick = () => this.shift(-1);
    byId("piano-higher").onclick = () => this.shift(1);
    this.types = false;
    this.listen();
    this.name();
  }

  makeKey(i) {
    const black = BLACK.includes(i % 12);
    const white = 7 * Math.floor(i / 12) + Math.floor(((i % 12) + (i % 12 > 4 ? 1 : 0)) / 2); // at it, or before it
    const key = make("button", { class: black ? "black" : "white", tabindex: i ? -1 : 0, "data-key": i, type: "button" });
    key.style.gridColumn = black ? `${3 * white + 3} / span 2` : `${3 * white + 1} / span 3`;
    return key;
  }

  name() {
    this.keys.forEach((key, i) => {
      const name = noteName(this.noteOf(i));
      key.setAttribute("aria-label", name);
      key.textContent = i % 12 === 0 ? name : "";
    });
  }

  noteOf(i) {
    return LOWEST + 12 * this.octave + i;
  }

  shift(octaves) {
    const octave = Math.min(Math.max(this.octave + octaves, -OCTAVES), OCTAVES);
    if (octave === this.octave) return;
    this.letAllGo();
    this.octave = octave;
    this.name();
  }

  setTyping(on) {
    this.types = on;
    this.letAllGo();
    this.typing.setAttribute("aria-pressed", String(on));
    if (on) this.panel.tell("The keys A to ; and the row above are a keyboard now, Z and X its octaves; Escape ends it.");
  }

  listen() {
    const box = this.box;
    const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest?.("[data-key]");
    box.addEventListener("pointerdown", (event) => {
      const key = under(event);
      if (event.button !== 0 || !key) return;
      event.target.releasePointerCapture?.(event.pointerId);
      this.press(event.pointerId, Number(key.dataset.key));
      event.preventDefault();
    });
    box.addEventListener("pointermove", (event) => {
      if (!this.held.has(event.pointerId)) return;
      const key = under(event);
      if (key) this.press(event.pointerId, Number(key.dataset.key));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      document.addEventListener(name, (event) => this.letGo(event.pointerId));
    }
    box.addEventListener("keydown", (event) => {
      const i = Number(event.target.dataset.key);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) this.keys[Math.min(Math.max(i + step, 0), KEYS - 1)].focus();
      else if (event.key === " " || event.key === "Enter") {
        if (!event.repeat) this.press("focus", i);
      } else return;
      event.preventDefault();
    });
    box.addEventListener("keyup", () => this.letGo("focus"));
    document.addEventListener("keydown", (event) => this.type(event), true);
    document.addEventListener("keyup", (event) => this.letGo(event.code));
    window.addEventListener("blur", () => this.letAllGo());
  }

  // A key of the computer: before the page's own keys get it.
  type(event) {
    if (!this.types || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea, dialog[open]")) return;
    const typed = TYPED.indexOf(event.code);
    if (typed >= 0) {
      if (!event.repeat) this.press(event.code, FIRST_TYPED + typed);
    } else if (event.code === "KeyZ") this.shift(-1);
    else if (event.code === "KeyX") this.shift(1);
    else if (event.key === "Escape") this.setTyping(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  press(holder, i) {
    const note = this.noteOf(i);
    if (this.held.get(holder) === note || note > 127) return;
    this.letGo(holder);
    this.held.set(holder, note);
    this.panel.link.say({ do: "note", note, velocity: VELOCITY });
    this.keys[i]?.classList.add("down");
    this.sound(note);
  }

  letGo(holder) {
    const note = this.held.get(holder);
    if (note === undefined) return;
    this.held.delete(holder);
    if ([...this.held.values()].includes(note)) return;
    this.panel.link.say({ do: "note", note, velocity: 0 });
    this.keys[note - this.noteOf(0)]?.classList.remove("down");
    this.silence(note);
  }

  letAllGo() {
    for (const holder of [...this.held.keys()]) this.letGo(holder);
  }

  sound(note) {
    this.context ??= new AudioContext();
    this.context.resume();
    const gain = new GainNode(this.context, { gain: LOUD });
    const oscillator = new OscillatorNode(this.context, { type: "square", frequency: 440 * 2 ** ((note - 69) / 12) });
    oscillator.connect(gain).connect(this.context.destination);
    oscillator.start();
    this.voices.set(note, { oscillator, gain });
  }

  silence(note) {
    const voice = this.voices.get(note);
    if (!voice) return;
    this.voices.delete(note);
    const now = this.context.currentTime;
    voice.gain.gain.setTargetAtTime(0, now, RELEASE_SECONDS / 3);
    voice.oscillator.stop(now + RELEASE_SECONDS * 2);
  }
}
