// At the top of every page: fetch what films need while the page is still made, and mend a page that came in part.

// A browser asks for a module once. Where the network fails just then, the control that needed it stays an error until
// the page is loaded anew: that is done here as soon as there is a server again, and not twice. It helps for all that
// comes later than this: the sidebar, menus, other pages.

const PATIENCE = 5000; // milliseconds that a server has for an answer
const PAUSE = 1000; // milliseconds between two questions

// A tab that outlives a server may load the next one's code beside this: what a hand has done counts for both.
const TOUCHED = Symbol.for("the page was touched");

// Whoever has done nothing yet has nothing to lose.
for (const deed of ["pointerdown", "keydown", "wheel", "drop", "click", "input"]) {
  addEventListener(deed, () => (window[TOUCHED] = true), { capture: true, passive: true });
}
addEventListener("vite:preloadError", loadAnew, { once: true });

async function loadAnew() {
  const [opened] = performance.getEntriesByType("navigation");
  if (opened.type === "reload") return;
  while (!window[TOUCHED] && !(await isServed())) await new Promise(later => setTimeout(later, PAUSE));
  if (!window[TOUCHED]) location.reload();
}

async function isServed() {
  try {
    const health = new URL("_stcore/health", document.baseURI);
    return (await fetch(health, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })).ok;
  } catch {
    return false;
  }
}

export default async ({ data, parentElement }) => {
  // Or there would be a gap where it stands.
  parentElement.closest("[data-testid=stElementContainer]").style.display = "none";
  await import(new URL(data.code, document.baseURI)).then(code => code.prepare(data.library), loadAnew);
};
