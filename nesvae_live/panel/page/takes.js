// Earlier takes: to be listened to here, heard again from the instrument, looked at, and had.

import { byId, make, makeFileLink } from "./dom.js";

export class Takes {
  constructor(panel) {
    this.panel = panel;
    this.box = byId("takes");
    this.list = byId("takes-list");
    this.box.addEventListener("toggle", () => this.box.open && this.load());
  }

  async load() {
    const answer = await fetch("takes.json").catch(() => null);
    if (!answer?.ok) return;
    const takes = (await answer.json()).filter(({ state }) => state !== "playing");
    this.list.replaceChildren(...takes.map((take) => this.makeTake(take)));
    if (!takes.length) this.list.replaceChildren(make("li", { class: "note" }, "There are no earlier takes here."));
  }

  makeTake({ name, state, seconds, bars, tempo, megabytes, files }) {
    const title = `take ${name}`;
    const what = [timeOf(seconds), `${bars} bars`, tempo && `${tempo} BPM`, `${megabytes} MB`, state !== "whole" && state];
    const row = make("div", { class: "row" });
    const shown = make("div", {});
    if (files.includes("take.wav")) row.append(this.makeOpener("listen", title, shown, () => make("audio", { controls: "", autoplay: "", src: at(name, "take.wav") })));
    if (files.includes("take.wav")) row.append(this.makeReplay(name, title));
    if (files.includes("take.png")) row.append(this.makeOpener("look", title, shown, () => make("img", { src: at(name, "take.png"), alt: `Picture of ${title}: its notes and its knobs` })));
    for (const file of files) {
      const kind = file.split(".").at(-1);
      row.append(makeFileLink(at(name, file), `${name}.${kind}`, kind, { "aria-label": `${title} as ${kind}` }));
    }
    return make("li", {}, make("b", {}, name), make("span", { class: "note" }, ` ${what.filter(Boolean).join(", ")}`), row, shown);
  }

  // From the instrument, in place of the music, which is not stopped; and only if that is wanted.
  makeReplay(name, title) {
    const button = make("button", { "aria-label": `replay: ${title}` }, "replay");
    button.onclick = () => {
      if (confirm(`Hear ${title} instead of the music? The music goes on meanwhile, unheard, and is recorded.`))
        this.panel.link.say({ do: "again", take: name });
    };
    return button;
  }

  // A button that shows one thing of a take at a time, and takes it away again.
  makeOpener(verb, title, shown, make_) {
    const button = make("button", { "aria-pressed": "false", "aria-label": `${verb}: ${title}` }, verb);
    button.onclick = () => {
      const opens = button.getAttribute("aria-pressed") === "false";
      for (const other of button.parentElement.querySelectorAll("button")) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(opens));
      shown.replaceChildren(...(opens ? [make_()] : []));
    };
    return button;
  }
}

// At the top of the page, while one is heard: which, how far, and its end.
export class Replayed {
  constructor(panel) {
    const box = byId("again");
    const text = make("span", {});
    const stop = make("button", {}, "back to the music");
    stop.onclick = () => panel.link.say({ do: "again", take: null });
    box.replaceChildren(text, stop);
    panel.state.onThing("again", ({ again }) => {
      box.hidden = !again;
      if (again) text.textContent = `Take ${again.take} is heard, ${timeOf(again.at)} of ${timeOf(again.of)}; the music goes on unheard. `;
    });
  }
}

const at = (take, file) => `takes/${encodeURIComponent(take)}/${encodeURIComponent(file)}`;

export function timeOf(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
