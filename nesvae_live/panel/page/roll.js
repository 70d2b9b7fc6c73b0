// The roll: the last bars as they were played, the playhead, and what comes, as it was decoded.

import { byId, lettering, make, noteName, surface, themeColours } from "./dom.js";

const LOWEST = 24;
const HIGHEST = 108;
const OCTAVE = 12;
const FEWEST = 3 * OCTAVE; // notes from the bottom to the top
const ROOM = 2; // notes above and below what is played
const KEPT_MS = 8000; // what is seen no more keeps its place so long
const GLIDE = 0.12; // of the way to another range, with each frame
const DRUMS = 16; // pixels for the noise voice, at the bottom
const WIDE = 720;
const AHEAD = 0.12; // beats by which events are there before they sound
const HEARD = "heard from here";
const LABELS = { P1: "pulse 1", P2: "pulse 2", TR: "triangle", NO: "noise" };

export class Roll {
  constructor(panel, hello) {
    this.panel = panel;
    [this.bar, this.since, this.before] = [hello.beats_per_bar, 0, 0];
    panel.state.onThing("bar_lines", ({ bar_lines: bars }) => ([this.bar, this.since, this.before] = bars));
    this.canvas = byId("roll-canvas");
    [this.low, this.high] = [3 * OCTAVE, 7 * OCTAVE];
    this.wide = { low: this.low, high: this.high, ms: 0 };
    this.pitched = hello.voices.filter((voice) => voice !== "NO");
    byId("roll-key").replaceChildren(
      ...hello.voices.map((voice) => make("span", { class: `key ${voice}` }, LABELS[voice] ?? voice)),
    );
    panel.state.onThing("bar", () => this.describe());
  }

  // For who can't see it: once a bar, what sounds.
  describe() {
    const { state } = this.panel;
    const sounding = this.pitched
      .filter((voice) => state.shapes[voice]?.note)
      .map((voice) => `${LABELS[voice] ?? voice} ${noteName(state.shapes[voice].note)}`);
    this.canvas.setAttribute(
      "aria-label",
      `Piano roll of the last bars and the next notes. Bar ${state.things.bar}: ${sounding.join(", ") || "silence"}`,
    );
  }

  draw() {
    const { context, width, height } = surface(this.canvas);
    const colours = themeColours();
    const bars = width > WIDE ? 3 : 2;
    const now = this.panel.state.beatNow();
    const beats = bars * this.bar;
    const from = now - beats * 0.66;
    const left = lettering(11) * 2.7; // for the names of octaves
    const pixels = (width - left) / beats;
    const x = (beat) => left + (beat - from) * pixels;
    this.range(from);
    const { low, high } = this;
    const step = (height - DRUMS - 4) / (high - low);
    const y = (note) => (high - Math.min(Math.max(note, low), high)) * step;
    context.clearRect(0, 0, width, height);
    this.drawGrid(context, colours, { x, y, from, beats, width, height, left });
    context.save();
    context.beginPath();
    context.rect(left, 0, width - left, height);
    context.clip();
    const thick = Math.max(3, step * 1.5);
    this.drawChord(context, colours, { x, y, now, step, width });
    this.drawPlayed(context, colours, { x, y, from, now, thick, height });
    this.drawComing(context, colours, { x, y, now, thick });
    this.drawEchoes(context, colours, { x, height });
    this.drawThemes(context, colours, { x, from });
    this.drawAnswer(context, colours, { x, from, height });
    this.drawLine(context, colours, { x, now, width, height });
    context.restore();
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    stroke(context, x(now), 0, x(now), height);
  }

  // From the octave of the lowest note that is seen to that of the highest; slower to shrink than to grow.
  range(from) {
    const { notes, things } = this.panel.state;
    const seen = notes.filter(({ voice, end }) => voice !== "NO" && (end ?? Infinity) > from).map(({ note }) => note);
    for (const [which, note] of this.panel.state.ahead(from)) seen.push(note + (things.transpose?.[which] ?? 0));
    if (!seen.length) return;
    let low = Math.max(Math.floor((Math.min(...seen) - ROOM) / OCTAVE) * OCTAVE, LOWEST);
    let high = Math.min(Math.ceil((Math.max(...seen) + ROOM) / OCTAVE) * OCTAVE, HIGHEST);
    while (high - low < FEWEST) {
      if (low > LOWEST) low -= OCTAVE;
      if (high - low < FEWEST) high += OCTAVE;
    }
    const now = performance.now();
    const { wide } = this;
    if (low <= wide.low && high >= wide.high) Object.assign(wide, { low, high, ms: now });
    else if (now - wide.ms > KEPT_MS) Object.assign(wide, { low, high, ms: now });
    else Object.assign(wide, { low: Math.min(wide.low, low), high: Math.max(wide.high, high) });
    const glide = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1 : GLIDE;
    this.low += (wide.low - this.low) * glide;
    this.high += (wide.high - this.high) * glide;
  }

  drawGrid(context, colours, { x, y, from, beats, width, height, left }) {
    const size = lettering(11);
    context.font = `${size}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.lineWidth = 1;
    for (let note = Math.ceil(this.low / OCTAVE) * OCTAVE; note <= this.high; note += OCTAVE) {
      context.strokeStyle = colours.line;
      stroke(context, left, y(note), width, y(note));
      context.fillStyle = colours.faint;
      context.fillText(noteName(note), left - 5, Math.max(size / 2 + 1, y(note)));
    }
    context.textAlign = "left";
    for (let beat = Math.ceil(from); beat <= from + beats; beat++) {
      if (beat < 0) continue;
      const isBar = (beat - this.since) % this.bar === 0;
      context.globalAlpha = isBar ? 1 : 0.45;
      context.strokeStyle = colours.line;
      context.lineWidth = isBar ? 2 : 1;
      if (x(beat) > left) stroke(context, x(beat), 0, x(beat), height);
      context.globalAlpha = 1;
      if (isBar && x(beat) > left - 4) {
        context.fillStyle = colours.faint;
        context.fillText(String((beat - this.since) / this.bar + this.before + 1), x(beat) + 4, size * 0.7);
      }
    }
  }

  // Behind the notes that come: the rows of the chord that is held.
  drawChord(context, colours, { x, y, now, step, width }) {
    const { chord_tones: tones = [] } = this.panel.state.things;
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.16;
    for (let note = Math.ceil(this.low); note <= this.high; note++) {
      if (tones.includes(note % OCTAVE)) context.fillRect(x(now), y(note) - step / 2, width - x(now), step);
    }
    context.globalAlpha = 1;
  }

  drawPlayed(context, colours, { x, y, from, now, thick, height }) {
    for (const { voice, note, start, end } of this.panel.state.notes) {
      const until = Math.min(end ?? now, now + AHEAD);
      if (until < from || start > now + AHEAD) continue;
      context.fillStyle = colours[voice] ?? colours.ink;
      if (voice === "NO") {
        context.fillRect(x(start), height - DRUMS + 2, 3, note > 8 ? DRUMS - 8 : DRUMS - 4);
        continue;
      }
      const wide = Math.max(x(until) - x(start) - 1, 2);
      const sounds = start <= now && (end === null || end > now);
      context.globalAlpha = sounds ? 1 : 0.72;
      context.fillRect(x(start), y(note) - thick / 2, wide, thick);
      context.globalAlpha = 1;
    }
  }

  // What comes: what is decoded, from where the played notes end.
  drawComing(context, colours, { x, y, now, thick }) {
    const { state } = this.panel;
    if (!state.things.phrase) return;
    context.lineWidth = 1;
    for (const [which, note, start, end] of state.ahead(now)) {
      const voice = this.pitched[which];
      if (state.targets[`mute-${voice}`] >= 0.5) continue;
      context.fillStyle = context.strokeStyle = colours[voice];
      const top = y(note + (state.things.transpose?.[which] ?? 0)) - thick / 2;
      const wide = Math.max(x(end) - x(start) - 2, 2);
      context.globalAlpha = 0.28;
      context.fillRect(x(start), top, wide, thick);
      context.globalAlpha = 0.9;
      context.strokeRect(x(start) + 0.5, top + 0.5, wide - 1, thick - 1);
    }
    context.globalAlpha = 1;
  }

  // Under the notes: what was played before, in an earlier phrase.
  drawEchoes(context, colours, { x, height }) {
    context.fillStyle = colours.faint;
    for (const { beats, again } of this.panel.state.phrases.values()) {
      again.forEach((is, i) => is && context.fillRect(x(beats[i]), height - DRUMS - 3, x(beats[i + 1]) - x(beats[i]), 2));
    }
  }

  // Over them: the phrases that were marked as themes.
  drawThemes(context, colours, { x, from }) {
    const { phrases, things } = this.panel.state;
    const size = lettering(12);
    context.strokeStyle = context.fillStyle = colours.accent;
    context.lineWidth = 3;
    for (const [letter, [first, last]] of Object.entries(things.theme_phrases ?? {})) {
      const spans = [...phrases].filter(([index]) => index >= first && index <= last).map(([, { beats }]) => beats);
      if (!spans.length) continue;
      const begins = Math.min(...spans.map((beats) => beats[0]));
      const ends = Math.max(...spans.map((beats) => beats.at(-1)));
      stroke(context, x(begins), size * 1.6, x(ends) - 2, size * 1.6);
      context.fillText(letter, x(Math.max(begins, from)) + 4, size * 2.4);
    }
  }

  // Under them: the beats of an answer to what somebody played.
  drawAnswer(context, colours, { x, from, height }) {
    const { answering } = this.panel.state.things;
    if (!answering) return;
    const [begin, end] = answering;
    const size = lettering(12);
    const line = height - DRUMS - 8;
    context.strokeStyle = context.fillStyle = colours.accent;
    context.lineWidth = 3;
    stroke(context, x(begin), line, x(end), line);
    context.fillText("answer", x(Math.max(begin, from)) + 4, line - size * 0.8);
  }

  // From where on what was turned is heard.
  drawLine(context, colours, { x, now, width, height }) {
    const { line } = this.panel.state.things;
    if (line === null || line === undefined || line < now || x(line) > width) return;
    context.strokeStyle = context.fillStyle = colours.accent;
    context.lineWidth = 2;
    context.setLineDash([6, 4]);
    stroke(context, x(line), 0, x(line), height);
    context.setLineDash([]);
    const wide = context.measureText(HEARD).width + 5;
    const left = x(line) + wide > width ? Math.max(x(line) - wide, x(now) + 5) : x(line) + 5;
    context.fillText(HEARD, left, lettering(11) * 2);
  }
}

function stroke(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
