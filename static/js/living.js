// Tapping a sentence opens what is behind it beside the text, on a phone from below; Escape closes it and the focus goes
// back to the sentence. Without JavaScript, or when the server does not answer, the link leads to the indicator's page.
"use strict";

const text = document.getElementById("report-text");
const panel = document.getElementById("panel");
const CODE = /^#[A-Z]\d{2,3}$/;
let opener = null;
let asked = "";

function remember(code) {
  history.replaceState(null, "", `${location.pathname}${location.search}${code ? `#${code}` : ""}`);
}

async function open(link) {
  const code = link.dataset.code;
  asked = code;
  panel.setAttribute("aria-busy", "true");
  let answer;
  try {
    answer = await fetch(`${text.dataset.panel}${code}/?period=${text.dataset.period}`, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    answer = await answer.text();
  } catch {
    location.href = link.href;
    return;
  }
  // Of two sentences tapped in a hurry the later one counts, whichever answer comes first.
  if (asked !== code) return;
  if (opener) opener.classList.remove("open");
  opener = link;
  link.classList.add("open");
  panel.innerHTML = answer;
  panel.removeAttribute("aria-busy");
  panel.hidden = false;
  document.body.classList.add("has-panel");
  remember(code);
  panel.querySelector("h2").focus({ preventScroll: true });
  // The sheet must not lie on the sentence it speaks of.
  const below = link.getBoundingClientRect().bottom - panel.getBoundingClientRect().top;
  if (getComputedStyle(panel).position === "fixed" && below > 0) window.scrollBy(0, below + 24);
}

function close() {
  if (panel.hidden) return;
  asked = "";
  panel.hidden = true;
  panel.textContent = "";
  document.body.classList.remove("has-panel");
  remember("");
  opener.classList.remove("open");
  opener.focus({ preventScroll: true });
  opener = null;
}

function openFromAddress() {
  const link = CODE.test(location.hash) && text.querySelector(`a[data-code="${location.hash.slice(1)}"]`);
  if (link) open(link);
}

text.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-code]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(link);
});
panel.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
window.addEventListener("hashchange", openFromAddress);
openFromAddress();
