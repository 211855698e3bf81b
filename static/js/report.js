// The monthly form without a server round trip: which sections the lamp asks for, how long the text is, where to look
// after an error, and a copy of what the server has not got yet. Everything else is rendered by the server; without
// JavaScript the form works all the same, with “save draft” in place of saving by itself.
"use strict";

const RETRY_MS = 10000;
const form = document.getElementById("report");
const saved = document.getElementById("saved");

function followLamp() {
  const lamp = document.querySelector("#preview [data-lamp]");
  const deviation = document.getElementById("deviation");
  if (lamp && deviation) deviation.dataset.x = lamp.dataset.lamp;
}

function countCharacters() {
  document.querySelectorAll("[data-count]").forEach((counter) => {
    counter.textContent = `${document.getElementById(counter.dataset.count).value.length} / 300`;
  });
}

// The copy lives in this browser from the first key until the server has the text: a lost connection, an ended
// session or a closed tab leave it here.
function keepCopy(isSent) {
  // Files are no text: they are on the server at once, or have to be chosen again.
  const isText = ([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string";
  const fields = [...new FormData(form)].filter(isText);
  localStorage.setItem(form.dataset.keep, JSON.stringify({ isSent, fields }));
}

function dropCopy() {
  localStorage.removeItem(form.dataset.keep);
}

// A copy is newer than the form as it is now if it was made from this version; or by the page that wrote last, unless
// that page sent it off by a button, and a higher version says that it arrived.
function isNewer({ isSent, fields }) {
  const copy = new Map(fields);
  if (copy.get("version") === form.elements.version.value) return true;
  return !isSent && copy.get("editor") === form.dataset.writer;
}

function restoreCopy() {
  const text = localStorage.getItem(form.dataset.keep);
  if (text === null || "answered" in form.dataset) return;
  const kept = JSON.parse(text);
  if (isNewer(kept)) fillIn(kept.fields);
  else dropCopy();
}

function fillIn(fields) {
  const copy = new Map(fields);
  for (const control of form.elements) {
    if (!control.name || control.type === "hidden" || control.type === "submit") continue;
    if (control.type === "checkbox" || control.type === "radio") {
      control.checked = fields.some(([name, value]) => name === control.name && value === control.value);
    } else if (copy.has(control.name)) {
      control.value = copy.get(control.name);
    }
  }
  document.getElementById("restored").hidden = false;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

// Edits count up; an answer settles those that were made before it was asked for.
let edits = 0;
let asked = 0;
let settled = 0;

form.addEventListener("input", () => {
  edits += 1;
  countCharacters();
  keepCopy(false);
});
// In a merge the fields are not what will be saved: the choices are.
form.addEventListener("submit", () => {
  settled = edits;
  if (document.querySelector("[data-merge]")) dropCopy();
  else keepCopy(true);
});
window.addEventListener("beforeunload", (event) => { if (settled < edits) event.preventDefault(); });

document.body.addEventListener("htmx:afterSettle", followLamp);
saved.addEventListener("htmx:beforeRequest", () => { asked = edits; });
saved.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.status !== 200) return;
  settled = asked;
  if (settled === edits) dropCopy();
});
// What is no answer to the form (a fault, a proxy's page, no connection) is tried again. An answer that stands there
// already stays untouched: pressing its link leaves a field, which saves, and a link replaced under the pointer is
// never clicked.
let shown = "";
saved.addEventListener("htmx:beforeSwap", (event) => {
  const answer = event.detail.serverResponse;
  if (![200, 401, 409].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = false;
    tryAgain();
  } else if (answer === shown) {
    event.detail.shouldSwap = false;
  } else {
    shown = answer;
  }
});
saved.addEventListener("htmx:sendError", tryAgain);

function tryAgain() {
  shown = "";
  saved.textContent = saved.dataset.retry;
  setTimeout(() => htmx.trigger(saved, "again"), RETRY_MS);
}
window.addEventListener("online", () => { if (settled < edits) htmx.trigger(saved, "again"); });

// Last month's account is offered, never put there by itself: it is worth a second look each month.
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const target = document.getElementById(button.dataset.into);
    const text = document.getElementById(button.dataset.copy).innerText;
    target.value = target.value ? `${target.value}\n${text}` : text;
    target.focus();
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });
});

countCharacters();
const problem = document.getElementById("errors");
if (problem) problem.focus({ preventScroll: false });
window.addEventListener("load", restoreCopy);
