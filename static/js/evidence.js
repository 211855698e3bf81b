// Evidence on the monthly form: files go up one by one as soon as they are chosen or dropped, each with its progress and
// its own error. Without JavaScript the same field is sent with the form.
"use strict";

(() => {
  const report = document.getElementById("report");
  const drop = document.getElementById("drop");
  const input = document.getElementById("files");
  const list = document.getElementById("evidence-list");
  const uploads = document.getElementById("uploads");
  const section = document.getElementById("evidence");
  const words = drop.dataset;
  let going = 0;

  input.classList.add("vh");
  document.getElementById("attach").hidden = true;
  drop.querySelector("label").hidden = false;
  document.getElementById("drop-h").hidden = false;

  function ask(fields) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", report.elements.csrfmiddlewaretoken.value);
    body.append("editor", report.elements.editor.value);
    fields.forEach(([name, value]) => body.append(name, value));
    const request = new XMLHttpRequest();
    request.open("POST", words.to);
    // An ended session then answers 401 instead of a sign-in page.
    request.setRequestHeader("HX-Request", "true");
    return [request, body];
  }

  // Why it failed, in the server's own words where it has some.
  function reason(request) {
    const isSentence = (request.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    if (isSentence && request.responseText) return request.responseText;
    if (request.status === 413) return words.tooLarge;
    return request.status === 401 ? words.signedOut : words.failed;
  }

  function line(name) {
    const row = document.createElement("li");
    const text = document.createElement("span");
    const bar = document.createElement("progress");
    const said = document.createElement("small");
    text.className = "file";
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `${words.sending} ${name}`);
    said.textContent = words.sending;
    text.append(name, bar, said);
    row.append(text);
    uploads.append(row);
    return {
      move: (share) => { bar.value = share; said.textContent = `${words.sending} ${Math.round(share * 100)}%`; },
      fail: (why) => { bar.remove(); said.className = "emsg"; said.textContent = why; },
      close: () => row.remove(),
    };
  }

  // The list anew; what was said about the other files of the same choice stays.
  function renew(fragment) {
    const said = [...list.querySelectorAll(".files-note")];
    list.innerHTML = fragment;
    list.prepend(...said);
  }

  function send(file) {
    const shown = line(file.name);
    if (file.size > Number(words.limit)) return shown.fail(words.tooLarge);
    const [request, body] = ask([["files", file]]);
    going += 1;
    request.upload.addEventListener("progress", (event) => shown.move(event.loaded / Math.max(event.total, 1)));
    request.addEventListener("load", () => {
      if (request.status !== 200) return shown.fail(reason(request));
      renew(request.responseText);
      shown.close();
      // What the form said was missing is there.
      section.classList.remove("ef");
      section.querySelectorAll(":scope > .emsg").forEach((said) => said.remove());
    });
    request.addEventListener("error", () => shown.fail(words.failed));
    request.addEventListener("loadend", () => { going -= 1; });
    request.send(body);
  }

  function forget() {
    uploads.querySelectorAll(".emsg").forEach((said) => said.closest("li").remove());
    list.querySelectorAll(".files-note").forEach((said) => said.remove());
  }

  function take(files) {
    forget();
    [...files].forEach(send);
  }

  // The form's own listeners keep text; a chosen file is none.
  input.addEventListener("input", (event) => event.stopPropagation());
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    take(input.files);
    input.value = "";
  });
  ["dragenter", "dragover", "dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files);
  }));

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    event.preventDefault();
    forget();
    const [request, body] = ask([["action", button.value]]);
    button.disabled = true;
    request.addEventListener("load", () => {
      if (request.status === 200) renew(request.responseText);
      else line(button.getAttribute("aria-label")).fail(reason(request));
      section.focus();
    });
    request.addEventListener("error", () => { button.disabled = false; });
    request.send(body);
  });

  // Leaving now would break an upload off.
  report.addEventListener("submit", (event) => {
    if (going === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    line("").fail(words.busy);
  }, true);
  window.addEventListener("beforeunload", (event) => { if (going > 0) event.preventDefault(); });
})();
