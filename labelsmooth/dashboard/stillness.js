// While a page answers its visitor films stand still: to draw their frames would take the time that the answer needs.

const AS_LONG = 600; // milliseconds, enough for most answers; a film that is replaced begins at once
const CONTROL = "button, input, label, [role=option], [role=group]:has(input[type=range])";

let until = 0;

function letGo({ target, timeStamp }) {
  if (target.closest?.(CONTROL) && !target.closest(".film")) until = timeStamp + AS_LONG;
}

for (const deed of ["pointerup", "keyup"]) addEventListener(deed, letGo, true);

// Whether the visitor has just let go of a control, at this time of an animation frame.
export const isAnswering = now => now < until;
