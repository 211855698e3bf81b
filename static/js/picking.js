// A phrase of the report is picked with the mouse, or clause by clause with the keyboard, and goes into the form.
// Without JavaScript a sentence is chosen from the list instead.
"use strict";

const text = document.getElementById("text");
const quote = document.getElementById("quote");
const start = document.getElementById("start");
const clauses = text ? [...text.querySelectorAll(".cl")].filter((each) => each.textContent.trim()) : [];
let at = -1;
let from = -1;

// What lies in a range, piece by piece: the words of the report and where they begin in it.
function piecesOf(range) {
  return clauses.flatMap((clause) => {
    const words = clause.firstChild;
    if (!range.intersectsNode(words)) return [];
    const first = words === range.startContainer ? range.startOffset : 0;
    const last = words === range.endContainer ? range.endOffset : words.length;
    return last > first ? [{ start: Number(clause.dataset.start) + first, words: words.data.slice(first, last) }] : [];
  });
}

function take(pieces) {
  const words = pieces.map((piece) => piece.words).join("");
  if (words.trim() === "") return;
  quote.value = words.trim().replace(/[。，；、！？]$/, "");
  start.value = pieces[0].start + (words.length - words.trimStart().length);
  quote.dispatchEvent(new Event("input", { bubbles: true }));
  const end = Number(start.value) + quote.value.length;
  for (const clause of clauses) {
    const begins = Number(clause.dataset.start);
    clause.classList.toggle("chosen", begins < end && Number(start.value) < begins + clause.textContent.length);
  }
}

function selected() {
  const selection = window.getSelection();
  if (selection.rangeCount && !selection.isCollapsed && text.contains(selection.anchorNode)) {
    take(piecesOf(selection.getRangeAt(0)));
  }
}

function go(to, isExtended) {
  at = Math.max(0, Math.min(clauses.length - 1, to));
  if (!isExtended || from < 0) from = at;
  const [first, last] = [Math.min(from, at), Math.max(from, at)];
  clauses.forEach((clause, place) => {
    clause.classList.toggle("at", place === at);
    clause.setAttribute("aria-selected", place >= first && place <= last);
  });
  text.setAttribute("aria-activedescendant", clauses[at].id);
  clauses[at].scrollIntoView({ block: "nearest" });
}

function pressed(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    go(at < 0 ? firstChosen() : at + step, event.shiftKey);
  } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
    event.preventDefault();
    const [first, last] = [Math.min(from, at), Math.max(from, at)];
    take(clauses.slice(first, last + 1).map((each) => ({ start: Number(each.dataset.start), words: each.textContent })));
    document.querySelector("button[value=pick]").focus();
  }
}

const firstChosen = () => Math.max(0, clauses.findIndex((each) => each.classList.contains("chosen")));

if (text) {
  text.tabIndex = 0;
  text.setAttribute("role", "listbox");
  text.setAttribute("aria-multiselectable", "true");
  text.setAttribute("aria-label", text.dataset.label);
  clauses.forEach((clause, place) => {
    clause.id = `clause-${place}`;
    clause.setAttribute("role", "option");
    clause.setAttribute("aria-selected", clause.classList.contains("chosen"));
  });
  text.addEventListener("mouseup", () => setTimeout(selected));
  text.addEventListener("keydown", pressed);
  document.querySelectorAll("[data-nojs]").forEach((each) => { each.hidden = true; });
  document.querySelectorAll("[data-js]").forEach((each) => { each.hidden = false; });
  const chosen = text.querySelector(".chosen");
  if (chosen) text.scrollTop = chosen.offsetTop - text.clientHeight / 2;
}
document.getElementById("errors")?.focus();
