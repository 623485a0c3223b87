// Reads an emergency card from the texts of its QR codes and checks who signed it: no page, no
// network, nothing but WebCrypto. The bytes are those of docs/reference/emergency-card.md.

const PART = /#(?:([12])\/([12])\/)?([0-9]{100,})/;
const MOST_BYTES = 16_384;
const KINDS = { a: "allergy", x: "contraindication", i: "implant", m: "medicine", c: "condition", f: "infection" };
const MARKS = { "": "", "!": "high", "?": "unconfirmed", "*": "own" };
const SEXES = { f: "female", m: "male", o: "other", u: "unknown" };
const ANSWERS = { y: "yes", n: "no" };
const FAMILY = ["child", "spouse", "parent", "sibling", "grandchild", "other"];

/** `code`: malformed, key (none of ours signed it), signature, or browser (it cannot check). */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** One part of a card in a scanned text: {number, of, digits}, or null. */
export const partOf = (text) => {
  const found = PART.exec(text);
  if (!found) return null;
  return { number: Number(found[1] ?? 1), of: Number(found[2] ?? 1), digits: found[3] };
};

/** Holds the parts of one card until all are there; a part of another card begins anew. */
export class Parts {
  #found = new Map();
  #of = 0;

  /** Whether all parts are there now. */
  add({ number, of, digits }) {
    const known = this.#found.get(number);
    if (of !== this.#of || (known !== undefined && known !== digits)) this.#found.clear();
    this.#of = of;
    this.#found.set(number, digits);
    return this.#found.size === of;
  }

  /** The number of a part that is still to be read. */
  get missing() {
    return [1, 2].find((number) => number <= this.#of && !this.#found.has(number));
  }

  get digits() {
    return [...this.#found.keys()].sort().map((number) => this.#found.get(number)).join("");
  }

  clear() {
    this.#found.clear();
    this.#of = 0;
  }
}

const bytes = (text) => {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Refused("malformed");
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  } catch {
    throw new Refused("malformed");
  }
};
const json = (some) => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(some));
  } catch {
    throw new Refused("malformed");
  }
};

async function inflated(packed) {
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = unpacked.getReader();
  const chunks = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > MOST_BYTES) throw new Refused("malformed");
      chunks.push(value);
    }
  } catch {
    throw new Refused("malformed");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

const is = (holds) => {
  if (!holds) throw new Refused("malformed");
};
const text = (value) => {
  is(typeof value === "string" && value.length <= 200);
  return value;
};
const day = (value) => {
  is(/^\d{4}-\d\d-\d\d$/.test(value));
  return value;
};
const seconds = (value) => {
  is(Number.isSafeInteger(value));
  return value;
};
const list = (value) => {
  is(Array.isArray(value) && value.length <= 100);
  return value;
};
const named = (names, value) => {
  is(Object.hasOwn(names, value));
  return names[value];
};

const contentOf = (said) => {
  is(said?.tsu === 1);
  return {
    issuer: text(said.iss),
    madeAt: seconds(said.iat),
    goodUntil: seconds(said.exp),
    name: text(said.n),
    kana: text(said.k),
    born: day(said.b),
    sex: named(SEXES, said.s),
    card: text(said.id),
    lines: list(said.l ?? []).map(([tag, line]) => ({
      kind: named(KINDS, text(tag).slice(0, 1)),
      mark: named(MARKS, tag.slice(1)),
      text: text(line),
    })),
    blood: text(said.bt ?? ""),
    pregnancy: said.p ? named(ANSWERS, said.p) : "",
    due: said.due ? day(said.due) : "",
    directive: said.d ? named(ANSWERS, said.d) : "",
    contacts: list(said.t ?? []).map(([family, name, phone]) => {
      is(FAMILY.includes(family));
      return { family, name: text(name), phone: text(phone) };
    }),
    note: text(said.w ?? ""),
    leftOut: seconds(said.o ?? 0),
  };
};

/** What the card says, once one of `keys` (JWKs) signed it; `isLoaded` as that key is. Throws `Refused`. */
export async function opened(digits, keys) {
  if (!globalThis.crypto?.subtle || !globalThis.DecompressionStream) throw new Refused("browser");
  is(digits.length % 2 === 0);
  const jws = digits.replace(/../g, (pair) => String.fromCharCode(Number(pair) + 45));
  const [head, body, signature, ...more] = jws.split(".");
  is(signature !== undefined && more.length === 0);
  const header = json(bytes(head));
  is(header.alg === "ES256" && header.zip === "DEF" && header.crit === undefined);
  const known = keys.find(({ kid }) => kid === header.kid);
  if (!known) throw new Refused("key");
  const { kty, crv, x, y } = known;
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]);
  const signed = new TextEncoder().encode(`${head}.${body}`);
  if (!(await crypto.subtle.verify(algorithm, key, bytes(signature), signed))) {
    throw new Refused("signature");
  }
  const content = contentOf(json(await inflated(bytes(body))));
  return { ...content, isLoaded: Boolean(known.isLoaded) };
}
