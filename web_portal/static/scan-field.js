// A button beside a field reads a QR code into it. Without a camera the button stays away, and the
// field is typed into as ever.
import { Parts, partOf } from "./emergency-card.js";
import { hasCamera, watch } from "./scan.js";

for (const place of hasCamera() ? document.querySelectorAll("[data-scan]") : []) {
  const field = document.getElementById(place.dataset.scan);
  const [begin, end] = ["begin", "end"].map((name) => place.querySelector(`[data-${name}]`));
  const screen = place.querySelector("[data-screen]");
  const video = place.querySelector("video");
  const status = place.querySelector("[role=status]");
  const say = (name, filled = "") => {
    status.textContent = name ? place.dataset[name].replace("{number}", filled) : "";
  };
  const parts = new Parts();
  const found = [];
  let watching;

  const done = (text) => {
    field.value = text;
    if (field.form.elements.by) field.form.elements.by.value = field.name;
    say("read");
    if (place.dataset.then === "submit") field.form.requestSubmit();
    else document.getElementById(place.dataset.then)?.focus();
    return true;
  };

  const seen = (text) => {
    const part = partOf(text);
    if (!part) return done(text);
    const isWhole = parts.add(part);
    if (!found.includes(text)) found.push(text);
    if (isWhole) return done(found.slice(-part.of).join(" "));
    say("more", parts.missing);
    return false;
  };

  begin.addEventListener("click", async () => {
    watching = new AbortController();
    parts.clear();
    found.length = 0;
    begin.hidden = true;
    screen.hidden = false;
    say("hold");
    try {
      await watch(video, seen, watching.signal);
    } catch {
      say("failed");
    }
    screen.hidden = true;
    begin.hidden = false;
  });
  end.addEventListener("click", () => {
    watching?.abort();
    say("");
  });
  place.hidden = false;
}
