// Takes card number and activation code from the QR link's fragment, and groups digits while typing.
const group = (field) => {
  const size = Number(field.dataset.group);
  if (!size) return;
  const text = field.value.normalize("NFKC").replace(/[\s-]/g, "");
  if (!/^[0-9A-Za-z]*$/.test(text)) return;
  field.value = text.match(new RegExp(`.{1,${size}}`, "g"))?.join("-") ?? "";
};

for (const field of document.querySelectorAll("[data-group]")) {
  field.addEventListener("change", () => group(field));
}

const form = document.getElementById("register");
if (form && location.hash.includes("=")) {
  const given = new URLSearchParams(location.hash.slice(1));
  // The fragment is a secret on paper: it must not stay in the address bar or the history.
  history.replaceState(null, "", location.pathname + location.search);
  for (const name of ["card", "code"]) {
    if (!given.get(name)) continue;
    const field = form.elements[name];
    field.value = given.get(name);
    group(field);
  }
  if (given.get("card") && given.get("code")) {
    document.getElementById("from-qr").hidden = false;
    form.elements.birth_era.focus();
  }
}
