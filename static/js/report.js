// The monthly form without a server round trip: which sections the lamp asks for, how long the text is, where to look
// after an error. Everything else is rendered by the server; without JavaScript the form works all the same.
"use strict";

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

document.body.addEventListener("htmx:afterSettle", followLamp);
document.getElementById("report").addEventListener("input", countCharacters);
countCharacters();
const problem = document.getElementById("errors");
if (problem) problem.focus({ preventScroll: false });

// Text that was typed and not saved is not thrown away by a slip.
let isDirty = false;
const form = document.getElementById("report");
form.addEventListener("input", () => { isDirty = true; });
form.addEventListener("submit", () => { isDirty = false; });
window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
