// The film's controls: their markup, what the viewer does with them, and what they show.

const PLAY = "M7 5v14l12-7z";
const PAUSE = "M7 5h4v14H7zM13 5h4v14h-4z";
const icon = path => `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
const button = (action, label, path) =>
  `<button type="button" data-do="${action}" aria-label="${label}" title="${label}">${icon(path)}</button>`;
const speed = value => `<option value="${value}"${value === 1 ? " selected" : ""}>${value}×</option>`;

const MARKUP = `
  <div class="film-chart" role="img"></div>
  <p class="film-note" role="alert" hidden></p>
  <div class="film-bar">
    <div class="film-play" role="group" aria-label="Playback">
      ${button("toggle", "Play", PLAY)}
      ${button("back", "Step back", "M18 6v12l-9-6zM6 6h2v12H6z")}
      ${button("forward", "Step forward", "M6 6v12l9-6zM16 6h2v12h-2z")}
      ${button("replay", "Replay", "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z")}
      <button type="button" data-do="live" title="Jump to the newest frame">Live</button>
    </div>
    <input type="range" class="film-scrub" min="0" step="1" value="0">
    <span class="film-label"></span>
    <div class="film-tools">
      <select class="film-speed" aria-label="Speed" title="Speed">${[0.25, 0.5, 1, 2, 4].map(speed).join("")}</select>
      <button type="button" data-do="reset" hidden>Reset zoom</button>
      <details class="film-save">
        <summary aria-label="Save picture" title="Save picture">
          ${icon("M11 4h2v8l3-3 1.4 1.4L12 15.8l-5.4-5.4L8 9l3 3zM5 18h14v2H5z")}
        </summary>
        <div><button type="button" data-do="png">PNG</button><button type="button" data-do="svg">SVG</button></div>
      </details>
    </div>
    <p class="film-caption"></p>
  </div>`;

const KEYS = { " ": "toggle", ArrowLeft: "back", ArrowRight: "forward", Home: "first", End: "last" };

export class Controls {
  // `hear` = {act(action), go(index), rest(), hold(), release()}: what the viewer did.
  constructor(root, hear) {
    root.innerHTML = MARKUP;
    this.root = root;
    this.hear = hear;
    for (const name of ["chart", "note", "scrub", "label", "speed", "save", "caption"]) {
      this[name] = root.querySelector(`.film-${name}`);
    }
    this.buttons = {};
    for (const element of root.querySelectorAll("[data-do]")) this.buttons[element.dataset.do] = element;
    this.listen();
  }

  listen() {
    const { root, hear, scrub, chart, save } = this;
    root.addEventListener("click", event => this.act(event.target.closest("[data-do]")?.dataset.do));
    root.addEventListener("keydown", event => this.press(event));
    scrub.addEventListener("input", () => hear.go(Number(scrub.value)));
    scrub.addEventListener("change", () => hear.rest());
    save.addEventListener("focusout", event => {
      if (!save.contains(event.relatedTarget)) save.open = false;
    });
    for (const part of [scrub, chart]) {
      part.addEventListener("pointerdown", event => event.button === 0 && hear.hold());
    }
    for (const type of ["pointerup", "pointercancel"]) {
      addEventListener(type, () => hear.release(), { capture: true });
    }
  }

  act(action) {
    if (!action) return;
    this.save.open = false;
    this.hear.act(action);
  }

  // A focused button keeps its own space bar; the range and the select keep all of their keys.
  press(event) {
    if (event.key === "Escape") this.save.open = false;
    const native = event.key === " " ? "input, select, button, summary" : "input, select";
    const modified = event.altKey || event.ctrlKey || event.metaKey;
    if (!(event.key in KEYS) || modified || event.target.matches(native) || this.chart.tabIndex < 0) return;
    event.preventDefault();
    this.act(KEYS[event.key]);
  }

  complain(text) {
    this.note.hidden = !text;
    this.note.textContent = `This chart could not be drawn. ${text}`;
  }

  // `state` = {message, run, frames, at, playing, zoomed}, as the film has them.
  paint({ message, run, frames, at, playing, gap, zoomed }) {
    const { root, chart, label, caption, buttons } = this;
    const frame = frames[at];
    const moves = message.total > 0 && !message.follow;
    root.classList.toggle("film-moves", moves);
    const { ticking } = message;
    Object.assign(root.dataset, { run, have: frames.length, shown: frame?.name ?? "", playing, ticking, gap });
    chart.ariaLabel = message.alt;
    chart.tabIndex = moves ? 0 : -1;
    const name = frame?.name ?? "…";
    const rest = message.final && ` of ${message.final}`;
    label.textContent = `${message.unit} ${name}${rest}`;
    // As wide as the longest text to come, or the range beside it would change its length.
    const longest = Math.max(message.final.length, ...frames.map(each => each.name.length));
    label.style.minWidth = `${message.unit.length + 1 + longest + rest.length}ch`;
    caption.textContent = frame?.caption ?? "";
    this.mark(message, frames.length - 1, at);
    buttons.toggle.querySelector("path").setAttribute("d", playing ? PAUSE : PLAY);
    buttons.toggle.ariaLabel = buttons.toggle.title = playing ? "Pause" : "Play";
    buttons.back.ariaDisabled = at <= 0;
    buttons.forward.ariaDisabled = buttons.live.ariaDisabled = at === frames.length - 1;
    buttons.live.hidden = message.done || !message.autoplay;
    buttons.reset.hidden = !zoomed;
  }

  // The range is as long as the whole film; its track tells what is shown and what has come in.
  mark({ unit, total, done }, newest, at) {
    const { scrub } = this;
    const end = Math.max(done ? newest : total - 1, 1);
    scrub.max = end;
    scrub.value = at;
    scrub.ariaLabel = unit;
    scrub.ariaValueText = this.label.textContent;
    scrub.style.setProperty("--at", Math.max(at, 0) / end);
    scrub.style.setProperty("--have", Math.max(newest, 0) / end);
  }
}
