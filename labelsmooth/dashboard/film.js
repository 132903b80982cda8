// The film: takes the frames of a figure as they come and decides which one is on screen.

import { changed } from "./changed.js";
import { Chart } from "./chart.js";
import { Controls } from "./controls.js";
import { isAnswering } from "./stillness.js";

// How long an answer from Python may take before it counts as lost, in milliseconds; twice as long each time that it
// does, or a busy server would only be kept from answering.
const PATIENCE = 1000;
const LONGEST = 8000;

// Milliseconds until a viewer who steps from frame to frame counts as resting.
const MOMENT = 250;

// Milliseconds that a follower waits: its leader's picture comes first, and its leader's film runs smoothly.
const LATER = 200;
// More beats than this at once mean that the page slept, not that the film is late.
const LEAP = 5;

// The names of the frames on screen, for the films that follow.
const shown = new Map();
const stage = new EventTarget();

export class Film {
  constructor() {
    this.root = document.createElement("div");
    this.root.className = "film";
    this.controls = new Controls(this.root, this);
    this.chart = new Chart(this.controls.chart, {
      changed: () => this.paint(),
      failed: text => this.controls.complain(text),
    });
    this.queue = [];
    stage.addEventListener("moved", ({ detail }) => this.hear(detail));
  }

  // Messages from Python

  mount(slot) {
    if (this.root.parentNode === slot || !slot.isConnected) return;
    slot.replaceChildren(this.root);
    // The state of another element knows nothing of what was said through the last one.
    this.told = undefined;
    this.play(this.playing);
  }

  receive(message, { say, leave }) {
    this.say = say;
    this.leave = leave;
    this.chart.relook();
    // Anything new would move the picture under a hand that holds it.
    if (this.held) this.queue.push(message);
    else this.take(message);
  }

  take(message) {
    this.message = message;
    this.obey(message);
    if (message.run !== this.run) this.begin(message);
    this.dress(message);
    this.gap = message.first > this.frames.length || message.version !== this.version;
    if (!this.gap) {
      for (const frame of message.frames.slice(this.frames.length - message.first)) {
        this.names.set(frame.name, this.frames.push(frame) - 1);
      }
      this.seat();
      this.draw();
    }
    this.ask();
  }

  // The figure comes as a whole, or as a change of the one before.
  dress({ run, figure, change, base, version }) {
    if (figure) this.figure = figure;
    else if (version !== this.version && base === this.version) this.figure = changed(this.figure, change);
    else return;
    this.figure.layout.uirevision ??= run;
    this.version = version;
  }

  // Streamlit may drop any message, and repeats no message that stays the same: what is wanted is asked for again.
  ask() {
    const { run, frames, version } = this;
    const { done, ticking, follow } = this.message;
    // One film of a group is enough to say that the group has all it needs.
    const wish = this.gap ? "missing" : done && ticking && !follow && "ended";
    if (wish !== this.wish || frames.length !== this.had) this.hope();
    this.wish = wish;
    this.had = frames.length;
    if (!wish || this.asked || !this.root.isConnected) return;
    this.say(wish, { run, have: frames.length, version: version ?? "" });
    this.asked = setTimeout(() => {
      this.asked = undefined;
      this.ask();
    }, this.patience);
    this.patience = Math.min(2 * this.patience, LONGEST);
  }

  // What has come on its way need not be waited for as long as what was lost before.
  hope() {
    this.patience = PATIENCE;
    this.asked = clearTimeout(this.asked);
  }

  // Where Python has the film stand, or will have it once it hears what the viewer did; nothing where it plays.
  get pin() {
    return this.told ? this.told.frame : this.message.start;
  }

  // Go where Python asks for: once, and not where it only repeats the viewer, who may be elsewhere by now.
  obey({ start, autoplay, follow, heard }) {
    const { told } = this;
    if (follow || (told && told.when !== heard)) return;
    this.told = undefined;
    const news = start !== this.start && !(told && told.frame === (start ?? ""));
    this.start = start;
    if (!news) return;
    if (start) {
      this.place = start;
      this.roll(false);
    } else if (autoplay && this.place !== undefined) {
      this.place = undefined;
      if (this.complete && this.at === this.newest) this.at = 0;
      this.roll(true);
    }
  }

  begin({ run, autoplay, total, follow }) {
    const { pin } = this;
    // A film that the viewer moves stays at its place when what it shows is replaced, also under their hand.
    if (!autoplay) this.place ??= this.frames?.[this.at]?.name;
    else if (!pin) this.place = undefined;
    this.run = run;
    this.frames = [];
    this.names = new Map();
    this.at = -1;
    this.roll(autoplay && total > 0 && !follow && !pin);
  }

  // Play by itself, or stand. A viewer who wants less motion sees the newest frame until they start the film.
  roll(plays) {
    this.still = plays && matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.play(plays && !this.still);
  }

  get complete() {
    return this.message.done && !this.gap;
  }

  get newest() {
    return this.frames.length - 1;
  }

  // The frame to stand at after frames, or wishes, have come in.
  seat() {
    const { follow } = this.message;
    if (follow) this.at = this.names.get(shown.get(follow)) ?? this.at;
    else if (this.place === undefined) this.at = this.still ? this.newest : Math.min(Math.max(this.at, 0), this.newest);
    // Until its frame has come, a film that is to stand there shows the newest one before it.
    else this.at = this.names.get(this.place) ?? this.names.get(this.start) ?? this.newest;
  }

  hear({ key, held }) {
    if (key !== this.message?.follow || this.held) return;
    // A hand on the leader's range has all the time for itself: its followers wait until it rests.
    if (held) this.later = clearTimeout(this.later);
    this.draw();
  }

  // The clock: animation frames stop in a hidden tab, and so does the film.

  play(playing) {
    this.playing = playing;
    this.last = performance.now();
    if (!playing || this.ticking) return;
    this.ticking = true;
    requestAnimationFrame(now => this.tick(now));
  }

  tick(now) {
    this.ticking = this.playing && this.root.isConnected;
    if (!this.ticking) return;
    requestAnimationFrame(time => this.tick(time));
    const beat = 1000 / (this.message.fps * this.controls.speed.value);
    const beats = Math.max(0, Math.floor((now - this.last) / beat));
    const waits = this.held || this.at === this.newest || isAnswering(now);
    if (waits || beats > LEAP) this.last = now;
    else this.last += beats * beat;
    if (!waits && beats) this.move(Math.min(this.at + Math.min(beats, LEAP), this.newest));
    if (this.complete && this.at === this.newest && !this.held) this.stop();
  }

  // The viewer's hand

  hold() {
    this.held = true;
  }

  release() {
    this.held = false;
    for (const message of this.queue.splice(0)) {
      // A start that Python asked for meanwhile is older than the viewer's hand.
      this.start = message.start;
      this.take(message);
    }
    this.draw();
  }

  go(at, playing = false) {
    const to = Math.max(0, Math.min(at, this.newest));
    clearTimeout(this.resting);
    this.still = false;
    this.place = playing ? undefined : this.frames[to]?.name;
    this.play(playing);
    this.move(to);
    // A film that plays unasked tells that it does so again.
    if (playing && this.message.autoplay && this.pin) this.tell("");
  }

  stop() {
    this.play(false);
    this.paint();
  }

  // The viewer has left the film at this frame, unless it goes on within a moment, as under a key that is held down.
  rest() {
    this.stop();
    const frame = this.frames[this.at];
    if (frame) this.resting = setTimeout(() => this.tell(frame.name), MOMENT);
  }

  // A state, which stays until Python has read it; the time makes leaving at the same frame again another state.
  tell(frame) {
    if (!this.message.releases) return;
    this.told = { frame, when: Date.now(), visit: this.message.visit };
    this.leave("released", this.told);
  }

  act(action) {
    const { at, newest } = this;
    const over = this.still || (this.complete && at === newest);
    if (action === "reset") this.chart.reset();
    else if (action === "png" || action === "svg") this.chart.save(action, this.filename);
    else if (newest < 0) return;
    else if (action === "replay") this.go(0, true);
    else if (action === "live") this.go(newest, true);
    else if (action === "toggle" && !this.playing) this.go(over ? 0 : at, true);
    else {
      const to = { back: at - 1, forward: at + 1, first: 0, last: newest, toggle: at };
      this.go(to[action]);
      this.rest();
    }
  }

  get filename() {
    const { key, unit } = this.message;
    const words = this.at < 0 ? [key] : [key, unit, this.frames[this.at].name];
    return words.join("-").replace(/[^\w.]+/g, "-");
  }

  // The picture

  move(at) {
    this.at = at;
    this.draw();
  }

  draw() {
    if (!this.message.follow) this.show();
    else this.later ??= setTimeout(() => this.catchUp(), LATER);
  }

  catchUp() {
    this.later = undefined;
    if (this.held) return;
    this.chart.patient = true;
    this.seat();
    this.show();
  }

  show() {
    const { message, figure } = this;
    const frame = this.frames[this.at];
    // A new run leaves the last picture in place until it has a frame of its own.
    if (figure && (frame || !message.total || !this.chart.figure)) this.chart.show(message.library, figure, frame);
    this.paint();
    if (!frame) return;
    shown.set(message.key, frame.name);
    stage.dispatchEvent(new CustomEvent("moved", { detail: { key: message.key, held: this.held } }));
  }

  paint() {
    const { message, run, frames, at, playing, gap } = this;
    this.controls.paint({ message, run, frames, at, playing, gap, zoomed: this.chart.zoomed });
  }
}
