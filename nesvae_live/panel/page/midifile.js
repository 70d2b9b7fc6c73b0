// A MIDI file, dropped on the page or opened: its phrases, of which one is played and gone on from.

import { byId, make, makeSvg, noteName } from "./dom.js";

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
    this.text.textContent = `${file.name}: ${phrases.length} phrases${few}. Choose one: the music goes on from it; store keeps it as a snapshot. ${said.join(" ")}`;
    this.box.replaceChildren(...phrases.map((tuples, i) => this.makePhrase(tuples, i + 1)));
    byId("file").scrollIntoView({ block: "nearest" });
  }

  makePhrase(tuples, number) {
    const button = make("button", { class: "phrase", "aria-label": `Phrase ${number}: ${firstNotes(tuples)}` }, draw(tuples));
    button.onclick = () => {
      this.panel.link.say({ do: "phrase", tuples });
      for (const other of this.box.children) other.classList.toggle("on", other === button);
      this.panel.tell(`Phrase ${number} is played next, and the music goes on from it.`);
    };
    return button;
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
