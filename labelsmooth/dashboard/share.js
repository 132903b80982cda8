// A link to copy, and its QR code.
//
// A browser has `navigator.clipboard` only on https and localhost, and lets a frame of another page use it only where
// that page allows it. Elsewhere the field's text is selected and copied as a hand would do it.

const COPIED = "Copied";
const BY_HAND = "Select and copy";

async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

function built(slot) {
  const parts = Object.fromEntries([...slot.querySelectorAll("[data-part]")].map(part => [part.dataset.part, part]));
  parts.copy.addEventListener("click", async () => {
    parts.said.textContent = (await copied(parts.link)) ? COPIED : BY_HAND;
  });
  parts.link.addEventListener("focus", () => parts.link.select());
  return parts;
}

export default ({ data, parentElement }) => {
  const slot = parentElement.querySelector(".share");
  slot.parts ??= built(slot);
  const { link, code, said } = slot.parts;
  if (link.value !== data.link) {
    link.value = data.link;
    said.textContent = "";
  }
  code.src = data.code;
  code.alt = data.alt;
};
