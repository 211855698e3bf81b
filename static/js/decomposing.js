// Words selected in the report go into the field of one's own phrase, with their place. Without JavaScript they are
// typed or pasted there.
"use strict";

const text = document.getElementById("text");
const quote = document.getElementById("quote");
const start = document.getElementById("own-start");

// Our own marks in the text are no part of the report.
function wordsOf(range) {
  const copy = range.cloneContents();
  copy.querySelectorAll("[data-ours]").forEach((each) => each.remove());
  return copy.textContent;
}

function placeOf(range) {
  const node = range.startContainer;
  const owner = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-start]");
  if (!owner) return 0;
  const before = document.createRange();
  before.setStart(owner, 0);
  before.setEnd(range.startContainer, range.startOffset);
  return Number(owner.dataset.start) + wordsOf(before).length;
}

function take() {
  const selection = window.getSelection();
  if (!selection.rangeCount || selection.isCollapsed || !text.contains(selection.anchorNode)) return;
  const range = selection.getRangeAt(0);
  const words = wordsOf(range);
  const chosen = words.trim().replace(/[。，；、！？]$/, "");
  if (chosen.length < 2) return;
  quote.value = chosen;
  start.value = placeOf(range) + (words.length - words.trimStart().length);
}

if (text) {
  text.addEventListener("mouseup", () => setTimeout(take));
  // A phrase is a link: dragging over it selects its words instead of carrying it away.
  text.querySelectorAll("a.ph").forEach((each) => { each.draggable = false; });
}
document.getElementById("errors")?.focus();
