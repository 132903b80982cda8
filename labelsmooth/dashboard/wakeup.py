"""The first request of a new server: Streamlit knows no page then but the main one, and says so over the right page."""

import streamlit as st

_component = st.components.v2.component(
    "wakeup",
    html="<div></div>",
    js="""export default () => {
  const until = Date.now() + 10000;
  const close = () => {
    const boxes = [...document.querySelectorAll("[role=dialog]")];
    const box = boxes.find(each => each.innerText.includes("Page not found"));
    if (box) box.querySelector("button").click();
    else if (Date.now() < until) setTimeout(close, 50);
  };
  close();
};
""",
    isolate_styles=False,
)


@st.cache_resource(show_spinner=False)
def _requests() -> list[str]:
    return []


def close_page_not_found(path: str) -> None:
    """Close Streamlit's dialog in the browser that came first, unless it came to the main page, whose path is empty."""
    requests = _requests()
    if path and not requests:
        _component(key="wakeup")
    requests[:] = [path]
