// The bulk grid: each line saves itself, keys move through it as in a spreadsheet, blocks are pasted into it. Lamps,
// steps and messages come from the server; without JavaScript the table is one plain form.
"use strict";

const RETRY_MS = 10000;
const PAUSE_MS = 1500;
const form = document.getElementById("grid");
const table = document.querySelector(".bulk");
const COLUMNS = ["value", "narrative", "outlook", "no_progress"];

// Lines. Edits count up; an answer settles those that were made before it was asked for.
const lines = new Map();
const savedText = new WeakMap();
const cellsOf = (line) => [...line.row.querySelectorAll("[data-col]")];
const isTick = (cell) => cell.type === "checkbox";
const textOf = (cell) => (isTick(cell) ? (cell.checked ? "on" : "") : cell.value);
const isOpen = (line) => line.settled < line.edits;
const lineOf = (element) => lines.get(element.closest("[data-row]")?.dataset.row);
const inPart = (line, name) => document.getElementById(`${line.code}-${name}`);
let isLeaving = false;

function write(cell, text) {
  if (isTick(cell)) cell.checked = text !== "";
  else cell.value = text;
}

function mark(line, text, css) {
  const place = inPart(line, "mark");
  place.className = `mark ${css}`;
  place.textContent = text;
}

function fieldsOf(line) {
  return [...new FormData(form)].filter(([name]) => name.startsWith(`${line.code}-`));
}

function edited(line) {
  line.edits += 1;
  mark(line, form.dataset.waiting, "");
  keepCopies(false);
  clearTimeout(line.timer);
  line.timer = setTimeout(() => save(line), PAUSE_MS);
}

async function save(line) {
  clearTimeout(line.timer);
  while (line.busy) await line.busy;
  if (!isOpen(line)) return;
  line.busy = send(line);
  await line.busy;
  line.busy = null;
}

async function send(line) {
  const sent = line.edits;
  const said = cellsOf(line).map((cell) => [cell, textOf(cell)]);
  const common = [...new FormData(form)].filter(([name]) => name === "editor" || name === "csrfmiddlewaretoken");
  const picked = line.row.querySelector("[name=pick]").checked ? [["pick", line.code]] : [];
  mark(line, form.dataset.saving, "");
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "HX-Request": "true", "HX-Current-URL": location.href },
      body: new URLSearchParams([...common, ["action", "row"], ["row", line.code], ...picked, ...fieldsOf(line)]),
    });
    const text = await answer.text();
    showSignedOut(answer.status === 401 ? text : "");
    if (![200, 409].includes(answer.status)) throw new Error(answer.status);
    take(line, text, isOpen(line) && line.edits > sent);
    if (answer.status !== 200) return;
    line.settled = sent;
    said.forEach(([cell, value]) => savedText.set(cell, value));
    keepCopies(false);
  } catch {
    mark(line, form.dataset.retry, "wait");
    line.timer = setTimeout(() => save(line), RETRY_MS);
  }
}

function showSignedOut(text) {
  const box = document.getElementById("signed-out");
  box.hidden = text === "";
  if (text) box.innerHTML = text;
}

// The answer is the whole row; what stands there already stays untouched, and so does what is being typed in: a link
// replaced between button down and up is never clicked.
function take(line, text, isBehind) {
  const fresh = new DOMParser().parseFromString(`<table>${text}</table>`, "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = document.getElementById(part.id);
    if (isBehind && part.id.endsWith("-mark")) continue;
    if (old && old.outerHTML !== part.outerHTML && !old.contains(document.activeElement)) old.replaceWith(part);
  }
  for (const cell of cellsOf(line)) {
    cell.toggleAttribute("aria-invalid", false);
    if (fresh.getElementById(cell.id)?.hasAttribute("aria-invalid")) cell.setAttribute("aria-invalid", "true");
  }
}

// Copies live in this browser from the first key until the server has the line.
function keepCopies(isSent) {
  const open = [...lines.values()].filter(isOpen).map((line) => [line.code, fieldsOf(line)]);
  if (open.length === 0) localStorage.removeItem(form.dataset.keep);
  else localStorage.setItem(form.dataset.keep, JSON.stringify({ isSent, editor: editor(), open }));
}

const editor = () => form.elements.editor.value;

// A copy is newer than the line as it is now if it was made from this version; or by the page that wrote last, unless
// that page sent everything off by a button, and a higher version says that it arrived.
function restoreCopies() {
  const kept = JSON.parse(localStorage.getItem(form.dataset.keep));
  if (kept === null || "answered" in form.dataset) return;
  for (const [code, fields] of kept.open) {
    const line = lines.get(code);
    const copy = new Map(fields);
    const isNewer = line && (copy.get(`${code}-stamp`) === inPart(line, "stamp").value
      || (!kept.isSent && kept.editor === line.row.dataset.writer));
    if (!isNewer) continue;
    cellsOf(line).forEach((cell) => write(cell, copy.get(cell.name) ?? ""));
    document.getElementById("restored").hidden = false;
    edited(line);
    save(line);
  }
  keepCopies(false);
}

// Moving: the next line that has the column, whatever stands between.
function columnOf(row, column) {
  const figure = column === "denominator" || column === "value" ? ["value", "numerator"] : ["value", column];
  const names = column === "denominator" || column === "numerator" || column === "value" ? [column, ...figure] : [column];
  return names.map((name) => row.querySelector(`[data-col="${name}"]`)).find(Boolean);
}

function move(cell, step) {
  const rows = [...table.tBodies[0].rows];
  for (let at = rows.indexOf(cell.closest("tr")) + step; rows[at]; at += step) {
    const next = columnOf(rows[at], cell.dataset.col);
    if (!next) continue;
    next.focus();
    if (next.select) next.select();
    return;
  }
}

function stepOf(event) {
  const cell = event.target;
  const isText = cell.tagName === "TEXTAREA";
  if (event.key === "Enter" && !event.shiftKey && !event.altKey) return 1;
  if (cell.tagName === "SELECT") return 0;
  if (event.key === "ArrowDown" && (!isText || cell.selectionEnd === cell.value.length)) return 1;
  if (event.key === "ArrowUp" && (!isText || cell.selectionStart === 0)) return -1;
  return 0;
}

function pressed(event) {
  const cell = event.target;
  // Enter also ends the input of a Chinese word.
  if (!cell.dataset.col || event.isComposing || event.ctrlKey || event.metaKey) return;
  const step = stepOf(event);
  if (step) {
    event.preventDefault();
    move(cell, step);
  } else if (event.key === "Escape" && textOf(cell) !== savedText.get(cell)) {
    event.preventDefault();
    write(cell, savedText.get(cell));
    edited(lineOf(cell));
  }
}

// Pasting: a block as spreadsheets put it on the clipboard; a cell with tabs, quotes or line breaks is quoted.
function blockOf(text) {
  const cell = /(?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))(\t|\n|$)/y;
  const block = [[]];
  const plain = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  while (cell.lastIndex <= plain.length) {
    const [, quoted, bare, end] = cell.exec(plain);
    block[block.length - 1].push((quoted === undefined ? bare : quoted.replace(/""/g, '"')).trim());
    if (end === "") break;
    if (end === "\n") block.push([]);
  }
  return block;
}

// One pasted cell; the answer is why it was not taken, or nothing.
function put(row, column, text) {
  const cell = columnOf(row, column);
  if (!cell) return form.dataset.noCell;
  if (cell.dataset.col === "numerator") {
    const parts = text.split(/[/／]/);
    if (parts.length !== 2) return form.dataset.noRatio;
    cell.value = parts[0].trim();
    columnOf(row, "denominator").value = parts[1].trim();
  } else if (isTick(cell)) {
    if (!/^(是|否|yes|no|√|×|1|0)$/i.test(text)) return form.dataset.noChoice;
    cell.checked = /^(是|yes|√|1)$/i.test(text);
  } else if (cell.tagName === "SELECT") {
    const choice = [...cell.options].find((option) => option.value && [option.text, option.value].includes(text));
    if (!choice) return form.dataset.noChoice;
    cell.value = choice.value;
  } else {
    cell.value = text;
  }
  return "";
}

function pasted(event) {
  const text = event.clipboardData.getData("text/plain");
  const start = event.target.dataset.col;
  if (!start || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
  event.preventDefault();
  const rows = [...table.tBodies[0].rows];
  const first = rows.indexOf(event.target.closest("tr"));
  const from = COLUMNS.indexOf(start === "numerator" || start === "denominator" ? "value" : start);
  let filled = 0;
  const refused = [];
  blockOf(text).forEach((cells, down) => {
    const row = rows[first + down];
    const line = row && lines.get(row.dataset.row);
    const before = filled;
    cells.forEach((said, right) => {
      // A blank leaves what stands there.
      if (said === "") return;
      const why = line && COLUMNS[from + right] ? put(row, COLUMNS[from + right], said) : form.dataset.noCell;
      if (why) refused.push(`${row ? row.dataset.row : "--"} “${said.slice(0, 20)}” ${why}`);
      else filled += 1;
    });
    if (filled > before) edited(line);
  });
  for (const line of lines.values()) if (isOpen(line)) save(line);
  const said = document.getElementById("said");
  said.hidden = false;
  said.textContent = form.dataset.pasted.replace("#a", filled)
    + (refused.length ? `；${form.dataset.refused.replace("#b", refused.length)}${refused.join("；")}` : "");
}

// Ticks.
const picks = () => [...table.querySelectorAll("[name=pick]")];
function countPicks() {
  document.getElementById("picked").textContent =
    form.dataset.picked.replace("#", picks().filter((pick) => pick.checked).length);
}

function pickAll(event) {
  for (const pick of picks()) {
    const cells = cellsOf(lineOf(pick)).filter((cell) => ["value", "denominator", "no_progress"].includes(cell.dataset.col));
    pick.checked = event.target.checked && cells.some((cell) => textOf(cell) !== "");
  }
  countPicks();
}

// A link or a merge waits until its line is saved: the form shows what the grid has.
async function followed(event) {
  const target = event.target.closest("[data-after-save]");
  const line = target && lineOf(target);
  if (!line || (!isOpen(line) && !line.busy)) return;
  event.preventDefault();
  await save(line);
  if (target.tagName === "A") {
    if (!isOpen(line)) location.assign(target.href);
    return;
  }
  const merge = line.row.querySelector("button[data-after-save]");
  if (!merge) return;
  // The merge holds the text from here on.
  line.settled = line.edits;
  keepCopies(false);
  isLeaving = true;
  merge.form.requestSubmit(merge);
}

function start() {
  for (const row of table.querySelectorAll("tr.b-fill")) {
    const line = { code: row.dataset.row, row, edits: 0, settled: 0, busy: null, timer: 0 };
    lines.set(line.code, line);
    cellsOf(line).forEach((cell) => savedText.set(cell, textOf(cell)));
  }
  if (lines.size === 0) return;
  table.addEventListener("input", (event) => { if (event.target.dataset.col) edited(lineOf(event.target)); });
  table.addEventListener("change", (event) => {
    if (event.target.dataset.col) save(lineOf(event.target));
    else if (event.target.name === "pick") countPicks();
  });
  table.addEventListener("keydown", pressed);
  table.addEventListener("paste", pasted);
  table.addEventListener("click", followed);
  document.getElementById("all").addEventListener("change", pickAll);
  document.getElementById("all-label").hidden = false;
  form.addEventListener("submit", () => { isLeaving = true; keepCopies(true); });
  window.addEventListener("online", () => lines.forEach((line) => { if (isOpen(line)) save(line); }));
  window.addEventListener("beforeunload", (event) => {
    if (!isLeaving && [...lines.values()].some(isOpen)) event.preventDefault();
  });
  countPicks();
  window.addEventListener("load", restoreCopies);
}

if (table) start();
const summary = document.getElementById("errors");
if (summary) summary.focus({ preventScroll: false });
