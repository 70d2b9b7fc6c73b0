// The page: made from the table that the server says hello with, and kept up to date by its news.

import { Band } from "./band.js";
import { byId } from "./dom.js";
import { Link } from "./link.js";
import { State } from "./state.js";
import { makeControl } from "./controls.js";
import { listenToKeys } from "./keyboard.js";
import { Learning } from "./learn.js";
import { MapView } from "./map.js";
import { MidiFile } from "./midifile.js";
import { Piano } from "./piano.js";
import { Roll } from "./roll.js";
import { Setup } from "./setup.js";
import { Snapshots } from "./snapshots.js";
import { Sound } from "./sound.js";
import { Take } from "./take.js";
import { Replayed, Takes } from "./takes.js";
import { Themes } from "./themes.js";
import { watchTheme } from "./theme.js";
import { Transport } from "./transport.js";
import { Voices } from "./voices.js";

const FIRST_AXES = 8;
const SAID_MS = 6000;
const HANDLED = ["voices", "snapshots", "themes", "clock", "take"]; // by parts of their own

const panel = {
  state: new State(),
  // Move a target to a value in 0..1.
  move(name, value) {
    panel.state.hold(name, value);
    panel.link.saySoon(name, { do: "move", target: name, value });
  },
  // A trigger happens.
  press(name) {
    panel.link.say({ do: "move", target: name, value: 1 });
  },
  // A knob is let go.
  release(name) {
    panel.link.waiting.delete(name);
    panel.state.hold(name, null);
    panel.press(`release-${name}`);
  },
  turnOver(name) {
    panel.move(name, panel.state.targets[name] >= 0.5 ? 0 : 1);
  },
  // Tell a person something, at the foot of the page.
  tell(text) {
    const said = byId("said");
    if (said.textContent !== text) said.textContent = text;
    said.classList.add("shown");
    clearTimeout(panel.silence);
    panel.silence = setTimeout(() => said.classList.remove("shown"), SAID_MS);
  },
};

let parts = [];
let made = "";

function build(hello) {
  panel.state.forget();
  const content = JSON.stringify(hello);
  if (content === made) return;
  made = content;
  panel.state.thingListeners.clear();
  panel.state.targetListeners.clear();
  for (const part of parts) part.end?.();
  place(hello.table);
  const map = new MapView(panel, hello.attributes);
  byId("map").hidden = !hello.has_map;
  if (hello.has_map) map.load();
  parts = [new Transport(panel, hello), new Roll(panel, hello), new Band(panel), new Voices(panel, hello), map];
  new Snapshots(panel, hello);
  new Themes(panel, hello);
  new Take(panel, hello);
  new Replayed(panel);
  setup.attend();
  learning.attend();
  const waits = "The instrument doesn't answer: waiting for it.";
  panel.state.onThing("said", ({ said }) => {
    if (said && panel.heardLine !== undefined && said[0] !== panel.heardLine) panel.tell(said[1]);
    panel.heardLine = said?.[0] ?? -1;
  });
  panel.state.onThing("gone", ({ gone }) => banner(gone ? waits : ""));
}

// Put every target where the table has it.
function place(table) {
  for (const section of ["music", "sound", "style", "playing", "more"]) {
    for (const box of byId(section).querySelectorAll(".row, .knobs")) box.replaceChildren();
  }
  let axes = 0;
  for (const row of table) {
    if (HANDLED.includes(row.place) || row.name === "panic") continue;
    const id = ["music", "sound", "style", "playing"].includes(row.place) ? row.place : "more";
    const section = byId(id);
    const control = row.name === "stop" ? makeStop(row) : makeControl(row, panel);
    if (row.kind !== "knob") section.querySelector(".row").append(control);
    else if (row.place === "style" && (axes += 1) > FIRST_AXES) section.querySelector("details .knobs").append(control);
    else section.querySelector(".knobs").append(control);
  }
  byId("style").querySelector("details").hidden = axes <= FIRST_AXES;
}

// Ending the music takes a yes.
function makeStop(row) {
  const stop = makeControl({ ...row, kind: "trigger" }, { ...panel, press: ask }, "stop the performance");
  function ask() {
    if (confirm("End the performance? The take is kept.")) panel.link.say({ do: "stop", sure: true });
  }
  return stop;
}

function banner(text) {
  byId("banner").hidden = !text;
  byId("banner").textContent = text;
  document.body.classList.toggle("away", Boolean(text));
}

const learning = new Learning(panel);
panel.link = new Link(
  (news) => {
    if (news.hello) build(news.hello);
    else if (news.error) panel.tell(news.error);
    else panel.state.take(news);
  },
  (connected, reason) =>
    banner(connected ? "" : `The instrument is gone${reason ? ` (${reason})` : ""}: waiting for it to come back.`),
  (waves) => (panel.state.waves = waves),
);
new Sound(panel);
new Piano(panel);
new MidiFile(panel);
new Takes(panel);
const setup = new Setup(panel);
listenToKeys(panel);
byId("unsafe").hidden = window.isSecureContext;
watchTheme(() => parts.forEach((part) => part.redraw?.()));

// 60 a second are enough on any screen, and half of them where the instrument has few cores beside it.
const FRAME_MS = navigator.hardwareConcurrency <= 2 ? 31 : 15;
let shown = 0;
function frame(now) {
  requestAnimationFrame(frame);
  if (now - shown < FRAME_MS) return;
  shown = now;
  panel.state.sound();
  for (const part of parts) part.draw();
}
requestAnimationFrame(frame);
