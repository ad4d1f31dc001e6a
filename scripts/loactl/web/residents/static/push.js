// A telephone that is told: the browser asks its owner, its maker's service gives an
// address, and the page's server keeps that.
"use strict";
(() => {
  const button = document.getElementById("push");
  if (!button || !navigator.serviceWorker || !window.PushManager || !window.Notification) return;
  const said = document.getElementById("push-said");
  const key = Uint8Array.from(atob(button.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  const send = async (method, subscription) => {
    const res = await fetch(button.dataset.to, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(subscription) });
    if (!res.ok) throw new Error(res.status);
  };
  const draw = (on) => { button.textContent = on ? button.dataset.off : button.dataset.on; button.setAttribute("aria-pressed", String(on)); button.hidden = false; };

  const manager = async () => (await navigator.serviceWorker.ready).pushManager;
  button.addEventListener("click", async () => {
    said.textContent = "";
    button.disabled = true;
    try {
      const push = await manager();
      const old = await push.getSubscription();
      if (old) {
        await send("DELETE", old);
        await old.unsubscribe();
        draw(false);
      } else if ((await Notification.requestPermission()) !== "granted") {
        said.textContent = button.dataset.denied;
      } else {
        const fresh = await push.subscribe({ userVisibleOnly: true, applicationServerKey: key });
        try { await send("POST", fresh); } catch (e) { await fresh.unsubscribe(); throw e; }
        draw(true);
      }
    } catch {
      said.textContent = button.dataset.failed;
    }
    button.disabled = false;
  });
  manager().then((push) => push.getSubscription()).then((s) => draw(!!s)).catch(() => {});
})();
