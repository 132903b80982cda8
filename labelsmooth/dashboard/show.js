// What Streamlit's components call: one film a key, as long as the tab is open.

import { Film } from "./film.js";
import "./history.js";
import { load, styled } from "./library.js";

// Streamlit takes an element away when the viewer leaves its page, and at times for a moment only, and puts up another
// one; the film then moves there with all that it holds.
const films = new Map();

// For every message and for every change of theme.
export default async function show({ data, parentElement, setTriggerValue, setStateValue }) {
  await styled;
  const { key } = data;
  if (!films.has(key)) films.set(key, new Film());
  const film = films.get(key);
  film.mount(parentElement.querySelector(".film-slot"));
  film.receive(data, { say: setTriggerValue, leave: setStateValue });
}

// Fetch the library before there is a film; where that fails, the first film says so.
export const prepare = url => load(url).catch(() => {});
