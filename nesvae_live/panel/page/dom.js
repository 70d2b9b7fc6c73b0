// Making elements, and a canvas that is sharp on every screen.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A canvas' 2D context with its size in CSS pixels; `resized` says that it must be drawn anew.
export function surface(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const resized = canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio);
  if (resized) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height, resized };
}

// The size of letters on a canvas: nothing on stage is smaller than 18.
export const lettering = (usual) => (document.body.classList.contains("stage") ? 18 : usual);

// The colours of the theme, read once for each theme.
let colours = null;
export function themeColours() {
  if (colours === null) {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    colours = Object.fromEntries(
      ["paper", "ink", "faint", "line", "accent", "P1", "P2", "TR", "NO", "low", "middle", "high"].map(
        (name) => [name, read(`--${name}`)],
      ),
    );
  }
  return colours;
}

export function forgetColours() {
  colours = null;
}

const NOTES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
export const toneName = (note) => NOTES[note % 12];
export const noteName = (note) => `${toneName(note)}${Math.floor(note / 12) - 1}`;

const KINDS = { mid: "audio/midi", wav: "audio/wav", png: "image/png" };

// A link to a file, which can also be dragged out of the browser: to a DAW's track, or a folder.
export function makeFileLink(href, file, text = file, attributes = {}) {
  const link = make("a", { href, download: file, draggable: "true", ...attributes }, text);
  link.addEventListener("dragstart", (event) => {
    const kind = KINDS[file.split(".").at(-1)] ?? "application/octet-stream";
    event.dataTransfer.setData("DownloadURL", `${kind}:${file}:${link.href}`);
  });
  return link;
}
