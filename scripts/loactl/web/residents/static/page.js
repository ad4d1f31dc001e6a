// What an open page does by itself: it asks every 20 seconds whether something is new,
// and shows it; where somebody listens, it only says so.
"use strict";
(() => {
  const news = document.getElementById("news");
  if (!news || !window.fetch) return;
  let offered = ""; // the version that somebody who listens was told of

  const say = (text, button) => {
    news.replaceChildren();
    if (!text) return;
    const p = document.createElement("p");
    p.className = "note";
    p.textContent = text + " ";
    if (button) {
      const b = document.createElement("button");
      b.type = "button";
      b.textContent = button;
      b.addEventListener("click", () => { show().catch(lost); });
      p.append(b);
    }
    news.append(p);
  };

  const lost = () => {
    news.dataset.lost = "yes";
    say(news.dataset.offline);
  };

  // What is in the page counts, and not what was shown by us: a page may come from before.
  const told = () => document.getElementById("told");

  // show takes what is new into the page; what does not come is asked for again next time.
  const show = async () => {
    const res = await fetch(location.href, { cache: "no-cache" });
    if (!res.ok) return;
    const fresh = new DOMParser().parseFromString(await res.text(), "text/html").getElementById("told");
    if (!fresh || fresh.dataset.version === told().dataset.version) return;
    told().replaceWith(fresh);
    say("");
    keep().catch(() => {});
  };

  const ask = async () => {
    if (document.hidden) return;
    try {
      const res = await fetch(news.dataset.now, { cache: "no-cache" });
      if (!res.ok) return;
      const now = await res.json();
      if (news.dataset.lost) { delete news.dataset.lost; offered = ""; say(""); }
      if (now.version === told().dataset.version) {
        if (offered) { offered = ""; say(""); } // it was taken back, or has been shown
        return;
      }
      const listens = [...document.querySelectorAll("audio")].some((a) => !a.paused);
      if (!listens) await show();
      else if (offered !== now.version) {
        offered = now.version;
        say(news.dataset.fresh, news.dataset.reload);
      }
    } catch {
      lost();
    }
  };

  // What was said is kept for when there is no network.
  const keep = async () => {
    if (!navigator.serviceWorker) return;
    await navigator.serviceWorker.register("/sw.js");
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ page: location.href });
    // Words are small; recordings wait for a line that bears them.
    const line = navigator.connection || {};
    if (!active || line.saveData || /2g/.test(line.effectiveType || "")) return;
    active.postMessage({ audio: [...document.querySelectorAll("audio[data-bytes]")].map((a) => ({ url: a.src, bytes: a.dataset.bytes })) });
  };
  navigator.serviceWorker?.addEventListener("message", (e) => { if (e.data && "kept" in e.data) document.body.dataset.kept = e.data.kept; });
  window.addEventListener("load", () => { keep().catch(() => {}); });

  ask();
  setInterval(ask, 20000);
  document.addEventListener("visibilitychange", ask);
})();
