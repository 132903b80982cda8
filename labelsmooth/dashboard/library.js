// What all films of a page need, fetched once: plotly.js and their style.

const RETRY = 5000; // milliseconds

let library;

// However many charts mount at once, the library is fetched by one script tag.
export function load(url) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      script.remove();
      reject(new Error(`${script.src} did not load.`));
      setTimeout(() => (library = undefined), RETRY);
    };
    document.head.append(script);
  });
  return library;
}

// A film without its style is still better than none.
export const styled = new Promise(resolve => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("film.css", import.meta.url);
  link.onload = link.onerror = resolve;
  document.head.append(link);
});
