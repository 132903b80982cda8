"""Frame times of a film that is dragged, as the browser sees them."""

# Of each frame drawn: `took` from the pointer's movement until it was on screen, `ends` when it was. A movement that
# comes while another frame is drawn waits for it.
RECORD = """film => {
  const chart = film.querySelector(".film-chart");
  const waiting = [];
  let began;
  window.frameTimes = { took: [], ends: [] };
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


def middle_and_p95(times: list[float]) -> tuple[float, float]:
    """The median, and the time that 95 of 100 frames keep."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)]
