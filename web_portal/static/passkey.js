// Creates a passkey or signs in with one; <form data-passkey="create|get" data-options data-verify [data-held]>.
const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const opened = (options) => ({
  ...options,
  challenge: decode(options.challenge),
  ...(options.user && { user: { ...options.user, id: decode(options.user.id) } }),
  ...(options.excludeCredentials && { excludeCredentials: ids(options.excludeCredentials) }),
  ...(options.allowCredentials && { allowCredentials: ids(options.allowCredentials) }),
});
const ids = (list) => list.map((entry) => ({ ...entry, id: decode(entry.id) }));

const closed = (credential) => {
  const { response } = credential;
  const fields = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) fields[name] = encode(response[name]);
  }
  if (response.getTransports) fields.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: fields,
  };
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const says = form.querySelector("[data-passkey-says]");
  const button = form.querySelector("button");
  const faults = form.querySelectorAll("[data-passkey-fault]");
  const show = (kind) => faults.forEach((f) => { f.hidden = f.dataset.passkeyFault !== kind; });

  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "accept-language": document.documentElement.lang,
        "x-csrftoken": form.elements._csrf_token?.value ?? "",
      },
      body: JSON.stringify(body),
    });
    const reply = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const said = [reply.title, reply.next].filter(Boolean).join(" ");
      throw Object.assign(new Error(String(answer.status)), { said });
    }
    return reply;
  };

  let waiting = null;
  const run = async (extra = {}) => {
    waiting?.abort();
    const mine = (waiting = new AbortController());
    const options = await post(form.dataset.options, {});
    if (mine.signal.aborted) return;
    const request = { publicKey: opened(options.publicKey ?? options), signal: mine.signal, ...extra };
    const credential = await navigator.credentials[form.dataset.passkey](request);
    says.textContent = says.dataset.working;
    const { next } = await post(form.dataset.verify, closed(credential));
    says.textContent = says.dataset.done;
    // What was asked before the reader had to show who they are waits on this page.
    const held = form.dataset.held && document.getElementById(form.dataset.held);
    if (held) held.submit();
    else location.assign(next);
  };

  const fail = (fault) => {
    says.textContent = fault.said ?? "";
    show(["NotAllowedError", "AbortError"].includes(fault.name) ? "cancelled" : "failed");
    button.disabled = false;
    button.focus();
  };

  if (!window.PublicKeyCredential) {
    show("unsupported");
    continue;
  }
  show(null);
  button.hidden = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(null);
    button.disabled = true;
    says.textContent = says.dataset.working;
    await run().catch(fail);
  });

  // Conditional UI: the device may offer the key by itself; the button stays the sure way.
  if (form.dataset.passkey === "get" && (await PublicKeyCredential.isConditionalMediationAvailable?.())) {
    // Before a key is chosen nobody asked for anything, so only a later fault is told.
    run({ mediation: "conditional" }).catch((fault) => says.textContent && !button.disabled && fail(fault));
  }
}
