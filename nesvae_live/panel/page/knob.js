// A knob: drag it, turn the wheel, or use the arrow keys; double-click or Delete lets it go.

import { make, makeSvg } from "./dom.js";

const SWEEP = 135; // degrees to either side of the top
const PIXELS = 180; // of dragging, from end to end
const FINE = 0.2; // with Shift
const STEP = 0.01;
const LEAP = 0.1;

// row: of the table; panel: {state, move(name, value), release(name)}.
export function makeKnob(row, panel) {
  const { name } = row;
  const value = makeSvg("path", { class: "arc value" });
  const pointer = makeSvg("line", { class: "pointer", x1: 32, y1: 20, x2: 32, y2: 11 });
  const measured = makeSvg("circle", { class: "measured", cx: 32, cy: 3.2, r: 2.6 });
  const physical = makeSvg("path", { class: "physical", d: "M32 6.5l-3.4-6h6.8z" });
  const dial = makeSvg(
    "svg",
    { viewBox: "0 0 64 60", "aria-hidden": "true" },
    makeSvg("path", { class: "arc", d: arc(0, 1) }),
    value,
    makeSvg("circle", { class: "cap", cx: 32, cy: 32, r: 15 }),
    pointer,
    measured,
    physical,
  );
  const label = make("span", { class: "name" }, label_of(name));
  const shown = make("output", { "aria-hidden": "true" });
  const knob = make(
    "div",
    {
      class: "knob",
      role: "slider",
      tabindex: 0,
      title: `${name}: turned up, ${row.more}`,
      "aria-label": `${name}, ${row.more}`,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "data-target": name,
    },
    label,
    dial,
    shown,
  );
  if (row.place === "style" && !row.more.endsWith(row.name.replace("style", "axis "))) knob.append(make("span", { class: "does", "aria-hidden": "true" }, row.more));

  let current; // 0..1, or undefined while it is let go
  const show = () => {
    const released = current === undefined || current === null;
    knob.classList.toggle("free", released);
    value.setAttribute("d", released ? "" : arc(0, current));
    turn(pointer, released ? 0.5 : current);
    const text = released ? "free" : as_text(current, row.scale);
    shown.textContent = text;
    knob.setAttribute("aria-valuenow", Math.round((released ? 0.5 : current) * 100));
    knob.setAttribute("aria-valuetext", text);
  };
  const set = (next) => panel.move(name, Math.min(Math.max(next, 0), 1));
  const by = (step) => set((current ?? panel.state.things.measured?.[name] ?? 0.5) + step);

  panel.state.onTarget(name, (next) => {
    current = next ?? undefined;
    show();
  });
  panel.state.onThing("measured", ({ measured: all }) => {
    const found = all?.[name];
    measured.classList.toggle("there", found !== undefined);
    if (found !== undefined) turn(measured, found);
  });

  panel.state.onThing("takeover", ({ takeover }) => {
    const stands = takeover?.[name];
    const waits = stands !== undefined;
    physical.classList.toggle("there", waits);
    if (waits) turn(physical, stands);
    if (waits === knob.hasAttribute("data-waits")) return;
    knob.toggleAttribute("data-waits", waits);
    const how = waits ? ": the triangle shows where your controller is; it takes over once you turn it to this value" : "";
    knob.title = `${name}: turned up, ${row.more}${how}`;
    knob.setAttribute("aria-label", `${name}, ${row.more}${waits ? ", waits for your controller" : ""}`);
  });

  let drag = null;
  dial.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dial.setPointerCapture(event.pointerId);
    knob.focus();
    const from = current ?? panel.state.things.measured?.[name] ?? 0.5;
    drag = { x: event.clientX, y: event.clientY, value: from };
    event.preventDefault();
  });
  dial.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const way = drag.y - event.clientY + (event.clientX - drag.x);
    const step = (way / PIXELS) * (event.shiftKey ? FINE : 1);
    if (way === 0) return;
    drag = { x: event.clientX, y: event.clientY, value: Math.min(Math.max(drag.value + step, 0), 1) };
    set(drag.value);
  });
  const end = () => (drag = null);
  dial.addEventListener("pointerup", end);
  dial.addEventListener("pointercancel", end);
  dial.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      by((event.deltaY < 0 ? 1 : -1) * (event.shiftKey ? STEP / 2 : STEP * 2));
    },
    { passive: false },
  );
  const release = () => {
    if (row.release) panel.release(name);
    else if (row.scale?.kind === "level") set((0 - row.scale.low) / (row.scale.high - row.scale.low));
    else if (row.scale?.kind === "whole") set(0.5);
  };
  knob.addEventListener("dblclick", release);
  knob.addEventListener("keydown", (event) => {
    const fine = event.shiftKey ? FINE : 1;
    const act = {
      ArrowUp: () => by(STEP * fine),
      ArrowRight: () => by(STEP * fine),
      ArrowDown: () => by(-STEP * fine),
      ArrowLeft: () => by(-STEP * fine),
      PageUp: () => by(LEAP),
      PageDown: () => by(-LEAP),
      Home: () => set(0),
      End: () => set(1),
      Delete: release,
      Backspace: release,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  show();
  return knob;
}

function label_of(name) {
  return name.replace(/^(level|transpose)-.*/, "$1").replace(/^style/, "style ");
}

function turn(element, value) {
  element.setAttribute("transform", `rotate(${(value * 2 - 1) * SWEEP} 32 32)`);
}

function arc(from, to) {
  const at = (value) => {
    const angle = (((value * 2 - 1) * SWEEP - 90) * Math.PI) / 180;
    return `${(32 + 22 * Math.cos(angle)).toFixed(2)} ${(32 + 22 * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${at(from)}A22 22 0 ${(to - from) * 2 * SWEEP > 180 ? 1 : 0} 1 ${at(Math.max(to, from + 0.001))}`;
}

export function as_text(value, scale) {
  if (!scale) return `${Math.round(value * 100)}`;
  const { kind, low, high, unit } = scale;
  if (kind === "ratio") {
    const number = low * (high / low) ** value;
    return unit ? `${number.toFixed(0)} ${unit}` : number.toFixed(2);
  }
  const number = low + value * (high - low);
  if (kind === "level") return value === 0 ? "off" : `${number.toFixed(0)} ${unit}`;
  return `${number > 0 ? "+" : ""}${Math.round(number)}`;
}
