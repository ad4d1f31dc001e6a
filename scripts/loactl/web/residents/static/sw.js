// Keeps what a reader has opened for when there is no network: pages as they were last
// and no older than 72 hours, the recordings of these as far as there is room, files for
// good. What somebody searched for is kept nowhere.
"use strict";
const shell = {{.Shell}};
const budget = 20 * 1024 * 1024; // bytes of recordings
const days = 72 * 60 * 60 * 1000; // ms for which a page is kept
const came = "Loa-Came"; // when, by the clock of this phone: it may be days off, but it goes
const patience = 5000; // ms, after which a page that was kept is better than one that may come

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open("files").then((c) => c.addAll(shell)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (e) => {
  e.waitUntil((async () => {
    const files = await caches.open("files");
    const pages = await caches.open("pages");
    await forget(pages);
    // Pages that were kept before name files of before: these stay as long as they do.
    const texts = await Promise.all((await pages.keys()).map(async (one) => (await pages.match(one)).text()));
    for (const old of await files.keys()) {
      const name = new URL(old.url).pathname;
      if (!shell.includes(name) && !texts.some((text) => text.includes(name))) await files.delete(old);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== location.origin) return;
  if (/^\/(look|static)\//.test(url.pathname)) e.respondWith(kept("files", e.request));
  else if (/^\/p\/[a-z0-9-]+\/audio\//.test(url.pathname)) e.respondWith(recording(e.request));
  else if (url.pathname === "/" || /^\/p\/[a-z0-9-]+$/.test(url.pathname)) e.respondWith(page(e.request));
});

const kept = async (name, request) => (await (await caches.open(name)).match(request)) || fetch(request);

const searches = (url) => new URL(url).searchParams.has("q");

// forget drops pages that are too old, and searches.
const forget = async (pages) => {
  for (const one of await pages.keys()) {
    const head = (await pages.match(one))?.headers;
    const age = Date.now() - (Number(head?.get(came)) || Date.parse(head?.get("Date")));
    if (searches(one.url) || !(age < days)) await pages.delete(one);
  }
};

// keep puts a page away as it is now.
const keep = async (pages, url, res) => {
  const headers = new Headers(res.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name); // of the line
  headers.set(came, String(Date.now()));
  await pages.put(url, new Response(await res.blob(), { headers }));
};

// page asks the network, and shows what was kept when that fails or takes too long. An
// open page that asks for what is new has what was kept already.
const page = async (request) => {
  const pages = await caches.open("pages");
  await forget(pages);
  const old = request.mode === "navigate" ? await pages.match(request.url) : undefined;
  const asked = fetch(request).then(async (res) => {
    if (res.ok && !searches(request.url)) await keep(pages, request.url, res.clone());
    return res;
  });
  if (!old) return asked;
  const late = new Promise((done) => setTimeout(done, patience, old));
  return Promise.race([asked.catch(() => old), late]);
};

// recording answers also for a part, as players ask.
const recording = async (request) => {
  const whole = await (await caches.open("audio")).match(request.url);
  if (!whole) return fetch(request);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") || "");
  if (!range) return whole;
  const body = await whole.blob();
  const from = Number(range[1]);
  const to = Math.min(range[2] ? Number(range[2]) : body.size - 1, body.size - 1);
  if (from > to) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${body.size}` } });
  return new Response(body.slice(from, to + 1, body.type), {
    status: 206,
    headers: { "Content-Type": whole.headers.get("Content-Type") || "", "Content-Length": String(to - from + 1), "Content-Range": `bytes ${from}-${to}/${body.size}`, "Accept-Ranges": "bytes" },
  });
};

// An open page came past the worker that it made: its words are kept when it says so.
self.addEventListener("message", (e) => {
  const url = e.data && e.data.page && new URL(e.data.page, location);
  if (!url || url.origin !== location.origin || searches(url)) return;
  e.waitUntil((async () => {
    const pages = await caches.open("pages");
    if (await pages.match(url)) return;
    const res = await fetch(url);
    if (res.ok) await keep(pages, url, res);
  })());
});

// It also says which recordings it has, the newest first: those that fit are kept, all
// others forgotten.
self.addEventListener("message", (e) => {
  if (!e.data || !Array.isArray(e.data.audio)) return;
  e.waitUntil((async () => {
    const audio = await caches.open("audio");
    const want = [];
    let bytes = 0;
    for (const one of e.data.audio) {
      bytes += Number(one.bytes) || budget;
      if (bytes > budget) break;
      want.push(one.url);
    }
    for (const old of await audio.keys()) {
      if (!want.includes(old.url)) await audio.delete(old);
    }
    for (const url of want) {
      if (new URL(url).origin === location.origin && !(await audio.match(url))) await audio.add(url).catch(() => {});
    }
    e.source.postMessage({ kept: want.length }); // to a page that this worker does not serve yet as well
  })());
});

// What the centre tells: each item once, a later one of it in its place.
self.addEventListener("push", (e) => {
  let n = {};
  try { n = e.data.json(); } catch { /* shown without words: a browser demands that something is */ }
  e.waitUntil(self.registration.showNotification(n.title || "Loa", {
    body: n.body || "", tag: n.tag || "loa", renotify: true, requireInteraction: !!n.urgent, lang: n.lang || "vi", icon: {{.Icon}},
    data: { place: /^[a-z0-9-]+$/.test(n.place || "") ? n.place : "", lang: n.lang === "en" ? "en" : "vi" },
  }));
});

self.addEventListener("notificationclick", (e) => {
  e.notification.close();
  const { place, lang } = e.notification.data || {};
  e.waitUntil(self.clients.openWindow((place ? "/p/" + place : "/") + "?lang=" + (lang || "vi")));
});
