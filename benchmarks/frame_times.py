"""Frame times of a film that is dragged, as the browser sees them."""

# From `began` on, of each frame drawn: `took` from the pointer's movement until it was on screen, `ends` when it was.
# A movement that comes while another frame is drawn waits for it.
RECORD = """film => {
  const chart = film.querySelector(".film-chart");
  const waiting = [];
  let began;
  window.frameTimes = { began: performance.now(), took: [], ends: [] };
  film.querySelector(".film-scrub").addEventListener("input", () => waiting.push(performance.now()), true);
  chart.on("plotly_animatingframe", () => (began = waiting.splice(0)[0]));
  chart.on("plotly_animated", () => {
    const since = began;
    requestAnimationFrame(() => setTimeout(() => {
      frameTimes.took.push(performance.now() - since);
      frameTimes.ends.push(performance.now());
    }));
  });
}"""

# Frames drawn in a second while a hand moves the range at every frame that the browser has to offer.
RATE = """async film => {
  const scrub = film.querySelector(".film-scrub"), chart = film.querySelector(".film-chart");
  let drawn = 0, at = 0, step = 1;
  chart.on("plotly_animated", () => drawn++);
  const end = performance.now() + 4000;
  while (performance.now() < end) {
    at += step;
    if (at >= +scrub.max || at <= 0) step = -step;
    scrub.value = at;
    scrub.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise(requestAnimationFrame);
  }
  return drawn / 4;
}"""


def middle_and_p95(times: list[float]) -> tuple[float, float]:
    """The median, and the time that 95 of 100 frames keep."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)]
