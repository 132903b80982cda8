// Streamlit opens another page with an empty address, into which Python then writes the choices. Together they are one
// step back for the visitor: with two, the first press of Back would change nothing that can be seen.

// A tab that outlives a server loads the next one's code beside this: one of them is enough.
const MARK = Symbol.for("a page is one step");

function oneStepAPage() {
  const push = history.pushState.bind(history);
  let empty = false;
  history.pushState = (state, title, address) => {
    const { pathname, search } = new URL(address ?? "", location.href);
    const moves = pathname !== location.pathname;
    if (empty && !moves) history.replaceState(state, title, address);
    else push(state, title, address);
    empty = moves && !search;
  };
  // Whoever goes back before the choices are written has left the empty address.
  addEventListener("popstate", () => (empty = false));
  history[MARK] = true;
}

if (!history[MARK]) oneStepAPage();
