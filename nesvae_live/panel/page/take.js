// The take: it is always recorded; how long, how large, how much room is left, and files to be had.

import { byId, make, makeFileLink } from "./dom.js";
import { makeControl } from "./controls.js";
import { timeOf } from "./takes.js";

const SCARCE_GIGABYTES = 1;

export class Take {
  constructor(panel, hello) {
    const rows = hello.table.filter(({ place }) => place === "take");
    byId("take-controls").replaceChildren(
      ...rows.map((row) => makeControl(row, panel, row.name.replace("keep-", "keep ") + (row.name.startsWith("keep") ? " bars" : ""))),
    );
    panel.state.onThing("recording", ({ recording }) => this.show(recording));
    this.beatsPerBar = hello.beats_per_bar;
    this.preset = `Preset ${hello.preset}, checkpoint ${hello.checkpoint}`;
  }

  show({ take, seconds, megabytes, free_gigabytes: free, room, files = [], error }) {
    const name = take.split(/[\\/]/).at(-1);
    const text = error ? `${name}: ${error}` : `Recording ${name}: ${timeOf(seconds)}, ${megabytes} MB; room for ${room} more (${free} GB). ${this.preset}.`;
    byId("take-text").textContent = text;
    byId("take-text").classList.toggle("trouble", Boolean(error) || free < SCARCE_GIGABYTES);
    const list = files.join();
    if (list === this.listed) return;
    this.listed = list;
    byId("take-files").replaceChildren(
      ...files.map((file) => make("li", {}, makeFileLink(`take/${encodeURIComponent(file)}`, file))),
    );
  }
}
