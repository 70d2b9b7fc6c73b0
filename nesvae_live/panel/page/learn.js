// MIDI learn: choose a target here, move the control there.

import { byId } from "./dom.js";

export class Learning {
  constructor(panel) {
    this.panel = panel;
    this.button = byId("learn");
    this.on = false;
    this.number = null;
    this.button.onclick = () => this.toggle(!this.on);
    document.addEventListener("pointerdown", (event) => this.pick(event), true);
    document.addEventListener("click", (event) => this.swallow(event), true);
    document.addEventListener("keydown", (event) => this.key(event), true);
  }

  // Listen to what becomes of it.
  attend() {
    this.panel.state.onThing("learning", ({ learning }) => this.show(learning));
  }

  toggle(on) {
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("learning", on);
    this.mark(null);
    if (on) this.panel.tell("Learn: choose a knob or a button here, then move a control of your controller.");
    else this.panel.link.say({ do: "learn", target: null });
  }

  ours(event) {
    return this.on ? event.target.closest?.("[data-target]") : null;
  }

  pick(event) {
    const element = this.ours(event);
    if (!element) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(element);
  }

  swallow(event) {
    if (!this.ours(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  key(event) {
    if (this.on && event.key === "Escape") this.toggle(false);
    const element = this.ours(event);
    if (!element || ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(element);
  }

  choose(element) {
    this.mark(element);
    this.panel.link.say({ do: "learn", target: element.dataset.target });
    this.panel.tell(`${element.dataset.target}: move its control.`);
  }

  mark(element) {
    document.querySelector(".learns")?.classList.remove("learns");
    element?.classList.add("learns");
  }

  show({ target, heard, hint, number, learnt }) {
    if (target && this.on) {
      this.panel.tell(`${target}: move its control. ${heard ? `Heard ${heard}. ` : ""}${hint || ""}`);
    }
    if (this.number !== null && number !== this.number && learnt?.control) {
      const saved = learnt.error ? `, but not saved: ${learnt.error}` : "";
      this.panel.tell(`${learnt.target} is ${learnt.control} now${saved}.`);
      this.mark(null);
    }
    this.number = number;
  }
}
