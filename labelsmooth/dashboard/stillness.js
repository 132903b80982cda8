// Under a hand on a control, and while the page answers it, films stand still: to draw their frames would take the time
// that the answer needs.

const AS_LONG = 600; // milliseconds, enough for most answers; a film that is replaced begins at once
const CONTROL = "button, input, label, [role=option], [role=group]:has(input[type=range])";

let until = 0;

const isControl = target => target.closest?.(CONTROL) && !target.closest(".film");

// Another button opens a menu, under which no release is heard.
function press({ target, button }) {
  if (button === 0 && isControl(target)) until = Infinity;
}

// Wherever the pointer is by then.
function letGo({ timeStamp }) {
  if (until === Infinity) until = timeStamp + AS_LONG;
}

// A release may be lost to another window.
function move(event) {
  if (!event.buttons) letGo(event);
}

function type({ target, timeStamp }) {
  if (isControl(target)) until = timeStamp + AS_LONG;
}

const heard = {
  ...{ pointerdown: press, pointermove: move, pointerup: letGo, pointercancel: letGo, contextmenu: letGo },
  ...{ keydown: type, keyup: type },
};
for (const [deed, hear] of Object.entries(heard)) addEventListener(deed, hear, true);

// Whether films stand still at this time of an animation frame.
export const isAnswering = now => now < until;
