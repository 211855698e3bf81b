// A row or a column of a workbook is pasted into the cells from where the cursor is; Enter goes to the next cell.
// Without JavaScript the server fills the cells from the field below.
"use strict";

const form = document.querySelector("[data-paste]");
const cells = () => [...form.querySelectorAll("[data-cell]:not([disabled])")];

// One line is a row of cells; of several lines each gives its last cell.
function valuesOf(pasted) {
  const lines = pasted.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
  const parts = lines.length === 1 ? lines[0].split("\t") : lines.map((line) => line.split("\t").pop());
  return parts.map((part) => part.trim());
}

function paste(event) {
  const cell = event.target.closest("[data-cell]");
  const pasted = event.clipboardData.getData("text/plain");
  if (!cell || !/[\t\n]/.test(pasted.replace(/\r?\n$/, ""))) return;
  event.preventDefault();
  const all = cells();
  valuesOf(pasted).forEach((value, place) => {
    const target = all[all.indexOf(cell) + place];
    if (target) target.value = value;
  });
  cell.dispatchEvent(new Event("input", { bubbles: true }));
}

function pressed(event) {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("[data-cell]")) return;
  event.preventDefault();
  const all = cells();
  const next = all[all.indexOf(event.target) + (event.shiftKey ? -1 : 1)];
  if (next) {
    next.focus();
    next.select();
  }
}

if (form) {
  form.addEventListener("paste", paste);
  form.addEventListener("keydown", pressed);
  document.querySelectorAll("[data-nojs]").forEach((each) => { each.hidden = true; });
}
document.getElementById("errors")?.focus();
