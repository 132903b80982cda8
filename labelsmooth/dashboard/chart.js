// One Plotly chart, redrawn in place: another figure, frame, theme or width changes the same DOM node.

import { HoverCard } from "./hovercard.js";
import { load } from "./library.js";

// What Plotly.animate moves without a redraw; anything else in a frame needs one.
const MOVABLE = new Set(["scatter", "bar"]);
const NARROW = 640; // pixels
const CONFIG = {
  // The viewer zooms by dragging; saving and resetting are the film's buttons, which never cover the picture.
  displayModeBar: false,
  displaylogo: false,
  showSendToCloud: false,
  showTips: false,
  doubleClick: false,
};

// Arrays, and the typed arrays that plotly.py writes as {dtype, bdata}, are values: replaced, never mixed.
const isTree = value =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !("bdata" in value);

function merge(target, ...sources) {
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      target[name] = isTree(value) ? merge(isTree(target[name]) ? target[name] : {}, value) : value;
    }
  }
  return target;
}

// The page's colours and font as a Plotly template: what a figure sets explicitly wins.
function themeOf(node) {
  const style = getComputedStyle(node);
  const ground = style.getPropertyValue("--st-background-color").trim();
  const ink = alpha => style.color.replace(/^rgba?\(([^,]+,[^,]+,[^,)]+).*$/, `rgba($1, ${alpha})`);
  const clear = "rgba(0, 0, 0, 0)";
  const line = ink(0.3);
  const axis = { gridcolor: ink(0.12), zerolinecolor: ink(0.2), linecolor: line, tickcolor: line };
  const wall = { ...axis, backgroundcolor: clear };
  const font = { family: style.fontFamily, color: ink(1) };
  const layout = {
    font,
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    xaxis: axis,
    yaxis: axis,
    scene: { xaxis: wall, yaxis: wall, zaxis: wall },
    hoverlabel: { bgcolor: ground, bordercolor: line, font },
  };
  return { ground, template: { layout } };
}

// After the next picture is on screen.
const painted = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

export class Chart {
  // `changed` hears of the start and the end of a zoom, `failed` of an error ("" once a drawing went well).
  constructor(node, { changed, failed }) {
    this.node = node;
    this.card = new HoverCard(node);
    this.changed = changed;
    this.failed = failed;
    this.view = {};
    this.resets = 0;
    this.trouble = "";
    this.drawn = {};
    new ResizeObserver(() => this.relook()).observe(node);
  }

  get zoomed() {
    return Object.keys(this.view).length > 0;
  }

  get narrow() {
    return this.node.clientWidth < NARROW ? this.figure.narrow : {};
  }

  get height() {
    const most = Number(getComputedStyle(this.node).getPropertyValue("--film-tallest")) || Infinity;
    return this.narrow.height ?? Math.min(this.figure.layout.height ?? 450, most);
  }

  // The wanted picture: a figure {data, layout, narrow}, with the changes of a frame {data, traces} if there is one.
  show(url, figure, frame) {
    if (figure.layout.uirevision !== this.figure?.layout.uirevision) this.view = {};
    if (figure !== this.figure || frame !== this.frame) this.card.hide();
    this.url = url;
    this.figure = figure;
    this.frame = frame;
    this.settle();
  }

  // Width or theme may have changed. Asking the browser for them at every frame would cost a tenth of the frame.
  relook() {
    this.look = undefined;
    this.settle();
  }

  reset() {
    this.view = {};
    this.resets += 1;
    this.drawn = {};
    this.changed();
    this.settle();
  }

  // One drawing at a time; the next one aims at what is wanted by then, so a slow machine skips frames.
  async settle() {
    if (!this.figure) return;
    if (this.look === undefined || this.figure !== this.drawn.figure) {
      this.node.style.setProperty("--film-height", `${this.height}px`);
      if (!this.node.clientWidth) return;
    }
    if (this.busy) return;
    this.busy = true;
    try {
      this.plotly = await load(this.url);
      if (this.patient) await painted();
      while (this.node.isConnected && (await this.step()));
      this.report();
    } catch (error) {
      this.report(error);
    } finally {
      this.busy = false;
    }
  }

  // Say what went wrong once, not for every frame.
  report(error) {
    const trouble = error?.message ?? "";
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    if (error) console.error(error);
    this.failed(trouble);
  }

  // Draw one thing that is not as wanted; false where nothing is left to do.
  async step() {
    const { node, figure, frame, plotly, drawn } = this;
    this.look ??= JSON.stringify([node.clientWidth, themeOf(node)]);
    if (figure !== drawn.figure || this.look !== drawn.look) {
      this.drawn = { figure, look: this.look, frame };
      await plotly.react(node, this.data(), this.layout(themeOf(node).template), CONFIG);
      this.listen();
      return true;
    }
    if (frame === drawn.frame) return false;
    drawn.frame = frame;
    const redraw = !frame.traces.every(i => MOVABLE.has(figure.data[i].type ?? "scatter"));
    const timing = { mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw } };
    await plotly.animate(node, { data: frame.data, traces: frame.traces }, timing);
    return true;
  }

  data() {
    const traces = this.figure.data.map(trace => merge({}, trace));
    this.frame?.traces.forEach((index, i) => merge(traces[index], this.frame.data[i]));
    return traces;
  }

  layout(template) {
    const { layout } = this.figure;
    const size = { width: this.node.clientWidth, height: this.height, autosize: false };
    // A clone, because a zoom writes into the arrays of the ranges.
    const whole = structuredClone(merge({}, layout, this.narrow, { template }, size, this.view));
    whole.uirevision = `${layout.uirevision}/${this.resets}`;
    // A finger drawn across the chart scrolls the page.
    if (matchMedia("(pointer: coarse)").matches) whole.dragmode ??= false;
    return whole;
  }

  // The zoom is kept here because plotly.js forgets it where a later figure comes with another range.
  listen() {
    if (this.listening) return;
    this.listening = true;
    this.card.listen();
    this.node.on("plotly_doubleclick", () => this.reset());
    this.node.on("plotly_relayout", changes => {
      for (const name of Object.keys(changes)) {
        const [axis] = name.match(/^[xy]axis\d*(?=\.range)/) ?? [];
        const [scene] = name.match(/^scene\d*(?=\.camera)/) ?? [];
        if (axis) this.view[axis] = { range: [...this.node.layout[axis].range], autorange: false };
        if (scene) this.view[scene] = { camera: this.node.layout[scene].camera };
      }
      this.changed();
    });
  }

  // What is on screen as a file, on the page's own ground instead of a transparent one.
  save(format, filename) {
    const { data, layout } = this.node;
    const opaque = merge({}, layout, { paper_bgcolor: themeOf(this.node).ground });
    const { width, height } = layout;
    const scale = format === "png" ? 2 : 1;
    return this.plotly.downloadImage({ data, layout: opaque }, { format, filename, width, height, scale });
  }
}
