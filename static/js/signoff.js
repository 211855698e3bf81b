// “Tick all” on the head's list; without JavaScript each box is ticked by itself.
"use strict";

const all = document.getElementById("all");
if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    document.querySelectorAll("input[type=checkbox][form=batch]").forEach((box) => { box.checked = true; });
  });
}
