// Themes: eight pads, by which what plays is kept and asked back.

import { byId, make } from "./dom.js";
import { choose, makeControl, roving } from "./controls.js";

const MODES = ["return", "mark"];

export class Themes {
  constructor(panel, hello) {
    this.panel = panel;
    const rows = hello.table.filter(({ place }) => place === "themes");
    const letters = rows.filter(({ name }) => name.startsWith("return-")).map(({ name }) => name.slice(7));
    this.pads = new Map(letters.map((letter) => [letter, this.makePad(letter)]));
    byId("theme-pads").replaceChildren(...this.pads.values());
    this.modes = MODES.map((mode, index) => {
      const button = make("button", { role: "radio" }, mode);
      button.addEventListener("click", () => this.setMode(index));
      return button;
    });
    roving(this.modes);
    byId("theme-modes").replaceChildren(...this.modes);
    const forget = rows.find(({ name }) => name === "forget");
    byId("theme-forget").replaceChildren(...(forget ? [makeControl(forget, panel, "forget all")] : []));
    this.setMode(0);
    panel.state.onThing("themes", ({ themes = [] }) => this.show(themes));
  }

  setMode(index) {
    this.mode = MODES[index];
    choose(this.modes, index);
    byId("themes").dataset.mode = this.mode;
    for (const [letter, pad] of this.pads) {
      pad.setAttribute("aria-label", this.mode === "mark" ? `mark what is playing as theme ${letter}` : `bring theme ${letter} back`);
      pad.dataset.target = `${this.mode}-${letter}`;
    }
  }

  makePad(letter) {
    const pad = make("button", { class: "pad" }, letter);
    pad.addEventListener("click", () => {
      this.panel.press(`${this.mode}-${letter}`);
      this.setMode(0);
    });
    return pad;
  }

  show(themes) {
    for (const [letter, pad] of this.pads) pad.classList.toggle("filled", themes.includes(letter));
  }
}
