// Verifies a bundle of the access log: no page, no network, nothing but WebCrypto. The bytes are
// those of docs/reference/access-log-format.md; written from that page, apart from the verifier in
// Python, so that tests can hold one against the other.

const NAMES = ["about", "actor", "on_behalf", "way", "purpose", "basis", "resources", "detail",
  "embargo", "other"];
const MINUTE = 60_000_000; // times are in microseconds
const DEPTH = 32; // of the head map
const ED25519 = 1, COSIGNATURE = 4;

class Malformed extends Error {}
const must = (holds) => {
  if (!holds) throw new Malformed();
};

// Bytes

const encoder = new TextEncoder();
const utf8 = (text) => encoder.encode(text);
const join = (parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", join(parts)));
const u64 = (number) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
};
const fromU64 = (bytes, at = 0) => new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
const order = (one, other) => {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return one[i] - other[i];
  return 0;
};
const same = (one, other) => one?.length === other?.length && order(one, other) === 0;

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const toUrl = (bytes) =>
  toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
// atob forgives spaces and stray bits; only the one spelling of some bytes may pass.
const decode = (text, base64, spell) => {
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    if (spell(bytes) === text) return bytes;
  } catch { /* not even base64 */ }
  throw new Malformed();
};
const fromBase64 = (text) => decode(text, text, toBase64);
const [SALT, FIELD, FIELDS, EVENT, MAP, HEAD, RECEIPT] =
  ["salt", "field", "fields", "event", "head map", "head", "receipt"]
    .map((name) => utf8(`phr-acl/1 ${name}\0`));
const ONE = Uint8Array.of(1);

// Shapes: each reads a JSON value, or throws

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const string = (value) => {
  must(typeof value === "string" && value !== "" && !/\p{Surrogate}/u.test(value));
  return value;
};
const whole = (value) => {
  must(Number.isSafeInteger(value) && value >= 0);
  return value;
};
const decimal = (text) => {
  must(/^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) < 1n << 63n);
  return Number(text);
};
const bytes = (length) => (value) => {
  const text = string(value);
  const found = decode(text, text.replaceAll("-", "+").replaceAll("_", "/"), toUrl);
  must(found.length === length);
  return found;
};
const hash = bytes(32);
const uuid = (value) => {
  must(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(string(value)));
  return value;
};
const orNull = (read) => (value) => (value === null ? null : read(value));
const list = (read) => (value) => {
  must(Array.isArray(value));
  return value.map((each) => read(each));
};
const map = (readKey, read) => (value) => {
  must(isObject(value));
  return new Map(Object.entries(value).map(([key, each]) => [readKey(key), read(each)]));
};
const shape = (required, optional = {}) => (value) => {
  const readers = { ...required, ...optional };
  must(isObject(value) && Object.keys(required).every((name) => Object.hasOwn(value, name)));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => {
    must(Object.hasOwn(readers, name));
    return [name, readers[name](each)];
  }));
};

/** JSON in which no member stands twice and every number is written as a whole one. */
function json(text) {
  let named = 0;
  let value;
  try {
    value = JSON.parse(text, (_, each) => {
      if (isObject(each)) named += Object.keys(each).length;
      return each;
    });
  } catch {
    throw new Malformed();
  }
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '"');
  must((bare.match(/"\s*:/g) ?? []).length === named && !/\d[.eE]/.test(bare));
  return value;
}

// Signed notes

const isName = (name) => /^[^+\p{White_Space}]+$/u.test(name);

async function verifierKey(text, type = ED25519) {
  const [name, id, ...data] = text.split("+");
  const material = fromBase64(data.join("+"));
  must(isName(name) && material.length === 33 && material[0] === type);
  const ownId = (await sha256(utf8(`${name}\n`), material)).slice(0, 4);
  must(id === Array.from(ownId, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  const key = await crypto.subtle
    .importKey("raw", material.slice(1), "Ed25519", false, ["verify"])
    .catch(() => null); // not a point of the curve: it has signed nothing
  const hasSigned = async (message, signature) =>
    key !== null && crypto.subtle.verify("Ed25519", key, signature, message);
  return { text, name, id: ownId, hasSigned };
}

function note(value) {
  const all = string(value);
  const end = all.lastIndexOf("\n\n");
  must(end >= 0 && all.endsWith("\n") && !/[\0-\x09\x0b-\x1f]/.test(all));
  const lines = all.slice(end + 2, -1).split("\n").map((line) => {
    const [dash, name, ...data] = line.split(" ");
    const signature = fromBase64(data.join(" "));
    must(dash === "—" && isName(name) && signature.length >= 5);
    return { name, id: signature.slice(0, 4), signature: signature.slice(4) };
  });
  must(lines.length <= 64);
  return { all, text: all.slice(0, end + 1), lines };
}

const inNameOf = (key, { lines }) =>
  lines.filter(({ name, id }) => name === key.name && same(id, key.id));

async function isSigned(signed, key) {
  const good = await Promise.all(
    inNameOf(key, signed).map(({ signature }) => key.hasSigned(utf8(signed.text), signature)));
  return good.length > 0 && good.every(Boolean);
}

/** Seconds since 1970 at which the witness saw it, null where it did not, NaN for a forgery. */
async function cosignedAt(signed, witness) {
  let latest = null;
  for (const { signature } of inNameOf(witness, signed)) {
    if (signature.length !== 72) return NaN;
    const seconds = fromU64(signature);
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${signed.text}`);
    if (seconds >> 63n || !(await witness.hasSigned(message, signature.slice(8)))) return NaN;
    latest = Math.max(latest, Number(seconds));
  }
  return latest;
}

function checkpoint({ text }) {
  const lines = text.slice(0, -1).split("\n");
  must(lines.length >= 3 && lines.every(Boolean));
  const root = fromBase64(lines[2]);
  must(root.length === 32);
  return { origin: lines[0], size: decimal(lines[1]), root };
}

// Reading a bundle: well formed, and not yet true

const readBundle = shape({
  format: (value) => must(value === "tsunagu-log-bundle/1"),
  origin: string,
  log_key: string,
  participant: uuid,
  checkpoint: note,
  key_changes: list(note),
  from: shape({ number: whole, commit: hash }),
  events: list(event),
  nodes: map((place) => {
    const [level, ...index] = place.split("/");
    return `${decimal(level)}/${decimal(index.join("/"))}`;
  }, hash),
  head_map: orNull(shape({
    leaf: whole, at: whole, root: hash, position: whole, blind: hash, number: whole,
    proof: map(decimal, hash),
  })),
  consistency: orNull(shape({ size: whole, root: hash, proof: list(hash) })),
});

const readEvent = shape({
  number: whole,
  at: whole,
  commit: hash,
  leaf: orNull(whole),
  fields: list((pair) => {
    must(pair?.length === 2);
    return list(string)(pair);
  }),
  withheld: list(shape({ name: string, digest: hash, reason: string }, { until: string })),
}, { ek: hash, salts: map(string, hash), receipt: bytes(116) });

function event(value) {
  const { fields, ...found } = readEvent(value);
  const shown = new Map(fields);
  const names = [...fields, ...found.withheld.map(({ name }) => [name])].map(([name]) => name);
  must(names.length === NAMES.length && NAMES.every((name) => names.includes(name)));
  must(!shown.has("other"));
  const isWhole = found.withheld.length === 1;
  must(Boolean(found.ek) === isWhole && Boolean(found.salts) !== isWhole);
  if (found.salts) must(found.salts.size === shown.size && fields.every(([name]) => found.salts.has(name)));
  must(Boolean(found.receipt) === (found.leaf === null));
  const values = Object.fromEntries(fields.map(([name, text]) => [name, json(text)]));
  must((values.about ?? null) === null || values.about.v === 1);
  return { ...found, shown, values };
}

async function read(text) {
  const found = readBundle(json(text));
  const { from, head_map: head } = found;
  must(from.number > 0 || same(from.commit, new Uint8Array(32)));
  if (head) {
    const empty = await emptyHeads();
    must(head.position < 2 ** DEPTH && head.number > 0);
    must([...head.proof].every(([level, each]) => level < DEPTH && !same(each, empty[level])));
  }
  const changes = await Promise.all(found.key_changes.map(async (signed) => {
    const [title, origin, old, following, ...rest] = signed.text.split("\n");
    must(title === "phr-acl/1 key change" && origin === found.origin && rest.length === 1);
    must(signed.lines.length === 1);
    return { signed, old: await verifierKey(old), following: await verifierKey(following) };
  }));
  const keys = [await verifierKey(found.log_key), ...changes.map((each) => each.following)];
  return { ...found, changes, keys, named: found.origin, signed: found.checkpoint,
    ...checkpoint(found.checkpoint) };
}

const readKept = shape({
  format: (value) => must(value === "tsunagu-log-remembered/1"),
  key: string,
  checkpoint: note,
  heads: map(uuid, shape({
    number: whole, commit: hash, position: orNull(whole), blind: orNull(hash),
  })),
});

async function readRemembered(text) {
  const { key, heads, ...found } = readKept(json(text));
  return { key: await verifierKey(key), heads, ...checkpoint(found.checkpoint) };
}

// Trees

const nodeHash = (left, right) => sha256(ONE, left, right);
const leafHash = (type, value) => sha256(Uint8Array.of(0, 1, type), value);
const headNode = (left, right) => sha256(Uint8Array.of(0x22), left, right);
const half = (number) => Math.floor(number / 2); // sizes outgrow the 32 bits of >>

let empties;
const emptyHeads = () => (empties ??= (async () => {
  const hashes = [await sha256(Uint8Array.of(0x20))];
  while (hashes.length < DEPTH) hashes.push(await headNode(hashes.at(-1), hashes.at(-1)));
  return hashes;
})());

/** The root to which all leaves lead at once, undefined where a node is missing. */
async function rootOf(leaves, size, nodes) {
  let known = leaves;
  let used = 0;
  for (let level = 0; 2 ** level < size; level++) {
    const above = [];
    for (const [index, own] of known) {
      const isRight = index % 2 === 1;
      const beside = isRight ? index - 1 : index + 1;
      let sibling = known.get(beside);
      if (sibling && isRight) continue; // its left neighbour has done it
      if (!sibling && beside * 2 ** level < size) {
        sibling = nodes.get(`${level}/${beside}`);
        if (!sibling) return undefined;
        used++;
      }
      const pair = isRight ? [sibling, own] : [own, sibling];
      above.push([half(index), sibling ? nodeHash(...pair) : own]);
    }
    known = await settled(above);
  }
  must(used === nodes.size); // a node nobody needs is bytes beside the proof
  return known.get(0);
}

const settled = async (entries) =>
  new Map(await Promise.all([...entries].map(async ([key, value]) => [key, await value])));

/** RFC 6962 2.1.2: the older tree is a beginning of the newer one. */
async function isConsistent(old, now, proof) {
  if (old.size >= now.size || old.size === 0) {
    const root = old.size === 0 ? await sha256() : now.root;
    return old.size <= now.size && proof.length === 0 && same(old.root, root);
  }
  const path = [...proof];
  let [index, last] = [old.size - 1, now.size - 1];
  while (index % 2 === 1) [index, last] = [half(index), half(last)];
  let older = index === 0 ? old.root : path.shift();
  let newer = older;
  while (last > 0) {
    if (index % 2 === 1 || index < last) {
      const sibling = path.shift();
      if (!sibling) return false;
      if (index % 2 === 1) {
        older = await nodeHash(sibling, older);
        newer = await nodeHash(sibling, newer);
      } else newer = await nodeHash(newer, sibling);
    }
    [index, last] = [half(index), half(last)];
  }
  return path.length === 0 && same(older, old.root) && same(newer, now.root);
}

async function headRoot({ position, blind, number, proof }, commit) {
  const empty = await emptyHeads();
  let own = await sha256(Uint8Array.of(0x21), await sha256(HEAD, blind, u64(number), commit));
  for (let level = 0, index = position; level < DEPTH; level++, index = half(index)) {
    const sibling = proof.get(level) ?? empty[level];
    own = await (index % 2 === 1 ? headNode(sibling, own) : headNode(own, sibling));
  }
  return own;
}

// Events

async function innerHash({ ek, salts, shown, withheld }) {
  const key = ek && await crypto.subtle
    .importKey("raw", ek, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const saltOf = async (name) => salts?.get(name) ?? new Uint8Array(
    await crypto.subtle.sign("HMAC", key, join([SALT, utf8(name), ONE])));
  const digests = await Promise.all([...shown].map(async ([name, text]) =>
    sha256(FIELD, utf8(`["${toUrl(await saltOf(name))}","${name}",${text}]`))));
  digests.push(...withheld.map(({ digest }) => digest));
  return sha256(FIELDS, Uint8Array.of(0, digests.length), ...digests.sort(order));
}

const commitHash = async (event, participant, previous) =>
  sha256(EVENT, await innerHash(event), participant, u64(event.number), previous, u64(event.at));

/** An event says itself which of its fields are withheld, why and until when. */
const isAnnounced = ({ withheld, values: { embargo } }) =>
  withheld.every(({ name, reason, until }) =>
    name === "other"
      ? reason === "untold" && until === undefined
      : Array.isArray(embargo?.fields) && embargo.fields.includes(name)
        && reason === embargo.reason && until !== undefined && until === embargo.until);

// Verifying: findings as [code, number], in the order of the format

async function* keyFindings({ named, origin, keys, changes, signed }, trusted, kept) {
  const names = [origin, ...[...keys, ...trusted].map(({ name }) => name), kept?.origin ?? named];
  if (names.some((name) => name !== named)) yield ["wrong_origin"];
  for (const [i, change] of changes.entries()) {
    if (change.old.text !== keys[i].text || !(await isSigned(change.signed, change.old)))
      yield ["bad_key_change"];
  }
  const isOneOf = ({ text }) => keys.some((key) => key.text === text);
  if (!(await isSigned(signed, keys.at(-1)))) yield ["bad_signature"];
  else if ((trusted.length && !trusted.some(isOneOf)) || (kept && !isOneOf(kept.key)))
    yield ["unknown_key"];
}

async function* growthFindings({ size, root, consistency: link }, kept) {
  if (link && !(await isConsistent(link, { size, root }, link.proof))) yield ["forked"];
  if (!kept) return;
  const before = link?.size === kept.size ? link.root : undefined;
  if (size < kept.size) yield ["rolled_back"];
  else if (size === kept.size ? !same(root, kept.root) : before && !same(before, kept.root))
    yield ["forked"];
  else if (size > kept.size && !before) yield ["unlinked"];
}

async function* chainFindings({ participant, from, events }, known) {
  const id = Uint8Array.from(
    participant.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));
  const commits = await Promise.all(
    events.map((event, i) => commitHash(event, id, (events[i - 1] ?? from).commit)));
  const seen = new Map([[from.number, from.commit]]);
  let last = from.number;
  for (const [i, event] of events.entries()) {
    if (event.number !== last + 1) yield ["gap", last + 1];
    last = event.number;
    if (!same(commits[i], event.commit) || !isAnnounced(event)) yield ["event_altered", last];
    seen.set(last, event.commit);
  }
  if (!known) {
    if (from.number > 0) yield ["gap", 1];
  } else if (known.number > last) yield ["missing", last + 1];
  else if (known.number < from.number) yield ["gap", known.number + 1];
  else if (!same(seen.get(known.number), known.commit)) yield ["event_altered", known.number];
}

async function isPromised({ receipt, commit, at }, keys) {
  const promise = join([commit, u64(at), u64(at + MINUTE)]);
  const signers = keys.filter(({ id }) => same(id, receipt.slice(0, 4)));
  const signed = await Promise.all(signers.map((key) =>
    key.hasSigned(join([RECEIPT, promise]), receipt.slice(52))));
  return same(promise, receipt.slice(4, 52)) && signed.some(Boolean);
}

async function* treeFindings({ size, root, events, head_map: head, nodes, keys }, now) {
  const leaves = new Map();
  let isEnding = false;
  for (const event of events) {
    const { number, at, leaf } = event;
    if (leaf === null) {
      isEnding = true;
      if (!(await isPromised(event, keys))) yield ["not_included", number];
      else if (at + MINUTE < now) yield ["overdue", number];
    } else if (leaf >= size || leaves.has(leaf) || isEnding) yield ["not_included", number];
    else leaves.set(leaf, leafHash(1, event.commit));
  }
  if (head) {
    if (head.leaf >= size || leaves.has(head.leaf)) return void (yield ["not_included"]);
    leaves.set(head.leaf, leafHash(5, await sha256(MAP, u64(head.at), head.root)));
  }
  const found = await orMalformed(settled(leaves).then((known) => rootOf(known, size, nodes)));
  if (found === MALFORMED) yield ["malformed"];
  else if (leaves.size ? !same(found, root) : nodes.size) yield ["not_included"];
}

async function* headFindings({ from, events, head_map: head }, known, cosigned) {
  const newest = Math.max(cosigned, ...events.map(({ leaf, at }) => (leaf === null ? 0 : at)));
  const isPlaced = (known?.position ?? null) !== null;
  if (!head) {
    if (from.number > 0 || isPlaced) yield ["head_mismatch"];
    else if (events.length && newest - events[0].at > 120 * MINUTE) yield ["head_stale"];
    return;
  }
  const commits = new Map([...events, from].map(({ number, commit }) => [number, commit]));
  const last = Math.max(...commits.keys());
  if (head.number > last) return void (yield ["missing", last + 1]);
  const commit = commits.get(head.number);
  const isSame = !isPlaced || (known.position === head.position && same(known.blind, head.blind));
  const isAfter = events.every(({ number, leaf }) =>
    number > head.number || (leaf !== null && leaf < head.leaf));
  if (!isSame || !isAfter || !commit || !same(await headRoot(head, commit), head.root))
    yield ["head_mismatch"];
  if (newest - head.at > 120 * MINUTE) yield ["head_stale"];
}

async function* futureFindings({ events, head_map: head }, cosigned, now) {
  const latest = now + 5 * MINUTE;
  for (const { at, number } of events) if (at > latest) yield ["future", number];
  if (Math.max(head?.at ?? 0, cosigned) > latest) yield ["future"];
}

function remember({ participant, keys, signed, from, events, head_map: head }, heads) {
  const { number, commit } = events.at(-1) ?? from;
  const own = { number, commit: toUrl(commit), position: head?.position ?? null,
    blind: head && toUrl(head.blind) };
  return JSON.stringify({ format: "tsunagu-log-remembered/1", key: keys.at(-1).text,
    checkpoint: signed.all, heads: { ...heads, [participant]: own } });
}

const MALFORMED = Symbol("malformed");
const orMalformed = (promise) => promise.catch((fault) => {
  if (fault instanceof Malformed) return MALFORMED;
  throw fault;
});

/** Whether this browser can check: it needs Ed25519, and a page from a secure address. */
export const canCheck = async () =>
  crypto.subtle?.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"])
    .then(() => true, () => false) ?? false;

/** The size to ask for by `?since=`. */
export const sizeOf = async (remembered) => (await readRemembered(remembered)).size;

/**
 * `bundle` and `remembered` are texts, keys are verifier keys, `now` is microseconds since 1970.
 * In the answer, `witnesses` has the seconds since 1970 by name, `isOnTrust` says that the key was
 * taken from the bundle, and `remember` is the text to bring along the next time.
 */
export async function verify(bundle, { trustedKeys = [], witnessKeys = [], remembered = null, now }) {
  if (!(await canCheck())) return { outcome: "cannot_check", findings: [] };
  const trusted = await Promise.all(trustedKeys.map((key) => verifierKey(key)));
  const witnesses = await Promise.all(witnessKeys.map((key) => verifierKey(key, COSIGNATURE)));
  const kept = remembered === null ? null : await readRemembered(remembered);
  const found = await orMalformed(read(bundle));
  if (found === MALFORMED) return { outcome: "failed", findings: [{ code: "malformed" }] };
  const isOnTrust = !trusted.length && !kept;
  const known = kept?.heads.get(found.participant);
  const times = await Promise.all(witnesses.map((each) => cosignedAt(found.signed, each)));
  const cosigned = Math.max(0, ...times.filter(Boolean)) * 1_000_000;
  const findings = [];
  for (const part of [
    keyFindings(found, isOnTrust ? found.keys.slice(0, 1) : trusted, kept),
    times.filter(Number.isNaN).map(() => ["forged_cosignature"]),
    growthFindings(found, kept),
    chainFindings(found, known),
    treeFindings(found, now),
    headFindings(found, known, cosigned),
    futureFindings(found, cosigned, now),
  ]) for await (const [code, number] of part) findings.push({ code, number });
  const isPending = !found.head_map || found.events.some(({ leaf }) => leaf === null);
  return {
    outcome: findings.length ? "failed" : isPending ? "pending" : "verified",
    findings,
    isOnTrust,
    witnesses: Object.fromEntries(
      witnesses.map(({ name }, i) => [name, times[i]]).filter(([, at]) => at >= 0 && at !== null)),
    bundle: found,
    remember: findings.length ? null : remember(found, kept && JSON.parse(remembered).heads),
  };
}
