// The map: every phrase of the corpus a dot, where the knobs are, where they were, the snapshots, and
// where the music goes next by itself.

import { byId, lettering, make, surface, themeColours } from "./dom.js";

const TRAIL = 90;
const MOVED = 0.003;
const STEP = 0.02;
const LEAP = 0.1;
const MARGIN = 10;
const FULL = 65535;
const RING = 8; // where the knobs are
const HEAD = 9; // of the arrow to where they go
const HEAD_ANGLE = 0.45;

export class MapView {
  constructor(panel, attributes) {
    this.panel = panel;
    this.canvas = byId("map-canvas");
    this.count = 0;
    this.trail = [];
    this.hand = null; // where a finger is
    this.asked = null;
    this.dots = document.createElement("canvas");
    this.colour = byId("map-colour");
    this.colour.replaceChildren(...attributes.map((name, i) => make("option", { value: i }, name)));
    this.colour.addEventListener("change", () => this.redraw());
    panel.state.onThing("place", ({ place }) => this.moved(place));
    this.listen();
  }

  async load() {
    const answer = await fetch("map.bin");
    const data = await answer.arrayBuffer();
    this.count = data.byteLength ? new DataView(data).getUint32(0, true) : 0;
    this.places = new Uint16Array(data, 4, this.count * 2);
    this.measures = new Uint8Array(data, 4 + this.count * 4, this.count * 8);
    this.redraw();
  }

  redraw() {
    this.stale = true;
  }

  moved(place) {
    if (!place) return;
    const last = this.trail.at(-1);
    if (!last || Math.hypot(last[0] - place[0], last[1] - place[1]) > MOVED) this.trail.push(place);
    if (this.trail.length > TRAIL) this.trail.shift();
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.goTo(this.under(event), true);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.hand) this.goTo(this.under(event), true);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => (this.hand = null));
    }
    canvas.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? LEAP : STEP;
      const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
      if (!way) return;
      event.preventDefault();
      const from = this.asked ?? this.panel.state.things.place ?? [0.5, 0.5];
      this.goTo([from[0] + way[0], from[1] + way[1]], false);
      clearTimeout(this.forget);
      this.forget = setTimeout(() => (this.asked = null), 1500);
    });
  }

  goTo([x, y], byHand) {
    const place = [clamp(x), clamp(y)];
    this.asked = place;
    this.hand = byHand ? place : null;
    if (byHand) clearTimeout(this.forget);
    this.panel.link.saySoon("place", { do: "place", x: place[0], y: place[1] });
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - MARGIN) / (box.width - 2 * MARGIN);
    const y = 1 - (event.clientY - box.top - MARGIN) / (box.height - 2 * MARGIN);
    return [x, y];
  }

  at([x, y]) {
    return [MARGIN + x * (this.width - 2 * MARGIN), MARGIN + (1 - y) * (this.height - 2 * MARGIN)];
  }

  draw() {
    const { context, width, height, resized } = surface(this.canvas);
    Object.assign(this, { width, height });
    const { place, goal, places, morph } = this.panel.state.things;
    const shown = [place, goal, places, morph, this.hand, this.count, lettering(12)];
    if (!resized && !this.stale && shown.every((what, i) => what === this.shown?.[i])) return;
    this.shown = shown;
    if ((resized || this.stale) && this.count) this.drawDots();
    this.stale = false;
    context.clearRect(0, 0, width, height);
    if (this.count) context.drawImage(this.dots, 0, 0, width, height);
    const colours = themeColours();
    this.drawTrail(context, colours);
    this.drawSnapshots(context, colours);
    if (place && goal) this.drawGoal(context, colours, place, goal);
    if (place) this.drawPlace(context, colours, place);
    if (this.hand) {
      const [x, y] = this.at(this.hand);
      context.strokeStyle = colours.faint;
      context.lineWidth = 1;
      line(context, x - 12, y, x + 12, y);
      line(context, x, y - 12, x, y + 12);
    }
  }

  drawDots() {
    this.dots.width = this.canvas.width;
    this.dots.height = this.canvas.height;
    const context = this.dots.getContext("2d");
    const ratio = this.canvas.width / this.width;
    context.scale(ratio, ratio);
    const { low, middle, high } = themeColours();
    const shades = Array.from({ length: 16 }, (_, i) => mix(low, middle, high, i / 15));
    const which = Number(this.colour.value);
    const size = Math.max(1.6, this.width / 210);
    for (let i = 0; i < this.count; i++) {
      const [x, y] = this.at([this.places[2 * i] / FULL, this.places[2 * i + 1] / FULL]);
      context.fillStyle = shades[this.measures[8 * i + which] >> 4];
      context.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }

  drawTrail(context, colours) {
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    for (let i = 1; i < this.trail.length; i++) {
      context.globalAlpha = (i / this.trail.length) * 0.7;
      line(context, ...this.at(this.trail[i - 1]), ...this.at(this.trail[i]));
    }
    context.globalAlpha = 1;
  }

  drawSnapshots(context, colours) {
    const { places = {}, morph, place } = this.panel.state.things;
    const size = lettering(12);
    context.font = `600 ${size}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [slot, there] of Object.entries(places)) {
      if (!there) continue;
      const [x, y] = this.at(there);
      if (morph && String(morph[0]) === slot && place) {
        context.strokeStyle = colours.accent;
        context.lineWidth = 2;
        context.setLineDash([5, 5]);
        line(context, ...this.at(place), x, y);
        context.setLineDash([]);
      }
      disc(context, x, y, size * 0.75, colours.paper, colours.ink);
      context.fillStyle = colours.ink;
      context.fillText(slot, x, y + 0.5);
    }
  }

  // An arrow to where the next phrase is; nothing where it stays.
  drawGoal(context, colours, place, goal) {
    const [from, to] = [this.at(place), this.at(goal)];
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
    if (Math.hypot(to[0] - from[0], to[1] - from[1]) < RING + 2) return;
    for (const [colour, width] of [
      [colours.paper, 5],
      [colours.accent, 2],
    ]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash([5, 5]);
      line(context, ...from, ...to);
      context.setLineDash([]);
      for (const side of [-HEAD_ANGLE, HEAD_ANGLE]) {
        line(context, ...to, to[0] - HEAD * Math.cos(angle + side), to[1] - HEAD * Math.sin(angle + side));
      }
    }
  }

  drawPlace(context, colours, place) {
    const [x, y] = this.at(place);
    context.lineWidth = 3;
    context.strokeStyle = colours.paper;
    ring(context, x, y, RING + 2.5);
    context.strokeStyle = colours.accent;
    ring(context, x, y, RING);
    disc(context, x, y, 2.5, colours.accent, colours.accent);
  }
}

const clamp = (value) => Math.min(Math.max(value, 0), 1);

function line(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function ring(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

function disc(context, x, y, radius, fill, stroke) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = stroke;
  context.lineWidth = 1.2;
  context.stroke();
}

// A colour between three, written #rrggbb.
function mix(low, middle, high, part) {
  const [from, to, share] = part < 0.5 ? [low, middle, part * 2] : [middle, high, part * 2 - 1];
  const parts = [1, 3, 5].map((i) => {
    const a = parseInt(from.slice(i, i + 2), 16);
    const b = parseInt(to.slice(i, i + 2), 16);
    return Math.round(a + (b - a) * share);
  });
  return `rgb(${parts.join(" ")})`;
}
