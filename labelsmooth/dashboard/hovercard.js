// The card beside the pointer: what is said of an example, and its picture, in figures that bring them along.
//
// Of such a figure `layout.meta` has `classes`, their names, and maybe `images`: {side, and lists of strings by part},
// a string a picture and a digit to the base 17 a pixel. A trace's `meta` has a `label`, its `part`, and `predicted`,
// one of DIGITS a point; `customdata` of a point start with its place in the list and may go on with lines.
// Other traces keep the label of Plotly.

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const GAP = 14; // pixels from the pointer
const EDGE = 4; // pixels from the edge of the window

// Beside the pointer on the side that has room, and inside the window in any case.
function beside(pointer, size, room) {
  const after = pointer + GAP;
  const at = after + size + EDGE > room ? pointer - GAP - size : after;
  return Math.max(EDGE, Math.min(at, room - size - EDGE));
}

export class HoverCard {
  constructor(chart) {
    this.chart = chart;
    this.root = document.createElement("div");
    this.root.className = "film-card";
    this.root.ariaHidden = "true";
    this.root.hidden = true;
    this.canvas = document.createElement("canvas");
    this.text = document.createElement("div");
    this.root.append(this.canvas, this.text);
    chart.after(this.root);
    // The next touch, or a page that scrolls away under the pointer, leaves the example.
    for (const type of ["pointerdown", "scroll"]) {
      addEventListener(type, event => this.leave(event), { capture: true, passive: true });
    }
  }

  // Once the chart is drawn: only then has it Plotly's events. A tap is a click without a hover.
  listen() {
    this.chart.on("plotly_hover", moment => this.show(moment));
    this.chart.on("plotly_click", moment => this.show(moment));
    this.chart.on("plotly_unhover", () => this.hide());
  }

  show({ points: [point], event }) {
    const { label, part, predicted } = point.data.meta ?? {};
    const has = label !== undefined && Boolean(event);
    this.chart.classList.toggle("film-carded", has);
    // After every frame Plotly repeats the last movement of the pointer, and it tells of any a little later: what
    // happened before the example was left no longer means anything. A tap has the time of the touch that left the last.
    this.root.hidden = !has || event === this.past || event.timeStamp < this.left;
    this.event = event;
    if (this.root.hidden) return;
    const { classes, images } = this.chart.layout.meta;
    const [place, ...more] = point.customdata;
    const guess = classes[DIGITS.indexOf(predicted[point.pointNumber])];
    this.text.replaceChildren(...[label, ...more, `predicted: ${guess}`].map(line => this.line(line)));
    this.canvas.hidden = !images;
    if (images) this.draw(images.side, images[part][place]);
    this.stand(event);
  }

  line(text) {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  }

  // Ink of the page's text on the card's ground, so that a picture holds on light and dark.
  draw(side, code) {
    const { canvas } = this;
    canvas.width = canvas.height = side; // which also clears it
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(this.root).color;
    [...code].forEach((digit, i) => {
      context.globalAlpha = parseInt(digit, 17) / 16;
      context.fillRect(i % side, Math.floor(i / side), 1, 1);
    });
  }

  stand({ clientX, clientY }) {
    const { root } = this;
    const origin = root.offsetParent.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    root.style.left = `${beside(clientX, root.offsetWidth, clientWidth) - origin.left}px`;
    root.style.top = `${beside(clientY, root.offsetHeight, clientHeight) - origin.top}px`;
  }

  leave({ timeStamp }) {
    this.left = timeStamp;
    this.hide();
  }

  hide() {
    this.root.hidden = true;
    this.past = this.event;
  }
}
