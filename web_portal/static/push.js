// Shows a notice that came while the portal is closed, and opens the inbox when it is touched.
self.addEventListener("push", (event) => {
  const said = event.data?.json() ?? {};
  event.waitUntil(
    self.registration.showNotification(said.title ?? "つなぐ", {
      body: said.body ?? "",
      tag: said.tag,
      icon: "/static/icon-192.png",
      data: { url: said.url ?? "/inbox" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  // Never elsewhere than here, whatever was said.
  const { pathname } = new URL(event.notification.data.url, self.location.origin);
  event.waitUntil(self.clients.openWindow(pathname));
});
