// Asks this browser for a push subscription and sends it as the form's fields; <form data-push-key>.
const form = document.querySelector("form[data-push-key]");
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

if (form && "serviceWorker" in navigator && "PushManager" in window) {
  form.hidden = false;
  document.getElementById("no-push").hidden = true;
  const says = form.querySelector("[role=status]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
      const worker = await navigator.serviceWorker.register("/static/push.js");
      const subscription = await worker.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: bytes(form.dataset.pushKey),
      });
      const { endpoint, keys } = subscription.toJSON();
      form.elements.endpoint.value = endpoint;
      form.elements.p256dh.value = keys.p256dh;
      form.elements.auth.value = keys.auth;
      form.submit();
    } catch {
      says.textContent = says.dataset.failed;
    }
  });
}
