// Preset, checkpoint, ports and sound device: chosen while it plays, as far as that can be had.

import { byId, make } from "./dom.js";

const NAMES = {
  preset: "preset",
  checkpoint: "checkpoint",
  style: "style",
  grid: "grid",
  audio: "sound device",
  "midi-in": "MIDI from",
  "midi-out": "notes to",
};

export class Setup {
  constructor(panel) {
    this.panel = panel;
    this.list = byId("setup-list");
    this.box = byId("setup");
    this.box.addEventListener("toggle", () => this.attend());
  }

  // Ask anew what there is, and what is chosen now, if anybody looks.
  attend() {
    if (this.box.open) this.load();
  }

  async load() {
    this.list.replaceChildren(make("li", { class: "note" }, "Looking at what there is …"));
    const answer = await fetch("choices.json").catch(() => null);
    if (!answer?.ok) {
      this.list.replaceChildren(make("li", { class: "note" }, answer ? (await answer.text()).trim() : "The panel does not answer."));
      return;
    }
    const choices = await answer.json();
    const known = Object.keys(NAMES).filter((what) => choices[what]);
    this.list.replaceChildren(...known.map((what) => this.makeChoice(what, choices[what])));
  }

  // What can't be had while it plays is said in its place.
  makeChoice(what, { now, there, how, why_not: why }) {
    const id = `setup-${what}`;
    const select = make("select", { id, "aria-describedby": `${id}-note` });
    const names = now && !there.includes(now) ? [now, ...there] : there;
    if (!now) select.append(make("option", { value: "" }, names.length ? "connect …" : "none"));
    for (const name of names) select.append(make("option", { value: name }, name));
    select.value = now;
    select.disabled = Boolean(why) || !names.length;
    select.addEventListener("change", () => this.choose(what, select, now, how));
    const note = make("span", { class: "note", id: `${id}-note` }, why || how);
    return make("li", {}, make("label", { for: id }, NAMES[what]), select, note);
  }

  choose(what, select, now, how) {
    const name = select.value;
    if (!name || name === now) return;
    if (!confirm(`${NAMES[what]} ${name}: ${how}. Go on?`)) {
      select.value = now;
      return;
    }
    this.panel.link.say({ do: "choose", what, name });
    this.panel.tell(`${NAMES[what]} ${name}: ${how}.`);
  }
}
