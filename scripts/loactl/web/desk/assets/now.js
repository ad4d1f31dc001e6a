// What sounds now is asked for again every ten seconds while somebody looks. Whoever has
// done nothing for ten minutes is no longer asked for: a page that is left open keeps
// nobody signed in.
(() => {
const every = 10_000, idle = 10 * 60_000;
let busy = Date.now();
for (const what of ['pointerdown', 'keydown', 'scroll']) addEventListener(what, () => { busy = Date.now(); }, { passive: true });

async function again() {
  const live = document.getElementById('live');
  if (document.hidden || Date.now() - busy > idle || live.contains(document.activeElement)) return;
  const r = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!r.ok || r.redirected) return;
  const next = new DOMParser().parseFromString(await r.text(), 'text/html').getElementById('live');
  if (next && !live.contains(document.activeElement)) live.replaceWith(next);
}

setInterval(() => again().catch(() => {}), every); // no network: what is there says when it was
})();
