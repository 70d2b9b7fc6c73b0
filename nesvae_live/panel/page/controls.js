// Every other kind of target: a trigger, a switch, a choice.

import { make } from "./dom.js";
import { makeKnob } from "./knob.js";

const FEW = 4; // choices that are shown side by side

export function makeControl(row, panel, label = row.name.replaceAll("-", " ")) {
  if (row.kind === "knob") return makeKnob(row, panel);
  if (row.kind === "switch") return makeSwitch(row, panel, label);
  if (row.kind === "choice") return makeChoice(row, panel, label);
  return makeTrigger(row, panel, label);
}

function makeTrigger(row, panel, label) {
  const button = make("button", about(row), label);
  button.addEventListener("click", () => panel.press(row.name));
  panel.state.onTarget(row.name, (value) => button.classList.toggle("on", value >= 0.5));
  return button;
}

function makeSwitch(row, panel, label) {
  const button = make("button", { ...about(row), "aria-pressed": "false" }, label);
  let on = false;
  button.addEventListener("click", () => panel.move(row.name, on ? 0 : 1));
  panel.state.onTarget(row.name, (value) => {
    on = value >= 0.5;
    button.setAttribute("aria-pressed", String(on));
  });
  return button;
}

function makeChoice(row, panel, label) {
  const n = row.choices.length;
  const toValue = (index) => (n > 1 ? index / (n - 1) : 0);
  const toIndex = (value) => Math.min(Math.floor((value ?? 0) * n), n - 1);
  if (n > FEW) {
    const select = make("select", { "data-target": row.name });
    row.choices.forEach((choice, index) => select.append(make("option", { value: index }, choice)));
    select.addEventListener("change", () => panel.move(row.name, toValue(Number(select.value))));
    panel.state.onTarget(row.name, (value) => (select.value = toIndex(value)));
    return make("label", { class: "choice", title: row.more }, `${label} `, select);
  }
  const buttons = row.choices.map((choice, index) => {
    const button = make("button", { role: "radio", "aria-checked": "false", tabindex: -1 }, choice);
    button.addEventListener("click", () => panel.move(row.name, toValue(index)));
    return button;
  });
  const group = make(
    "span",
    { class: "segments", role: "radiogroup", "aria-label": `${label}: ${row.more}`, "data-target": row.name },
    ...buttons,
  );
  roving(buttons);
  panel.state.onTarget(row.name, (value) => choose(buttons, toIndex(value)));
  return make("span", { class: "choice", title: row.more }, make("span", { "aria-hidden": "true" }, `${label} `), group);
}

// Let one of some radio buttons be chosen.
export function choose(buttons, chosen) {
  buttons.forEach((button, index) => {
    button.setAttribute("aria-checked", String(index === chosen));
    button.tabIndex = index === chosen ? 0 : -1;
  });
}

// The arrow keys go from one button to the next, as in every group of radio buttons.
export function roving(buttons) {
  buttons.forEach((button, index) =>
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = buttons[(index + step + buttons.length) % buttons.length];
      next.focus();
      next.click();
    }),
  );
}

function about(row) {
  return { title: row.more, "data-target": row.name };
}
