// Keeps the page's shell so that it opens without a network and says so. It never keeps an answer of the API: an old price
// must not be able to look like a new one.
const SHELL = "crossbook-shell";

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isShell = event.request.method === "GET" && url.origin === location.origin && /\/[^/]*(\.(js|css|svg|webmanifest)|)$/.test(url.pathname);
  if (!isShell || url.pathname.startsWith("/api") || url.pathname === "/ws") return;
  event.respondWith(fromNetwork(event.request));
});

/** All of it, by the list that the build made: a page that was never opened here opens offline, too. */
async function keepShell() {
  const names = await (await fetch("./shell.json")).json();
  await (await caches.open(SHELL)).addAll(names);
}

async function fromNetwork(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) ?? Response.error();
  }
}
