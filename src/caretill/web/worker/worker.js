/* Keeps the style, the logo and one page for when there is no network. It never keeps an answer to anything else, and
   what is sent by a form goes past it. */
"use strict";
self.addEventListener("install", (event) => {
  const fresh = (path) => new Request(path, { cache: "reload", credentials: "omit" });
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([OFFLINE, ...FILES].map(fresh))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("caretill-") && name !== STORE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET") return;
  const { origin, pathname } = new URL(url);
  if (origin === location.origin && FILES.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((kept) => kept || fetch(event.request)));
  } else if (mode === "navigate" && origin === location.origin) {
    const away = () => caches.match(OFFLINE).then((kept) => kept || Response.error());
    event.respondWith(fetch(event.request).catch(away));
  }
});
