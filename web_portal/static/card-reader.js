// The page that reads emergency cards: by camera, from a picture, or from pasted text. It holds the
// keys it knows, so it works without a network, and says what it cannot know then.
import { Parts, Refused, opened, partOf } from "./emergency-card.js";
import { hasCamera, inPicture, watch } from "./scan.js";

const DAY = 86_400;
const held = (id) => JSON.parse(document.getElementById(id).textContent);
const texts = held("texts");
const book = held("keys");
const $ = (id) => document.getElementById(id);

let locale = navigator.language.startsWith("ja") ? "ja" : "en";
let shown = () => {};
const parts = new Parts();

const say = (key, filled = {}) =>
  texts[locale][key].replace(/\{(\w+)\}/g, (_, name) => filled[name]);
const dated = (iso) => {
  const [year, month, date] = iso.split("-").map(Number);
  if (locale === "ja") return `${year}年${month}月${date}日`;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" })
    .format(Date.UTC(year, month - 1, date));
};
// The day as Japan has it, which keeps no summer time.
const dayOf = (seconds) => new Date((seconds + 9 * 3600) * 1000).toISOString().slice(0, 10);

function translate() {
  document.documentElement.lang = locale;
  for (const part of document.querySelectorAll("[data-say]")) {
    part.textContent = say(part.dataset.say, { day: dated(book.taken_on), network: book.network[locale] });
  }
  document.title = say("card.reader.title");
  $("language").textContent = locale === "ja" ? "English" : "日本語";
  $("language").lang = locale === "ja" ? "en" : "ja";
  shown();
}

const element = (name, text, className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
};
const tell = (kind, key, filled = {}) => {
  shown = () => {
    const banner = element("div", "", `notice notice-${kind}`);
    banner.append(element("p", say(key, filled), "strong"));
    if (texts[locale][`${key}.next`]) banner.append(element("p", say(`${key}.next`, filled)));
    $("answer").replaceChildren(banner);
  };
  shown();
};

function show(card) {
  const now = Math.floor(Date.now() / 1000);
  shown = () => {
    const days = Math.max(0, Math.floor((now - card.madeAt) / DAY));
    const isOver = now >= card.goodUntil;
    const isOld = isOver || days >= book.old_after_days;
    const age = element("div", "", `notice notice-${isOld || card.isLoaded ? "warning" : "good"}`);
    const on = { day: dated(dayOf(card.madeAt)), days };
    // Whoever reads brought the key: nobody here vouches for whose it is.
    const by = card.isLoaded
      ? say("card.reader.by_loaded", { issuer: card.issuer })
      : say("card.reader.genuine", { network: book.network[locale] });
    age.append(element("p", by, "strong"));
    age.append(element("p", say("card.reader.made", on)));
    if (isOver) age.append(element("p", say("card.reader.over"), "strong"));
    else if (isOld) age.append(element("p", say("card.reader.old"), "strong"));

    const person = element("section", "", "person");
    person.append(element("h2", card.name), element("p", card.kana));
    const facts = [
      ["card.born", dated(card.born)],
      ["card.sex", say(`sex.${card.sex}`)],
      ["card.number", card.card.replace(/(.{4})(?=.)/g, "$1 ")],
      ["card.blood", card.blood],
      ["card.pregnancy", card.pregnancy && say(`card.answer.${card.pregnancy}`)
        + (card.due ? ` (${say("card.due", { day: dated(card.due) })})` : "")],
      ["card.directive", card.directive && say(`card.answer.${card.directive}`)],
      ["card.note", card.note],
    ].filter(([, value]) => value);
    const list = document.createElement("dl");
    for (const [key, value] of facts) list.append(element("dt", say(key)), element("dd", value));
    person.append(list);

    const kinds = [...new Set(card.lines.map(({ kind }) => kind))].map((kind) => {
      const part = document.createElement("section");
      part.append(element("h3", say(`card.kind.${kind}`)));
      const items = document.createElement("ul");
      for (const line of card.lines.filter((each) => each.kind === kind)) {
        const item = element("li", line.text);
        if (line.mark) item.append(" ", element("span", say(`card.mark.${line.mark}`), "mark"));
        items.append(item);
      }
      part.append(items);
      return part;
    });
    if (card.leftOut) kinds.push(element("p", say("card.left_out", { count: card.leftOut }), "strong"));

    const called = document.createElement("section");
    if (card.contacts.length > 0) called.append(element("h3", say("card.contacts")));
    for (const { family, name, phone } of card.contacts) {
      const line = element("p", `${name} (${say(`assisted.family.${family}`)}) `);
      const number = element("a", phone);
      number.href = `tel:${phone.replace(/[^0-9+]/g, "")}`;
      line.append(number);
      called.append(line);
    }
    const unknown = element("section", "", "notice notice-info");
    unknown.append(element("h3", say("card.reader.unknown")));
    const doubts = document.createElement("ul");
    for (const name of ["revoked", "changed", "bearer"]) doubts.append(element("li", say(`card.reader.unknown.${name}`)));
    unknown.append(doubts);
    $("answer").replaceChildren(age, person, ...kinds, called, unknown);
    $("answer").focus();
  };
  shown();
}

async function take(text) {
  const part = partOf(text);
  if (!part) return tell("bad", "card.reader.no_card");
  if (!parts.add(part)) return tell("info", "card.reader.more", { number: parts.missing });
  const { digits } = parts;
  parts.clear();
  try {
    show(await opened(digits, book.keys));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell("bad", `card.reader.refused.${error.code}`, { day: dated(book.taken_on) });
  }
}

let watching;
$("camera").addEventListener("click", async () => {
  watching = new AbortController();
  $("screen").hidden = false;
  $("camera").hidden = true;
  try {
    await watch($("video"), (text) => {
      const part = partOf(text);
      take(text);
      return Boolean(part) && (part.of === 1 || parts.missing === undefined);
    }, watching.signal);
  } catch {
    tell("bad", "card.reader.no_camera");
  }
  $("screen").hidden = true;
  $("camera").hidden = !hasCamera();
});
$("stop").addEventListener("click", () => watching?.abort());
$("picture").addEventListener("change", async ({ target }) => {
  for (const file of target.files) {
    const found = await inPicture(file).catch(() => []);
    if (found.length === 0) tell("bad", "card.reader.no_code");
    for (const text of found) await take(text);
  }
  target.value = "";
});
$("typed").addEventListener("submit", async (event) => {
  event.preventDefault();
  const all = $("text").value.match(/#(?:[12]\/[12]\/)?[0-9]{100,}/g) ?? [""];
  for (const text of all) await take(text);
});
$("book").addEventListener("change", async ({ target }) => {
  try {
    const { keys } = JSON.parse(await target.files[0].text());
    const usable = keys.filter(({ kty, crv, kid }) => kty === "EC" && crv === "P-256" && kid);
    book.keys.push(...usable.map((key) => ({ ...key, isLoaded: true })));
    tell("info", "card.reader.keys_read");
  } catch {
    tell("bad", "card.reader.no_keys");
  }
});
$("language").addEventListener("click", () => {
  locale = locale === "ja" ? "en" : "ja";
  translate();
});

$("camera").hidden = !hasCamera();
translate();
document.body.dataset.ready = "yes";
if (location.hash.length > 100) {
  const { hash } = location;
  // What a card says must not stay in the address bar or the history.
  history.replaceState(null, "", location.pathname);
  take(hash);
}
