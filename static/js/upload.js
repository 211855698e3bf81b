// While a workbook is read or written: say so, and let nobody press twice. Without JavaScript the browser's own sign of
// a page that is loading has to do; pressing twice is refused by the server either way.
"use strict";

function waits(form, isWaiting) {
  const place = form.querySelector("[data-wait]");
  place.hidden = !isWaiting;
  place.textContent = isWaiting ? place.dataset.wait : "";
  form.querySelector("button").disabled = isWaiting;
}

for (const form of document.querySelectorAll("[data-waits]")) {
  form.addEventListener("submit", () => waits(form, true));
  // Coming back by the browser's own button finds the page as it was left.
  window.addEventListener("pageshow", () => waits(form, false));
}
