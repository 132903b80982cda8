// At the top of every page: fetch what films need while the page is still made, and mend a page that came in part.

// Whoever has done nothing yet has nothing to lose.
let touched = false;
for (const deed of ["pointerdown", "keydown", "drop"]) addEventListener(deed, () => (touched = true), true);

// A browser asks for a module once. Where the network fails just then, the control that needed it stays an error until
// the page is loaded anew: that is done here as soon as there is a server again, and not twice.
addEventListener("vite:preloadError", loadAnew, { once: true });

async function loadAnew() {
  const [opened] = performance.getEntriesByType("navigation");
  if (opened.type === "reload") return;
  while (!(await isServed())) await new Promise(later => setTimeout(later, 1000));
  if (!touched) location.reload();
}

const isServed = () =>
  fetch(new URL("_stcore/health", document.baseURI), { cache: "no-store" }).then(
    answer => answer.ok,
    () => false,
  );

export default async ({ data, parentElement }) => {
  // Or there would be a gap where it stands.
  parentElement.closest("[data-testid=stElementContainer]").style.display = "none";
  await import(new URL(data.code, document.baseURI)).then(code => code.prepare(data.library), loadAnew);
};
