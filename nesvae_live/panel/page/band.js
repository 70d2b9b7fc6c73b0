// The band in words: the chord that is held, and when what somebody plays is answered.

import { byId, toneName } from "./dom.js";

export class Band {
  constructor(panel) {
    this.panel = panel;
    this.text = "";
    byId("band").hidden = true;
  }

  draw() {
    const { state } = this.panel;
    const text = [chordOf(state.things), answerOf(state.things, state.beatNow())].filter(Boolean).join(" · ");
    if (text === this.text) return;
    this.text = text;
    byId("band").hidden = !text;
    byId("band").textContent = text;
  }
}

// Its name, and the notes that are heard as its own.
function chordOf({ chords, chord, chord_tones: tones = [] }) {
  if (!chords) return "";
  if (!chord) return `no chord is held on channel ${chords}`;
  const notes = tones.map(toneName).join(" ");
  const name = chord.replaceAll("#", "♯").replace(/(?<=[A-G])b|b(?=5)/g, "♭");
  return name.includes(" ") ? `chord of ${notes}` : `chord ${name}: ${notes}`;
}

// Whether it listens, when it answers and for how long, and how much of the answer is left.
function answerOf({ answer = "off", answering }, beat) {
  if (answer === "off") return "";
  if (!answering || beat >= answering[1]) return "listens, to answer what you play";
  const [begin, end] = answering;
  const lasts = beats(end - begin);
  if (beat < begin) return `answers in ${beats(begin - beat)}, for ${lasts}`;
  return `answers: ${Math.ceil(end - beat)} of ${lasts} left`;
}

const beats = (n) => (Math.ceil(n) === 1 ? "1 beat" : `${Math.ceil(n)} beats`);
