// The wall: every 30 seconds the next view is fetched and put in place. Views have addresses of their own, so that
// without this script they are plain links. A fetch that fails, or that a sign-in page answers, keeps what was shown.
"use strict";
(function () {
  const button = document.getElementById("pause");
  const note = document.getElementById("stale");
  const links = Array.from(document.querySelectorAll("#views a"));
  const every = Number(button.dataset.seconds) * 1000;
  const fetched = new Map();
  let timer = null;

  function place() {
    return Math.max(links.findIndex((link) => link.hasAttribute("aria-current")), 0);
  }

  function show(link, page) {
    const view = page.getElementById("screen-view");
    document.getElementById("screen-view").replaceWith(document.importNode(view, true));
    document.title = page.title;
    links.forEach((each) => each.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "page");
    history.replaceState(null, "", link.href);
  }

  async function pageOf(link) {
    // A redirect leads to the sign-in page: never on the wall.
    const answer = await fetch(link.href, { redirect: "manual", credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  async function advance() {
    const link = links[(place() + 1) % links.length];
    try {
      fetched.set(link.href, await pageOf(link));
      note.textContent = "";
    } catch (problem) {
      note.textContent = note.dataset.says;
    }
    if (timer !== null && fetched.has(link.href)) show(link, fetched.get(link.href));
  }

  function run(isRunning) {
    clearInterval(timer);
    timer = isRunning ? setInterval(advance, every) : null;
    button.textContent = isRunning ? button.dataset.pause : button.dataset.play;
    button.hidden = false;
  }

  button.addEventListener("click", () => run(timer === null));
  // Nothing moves by itself for whoever asked for less motion.
  run(!matchMedia("(prefers-reduced-motion: reduce)").matches);
})();
