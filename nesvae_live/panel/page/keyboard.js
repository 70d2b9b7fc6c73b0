// Keys for who plays without a mouse, and the list of them.

import { byId, make } from "./dom.js";

const KEYS = [
  ["t", "tap the tempo", (panel) => panel.press("tap")],
  ["h", "hold the phrase", (panel) => panel.turnOver("hold")],
  ["a", "auto: the music wanders by itself", (panel) => panel.turnOver("auto")],
  ["c", "chance: elsewhere, within bounds", (panel) => panel.press("chance")],
  ["v", "vary: other notes at the same place", (panel) => panel.press("vary")],
  ["r", "release every knob", (panel) => panel.press("release")],
  ["[", "back to the previous phrase", (panel) => panel.press("back")],
  ["]", "forward again", (panel) => panel.press("forward")],
  ["m", "put a mark into the take", (panel) => panel.press("mark")],
  [".", "panic: end every note", (panel) => panel.press("panic")],
  ["p", "listen in the browser", () => byId("listen").click()],
  ["k", "the computer's keys play notes; Escape ends it", () => byId("piano-typing").click()],
  ["l", "learn a control", () => byId("learn").click()],
  ["s", "stage: large and dark", () => byId("stage").click()],
  ["?", "these keys", () => byId("help").click()],
];
const MORE = [
  ["1 … 9", "recall snapshot 1 to 9"],
  ["Shift 1 … 9", "store it"],
  ["arrows", "turn the knob, or move on the map, that has the focus; with Shift finer, on the map farther"],
  ["Page Up, Page Down, Home, End", "turn it far"],
  ["Delete", "release the knob; so does a double click"],
];

export function listenToKeys(panel) {
  const list = byId("keys-list");
  for (const [key, does] of [...KEYS, ...MORE]) list.append(make("dt", {}, key), make("dd", {}, does));
  byId("help").onclick = () => byId("keys").showModal();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.("input, select, textarea, dialog[open]")) return;
    const digit = /^Digit([1-9])$/.exec(event.code);
    if (digit) {
      panel.press(`${event.shiftKey ? "store" : "recall"}-${digit[1]}`);
      return;
    }
    const found = KEYS.find(([key]) => key === event.key);
    if (found) found[2](panel);
  });
}
