// The player, in the browser's audio thread: plays pieces of sound in order, as late as it has to.
//
// It keeps `wanted` frames in hand. When they run out it counts a gap, fades, and keeps more from
// then on. The instrument's clock and the sound device's are never quite the same: it plays by up to
// half a percent faster or slower, so that what it keeps stays what it wants.

const CAPACITY = 1 << 16; // frames, a power of two
const WANTED_SECONDS = 0.1;
const MOST_SECONDS = 0.5;
const MORE = 1.5; // times as much after a gap
const TOO_MUCH_SECONDS = 0.35; // above what is wanted: it skips there
const FADE = 128; // frames
const STEER = 0.02; // of the speed, for each second too much
const FASTEST = 0.005;
const TOLD_FRAMES = 8192;

class SoundPlayer extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.rate = rate;
    this.left = new Float32Array(CAPACITY);
    this.right = new Float32Array(CAPACITY);
    this.end = 0; // the number of the frame after the newest
    this.at = 0; // of the frame that is played, with its fraction
    this.plays = false;
    this.wanted = WANTED_SECONDS * rate;
    this.kept = this.wanted; // about what is in hand when a piece has come
    this.gain = 0;
    this.gaps = 0;
    this.skips = 0;
    this.told = 0;
    this.port.onmessage = ({ data }) => {
      data.pieces.onmessage = ({ data: piece }) => this.take(piece);
    };
  }

  take({ first, frames }) {
    if (first !== this.end) {
      // Frames are missing, or it is the first piece.
      if (this.plays) this.gaps += 1;
      this.plays = false;
      this.gain = 0;
      this.at = first;
    }
    const count = frames.length / 2;
    for (let i = 0; i < count; i++) {
      const place = (first + i) & (CAPACITY - 1);
      this.left[place] = frames[2 * i] / 32768;
      this.right[place] = frames[2 * i + 1] / 32768;
    }
    this.end = first + count;
    const inHand = this.end - this.at;
    if (!this.plays) {
      if (inHand < this.wanted) return;
      this.at = this.end - this.wanted;
      this.kept = this.wanted;
      this.plays = true;
    } else if (inHand > this.wanted + TOO_MUCH_SECONDS * this.rate) {
      this.skips += 1;
      this.at = this.end - this.wanted;
      this.kept = this.wanted;
      this.gain = 0;
    } else this.kept += (inHand - this.kept) * 0.02;
  }

  process(_inputs, [output]) {
    const [left, right] = output;
    const tooMuch = (this.kept - this.wanted) / this.rate;
    const speed = (this.rate / sampleRate) * (1 + Math.min(Math.max(tooMuch * STEER, -FASTEST), FASTEST));
    for (let i = 0; i < left.length; i++) {
      if (this.plays && this.end - this.at <= FADE + 2) this.runOut();
      this.gain = Math.min(Math.max(this.gain + (this.plays ? 1 : -1) / FADE, 0), 1);
      if (this.gain === 0) continue; // silence, as it is
      const whole = Math.floor(this.at);
      const part = this.at - whole;
      const here = whole & (CAPACITY - 1);
      const next = (whole + 1) & (CAPACITY - 1);
      left[i] = this.gain * (this.left[here] + part * (this.left[next] - this.left[here]));
      right[i] = this.gain * (this.right[here] + part * (this.right[next] - this.right[here]));
      this.at += speed;
    }
    this.told += left.length;
    if (this.told >= TOLD_FRAMES) {
      this.told = 0;
      const { gaps, skips, plays } = this;
      this.port.postMessage({ gaps, skips, plays, seconds: this.kept / this.rate });
    }
    return true;
  }

  // Hardly more is left than it takes to fade: keep more from now on.
  runOut() {
    this.plays = false;
    this.gaps += 1;
    this.wanted = Math.min(this.wanted * MORE, MOST_SECONDS * this.rate);
  }
}

registerProcessor("sound-player", SoundPlayer);
