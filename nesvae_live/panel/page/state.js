// How everything stands, as the server told it: things, targets, the notes played, and the beat.

const HELD_MS = 400; // a target that a hand moves here is not moved back by news from before
const CATCH_UP = 0.15; // of a small error in the beat, with each frame
const JUMP_BEATS = 0.5;
const REMEMBERED_BEATS = 40;

export class State {
  constructor() {
    this.things = {};
    this.targets = {};
    this.notes = []; // {voice, note, start, end}: end is null while it sounds
    this.phrases = new Map(); // index -> {tuples, beats, again}, of those placed lately, the newest last
    this.shapes = {}; // voice -> {note, volume, duty}, as it sounds now
    this.waves = null; // the voices' samples, one after the other, as they sound now
    this.coming = []; // events whose beat is still ahead
    this.held = new Map(); // target -> until when a hand holds it
    this.pending = new Map(); // target -> what it was told meanwhile
    this.thingListeners = new Map();
    this.targetListeners = new Map();
    this.beatAt = { beat: 0, ms: performance.now() };
  }

  onThing(names, listener) {
    for (const name of [names].flat()) add(this.thingListeners, name, listener);
  }

  onTarget(name, listener) {
    add(this.targetListeners, name, listener);
  }

  take(news) {
    const now = performance.now();
    if (news.beat !== undefined) this.takeBeat(news.beat, now);
    for (const event of news.played ?? []) this.takeEvent(event);
    for (const [name, value] of Object.entries(news.targets ?? {})) {
      if ((this.held.get(name) ?? 0) < now) this.setTarget(name, value);
      else this.pending.set(name, value);
    }
    if (news.things?.phrase) this.takePhrase(news.things.phrase);
    const changed = new Set();
    for (const [name, value] of Object.entries(news.things ?? {})) {
      this.things[name] = value;
      for (const listener of this.thingListeners.get(name) ?? []) changed.add(listener);
    }
    for (const listener of changed) listener(this.things);
  }

  // A hand here moves a target: it stands there at once.
  hold(name, value) {
    this.held.set(name, performance.now() + HELD_MS);
    this.setTarget(name, value);
  }

  setTarget(name, value) {
    this.targets[name] = value;
    for (const listener of this.targetListeners.get(name) ?? []) listener(value);
  }

  get runs() {
    return ["running", "coasting"].includes(this.things.motion) && !this.things.gone;
  }

  takeBeat(beat, now) {
    const off = beat - this.beatNow(now);
    const smooth = this.runs && Math.abs(off) < JUMP_BEATS;
    this.beatAt = { beat: smooth ? beat - off * (1 - CATCH_UP) : beat, ms: now };
  }

  beatNow(now = performance.now()) {
    if (!this.runs) return this.beatAt.beat;
    const passed = Math.min(now - this.beatAt.ms, 1500); // news that stay out stop the playhead
    return this.beatAt.beat + (passed / 60000) * (this.things.tempo ?? 120);
  }

  takePhrase({ index, tuples, beats, again }) {
    this.phrases.delete(index);
    this.phrases.set(index, { tuples, beats, again });
    for (const [old, { beats: then }] of this.phrases) {
      if (Math.abs(then[0] - beats[0]) > REMEMBERED_BEATS) this.phrases.delete(old);
    }
  }

  // The notes that are decoded and still to come from `now` on: [which voice, note, start, end]. The
  // rest of the phrase that plays is among them while the next one is placed already.
  ahead(now) {
    const phrases = [...this.phrases.values()];
    return phrases.flatMap(({ tuples, beats }, at) => {
      const until = Math.min(Infinity, ...phrases.slice(at + 1).map((later) => later.beats[0]));
      if (Math.min(beats.at(-1), until) <= now) return [];
      return [0, 1, 2].flatMap((which) => {
        const notes = [];
        for (let i = 0, j; i < tuples.length; i = j) {
          for (j = i + 1; j < tuples.length && tuples[j][which] === tuples[i][which]; ) j += 1;
          const [start, end] = [Math.max(beats[i], now), Math.min(beats[j], until)];
          if (tuples[i][which] && end > start) notes.push([which, tuples[i][which], start, end]);
        }
        return notes;
      });
    });
  }

  takeEvent([, beat, what, voice, a, b]) {
    this.coming.push({ beat, what, voice, a, b });
    if (what === "on") {
      this.end(beat, voice);
      this.notes.push({ voice, note: a, start: beat, end: null });
    } else if (what === "off") this.end(beat, voice);
    else if (what === "silence") this.end(beat);
    if (this.notes.length && Math.abs(this.notes[0].start - beat) > REMEMBERED_BEATS) {
      this.notes.shift();
    }
  }

  end(beat, voice) {
    for (let i = this.notes.length - 1; i >= 0 && i > this.notes.length - 40; i--) {
      const note = this.notes[i];
      if (note.end === null && (voice === undefined || note.voice === voice)) note.end = beat;
    }
  }

  // Let what has come by now sound, and let go of what hands have let go; called once a frame.
  sound() {
    for (const [name, value] of this.pending) {
      if (this.held.get(name) > performance.now()) continue;
      this.pending.delete(name);
      this.setTarget(name, value);
    }
    const now = this.beatNow();
    while (this.coming.length && (this.coming[0].beat <= now || this.coming[0].beat > now + 4)) {
      const { what, voice, a, b } = this.coming.shift();
      if (what === "silence") this.shapes = {};
      else {
        const shape = (this.shapes[voice] ??= { note: 0, volume: 15, duty: 2 });
        if (what === "on") Object.assign(shape, { note: a, volume: Math.min(15, Math.round((b * 15) / 100)) });
        else if (what === "off") shape.note = shape.note === a ? 0 : shape.note;
        else Object.assign(shape, { volume: a, duty: b });
      }
    }
  }

  // Another connection tells everything anew.
  forget() {
    this.notes = [];
    this.phrases.clear();
    this.coming = [];
    this.shapes = {};
  }
}

function add(listeners, name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
}
