// A phrase that is chosen goes into the field below it, to be written on; without JavaScript the server adds it.
"use strict";

document.querySelectorAll("[data-phrases]").forEach((phrases) => {
  phrases.addEventListener("change", (event) => {
    const field = document.getElementById(phrases.dataset.phrases);
    const words = event.target.nextElementSibling.textContent;
    field.value = field.value.trim() ? `${field.value.trim()}；${words}` : words;
    event.target.checked = false;
    // On a phone the keyboard would come up over the button that sends.
    if (!("quiet" in phrases.dataset)) { field.focus(); }
  });
});
