// Streamlit opens another page with an address without choices, into which Python then writes them, or, on a busy
// machine, writes them into the address that is there, and then opens the page with them. Either is one step back for
// the visitor: with two, the first press of Back would change nothing that can be seen.

// A tab that outlives a server loads the next one's code beside this: one of them is enough.
const MARK = Symbol.for("a page is one step");

const sorted = search => [...new URLSearchParams(search)].map(String).sort().join("&");

function oneStepAPage() {
  const push = history.pushState.bind(history);
  let bare = false;
  history.pushState = (state, title, address) => {
    const { pathname, search } = new URL(address ?? "", location.href);
    const moves = pathname !== location.pathname;
    const news = moves || (!bare && sorted(search) !== sorted(location.search));
    if (news) push(state, title, address);
    else history.replaceState(state, title, address);
    // Every address with choices has the version; an embedded page has words of Streamlit's beside it.
    bare = moves && !new URLSearchParams(search).has("v");
  };
  // Whoever goes back before the choices are written has left the bare address.
  addEventListener("popstate", () => (bare = false));
  history[MARK] = true;
}

if (!history[MARK]) oneStepAPage();
