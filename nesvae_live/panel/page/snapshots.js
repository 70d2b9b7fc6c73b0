// Sixteen pads: what a press does is chosen beside them.

import { byId, make } from "./dom.js";
import { choose, roving } from "./controls.js";

const MODES = ["recall", "morph", "store", "clear"];

export class Snapshots {
  constructor(panel, hello) {
    this.panel = panel;
    const slots = hello.table.filter((row) => row.name.startsWith("recall-")).map((row) => Number(row.name.slice(7)));
    this.pads = new Map(slots.map((slot) => [slot, this.makePad(slot)]));
    byId("pads").replaceChildren(...this.pads.values());
    this.modes = MODES.map((mode, index) => {
      const button = make("button", { role: "radio" }, mode);
      button.addEventListener("click", () => this.setMode(index));
      return button;
    });
    roving(this.modes);
    byId("snapshot-modes").replaceChildren(...this.modes);
    this.setMode(0);
    this.names = {};
    panel.state.onThing(["snapshots", "morph", "snapshot_names", "standing"], (things) => this.show(things));
  }

  setMode(index) {
    this.mode = MODES[index];
    choose(this.modes, index);
    byId("snapshots").dataset.mode = this.mode;
    for (const [slot, pad] of this.pads) {
      pad.setAttribute("aria-label", this.label(slot));
      pad.dataset.target = `${this.mode === "clear" ? "recall" : this.mode}-${slot}`;
    }
  }

  label(slot) {
    const name = this.names?.[slot];
    return `${this.mode} snapshot ${slot}${name ? `, ${name}` : ""}`;
  }

  makePad(slot) {
    const pad = make("button", { class: "pad" }, String(slot));
    pad.append(make("small"));
    pad.addEventListener("click", () => this.press(slot, this.mode));
    return pad;
  }

  press(slot, mode) {
    if (mode === "clear") this.panel.link.say({ do: "clear", slot });
    else this.panel.press(`${mode}-${slot}`);
    if (mode === "store" || mode === "clear") this.setMode(0);
  }

  show({ snapshots = [], morph, snapshot_names: names = {}, standing }) {
    this.names = names;
    for (const [slot, pad] of this.pads) {
      pad.lastElementChild.textContent = pad.title = names[slot] ?? "";
      pad.setAttribute("aria-label", this.label(slot));
      pad.classList.toggle("stands", slot === standing);
      const part = morph && morph[0] === slot ? morph[1] : null;
      pad.classList.toggle("filled", snapshots.includes(slot));
      pad.classList.toggle("morphs", part !== null);
      pad.style.setProperty("--part", part ?? 0);
    }
  }
}
