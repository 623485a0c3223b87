// Checks the log in this browser, and only then says that it is right. What a check leaves behind
// stays on this device; it holds no names.
import { canCheck, sizeOf, verify } from "./access-log-verifier.js";

const MEMORY = "tsunagu-log";
// In the order of the numbers that a telephone call names; every other code is about signatures.
const KINDS = {
  signature: [],
  previous: ["rolled_back", "forked", "unlinked"],
  gap: ["gap", "missing"],
  altered: ["event_altered"],
  outside: ["not_included", "overdue"],
  count: ["head_mismatch", "head_stale"],
  unreadable: ["malformed", "future"],
  rows: ["rows"],
};
const BY_CLOCK = ["future", "overdue"];
const WRONG_CLOCK = 30_000;

const section = document.getElementById("check");
const rows = [...document.querySelectorAll("[data-number]")];
const locale = document.documentElement.lang;

const show = (state, filled = {}, when = [], place = "now") => {
  const shown = section.querySelector(`template[data-state=${state}]`).content.cloneNode(true);
  for (const part of shown.querySelectorAll("[data-when]")) {
    if (!when.includes(part.dataset.when)) part.remove();
  }
  const fill = (text) => text.replace(/\{(\w+)\}/g, (_, name) => filled[name]);
  const words = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) words.currentNode.data = fill(words.currentNode.data);
  for (const link of shown.querySelectorAll("a")) link.setAttribute("href", fill(link.getAttribute("href")));
  section.querySelector("[data-now]").replaceChildren();
  section.querySelector(`[data-${place}]`).replaceChildren(shown);
};

const mark = (row, kind) => {
  const said = document.createElement("p");
  said.className = `mark mark-${kind}`;
  said.textContent = section.dataset[kind];
  row.append(said);
};

/** As the server writes it: the clock of Japan, which keeps no summer time. */
const moment = (micros) => {
  const at = new Date(micros / 1000 + 9 * 3_600_000);
  const [year, month, day, weekday] =
    [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCDay()];
  const clock = `${at.getUTCHours()}:${String(at.getUTCMinutes()).padStart(2, "0")}`;
  if (locale === "ja")
    return `${year}年${month + 1}月${day}日(${"日月火水木金土"[weekday]}) ${clock}`;
  const three = (names, i) => names.slice(3 * i, 3 * i + 3);
  return `${three("SunMonTueWedThuFriSat", weekday)} ${day} `
    + `${three("JanFebMarAprMayJunJulAugSepOctNovDec", month)} ${year}, ${clock}`;
};

const spaced = (text) => text.replace(/\s+/g, " ").trim();
const counted = (types) => {
  const counts = {};
  for (const { category, count } of types ?? []) counts[category] = (counts[category] ?? 0) + count;
  return Object.entries(counts).map(([category, count]) => `${category}:${count}`).sort().join(" ");
};

/** Whether a row says what its event says: when, what, who, from where, why and how much. */
const agrees = (row, event) => {
  if (!event) return false;
  const { about, actor, basis, resources } = event.values;
  const { event: name, outcome, who, kinds } = row.dataset;
  const told = spaced(row.textContent);
  const words = [];
  if (who !== undefined) words.push(actor?.name, actor?.facility?.[locale], basis?.text?.[locale]);
  return row.querySelector("time")?.textContent === moment(event.at)
    && (!about || (about.event === name && about.outcome === outcome))
    && (who === undefined || who === (actor?.name ?? ""))
    && kinds.split(" ").sort().join(" ").trim() === counted(resources?.types)
    && words.every((each) => !each || told.includes(spaced(each)));
};

const recall = () => {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return null;
  }
};
const remember = (text) => {
  try {
    localStorage.setItem(MEMORY, text);
  } catch { /* a browser that keeps nothing: every check is a first one */ }
};

const save = (name, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `tsunagu-${name}-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
};

function alarm({ code, number }, bundle, kept) {
  const kinds = Object.keys(KINDS);
  const kind = kinds.find((each) => KINDS[each].includes(code)) ?? "signature";
  const when = [kind];
  const row = rows.find((each) => Number(each.dataset.number) === number);
  if (row) {
    mark(row, "differs");
    when.push("here");
  }
  if (kept) when.push("kept");
  const said = [kinds.indexOf(kind) + 1, number].filter(Boolean).join("-");
  show("failed", { number, code: said }, when, "alarm");
  section.dataset.code = code;
  const texts = { bundle: ["access-log", bundle], kept: ["remembered", kept] };
  for (const button of section.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => save(...texts[button.dataset.save]));
  }
}

function praise({ bundle: { events, from, head_map: head }, witnesses, isOnTrust }) {
  const waiting = events.filter(({ leaf }) => leaf === null).length;
  const number = (events.at(-1) ?? from).number - waiting;
  const seen = Object.keys(witnesses).length;
  const when = [head && !waiting ? "all" : "part", head ? "counted" : "uncounted",
    seen ? "seen" : "unseen", isOnTrust ? "first" : "again"];
  if (waiting) when.push("waiting");
  const day = head && moment(head.at);
  show("good", { number, waiting, counted: head?.number, day, witnesses: seen }, when);
}

async function check() {
  if (!(await canCheck())) return show("cannot");
  show("checking");
  const { participant, witnesses } = section.dataset;
  let kept = recall();
  let size = 0;
  try {
    if (kept) size = await sizeOf(kept);
  } catch {
    kept = null; // not what a check left
  }
  const known = kept && JSON.parse(kept).heads[participant];
  const shown = Math.min(...rows.map((row) => Number(row.dataset.number)), Infinity);
  // What this browser has verified once needs no second proof: the chain of commits leads to it.
  const from = known ? Math.min(shown - 1, known.number) : 0;
  let bundle, drift;
  try {
    const answer = await fetch(`/access-log/bundle?since=${size}&from=${from}`, {
      headers: { accept: "application/json" }, redirect: "error", cache: "no-store",
    });
    if (!answer.ok) throw new Error(answer.status);
    bundle = await answer.text();
    drift = Math.abs(Date.parse(answer.headers.get("date")) - Date.now());
  } catch {
    return show("unfetched");
  }
  const answer = await verify(bundle, {
    witnessKeys: witnesses.split(" ").filter(Boolean), remembered: kept, now: Date.now() * 1000,
  });
  const { findings } = answer;
  if (findings.length && findings.every(({ code }) => BY_CLOCK.includes(code)) && drift > WRONG_CLOCK)
    return show("clock");
  if (findings.length) return alarm(findings[0], bundle, kept);
  const { events, participant: whose } = answer.bundle;
  if (whose !== participant) return alarm({ code: "gap", number: 1 }, bundle, kept);
  const byNumber = new Map(events.map((event) => [event.number, event]));
  const eventOf = (row) => byNumber.get(Number(row.dataset.number));
  const bad = rows.find((row) => !agrees(row, eventOf(row)));
  if (bad) return alarm({ code: "rows", number: Number(bad.dataset.number) }, bundle, kept);
  for (const row of rows) mark(row, eventOf(row).leaf === null ? "waits" : "good");
  remember(answer.remember);
  praise(answer);
}

// A fault of this page is no finding: nothing is praised, and nobody alarmed.
await check().catch(() => show("unfetched"));
