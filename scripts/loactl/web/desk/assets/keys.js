// The key that signs for a person. It is made here, lies in this browser's own store as
// one that cannot be exported, and only ever signs.

const loa = (() => {
const store = 'loa-desk', table = 'keys';

function opened() {
  return new Promise((done, failed) => {
    const r = indexedDB.open(store, 1);
    r.onupgradeneeded = () => r.result.createObjectStore(table);
    r.onsuccess = () => done(r.result);
    r.onerror = () => failed(r.error);
  });
}

async function transact(mode, use) {
  const db = await opened();
  try {
    return await new Promise((done, failed) => {
      const t = db.transaction(table, mode);
      const r = use(t.objectStore(table));
      t.oncomplete = () => done(r.result);
      t.onerror = () => failed(t.error);
      t.onabort = () => failed(t.error);
    });
  } finally {
    db.close();
  }
}

const base64 = bytes => btoa(Array.from(new Uint8Array(bytes), b => String.fromCharCode(b)).join(''));
const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const hex = bytes => Array.from(new Uint8Array(bytes), b => b.toString(16).padStart(2, '0')).join('');
const sha256 = async bytes => hex(await crypto.subtle.digest('SHA-256', bytes));

// keyOf is the person's key in this browser, or undefined. public is base64, as the
// authority's books have it.
const keyOf = person => transact('readonly', s => s.get(person));

// makeKey makes one, in place of an earlier one.
async function makeKey(person) {
  const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
  const key = { private: pair.privateKey, public: base64(raw), id: await sha256(raw) };
  if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
  await transact('readwrite', s => s.put(key, person));
  return key;
}

// sign gives the signature of a payload under its type: DSSE, version 1.
async function sign(key, type, payload) {
  const text = new TextEncoder();
  const head = text.encode(`DSSEv1 ${text.encode(type).length} ${type} ${payload.length} `);
  const all = new Uint8Array(head.length + payload.length);
  all.set(head);
  all.set(payload, head.length);
  return base64(await crypto.subtle.sign('Ed25519', key.private, all));
}

// post sends JSON and gives the answer; an error has the server's own words.
async function post(to, body) {
  const r = await fetch(to, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(body) });
  const answer = await r.json().catch(() => ({ error: r.statusText }));
  if (!r.ok) throw new Error(answer.error);
  return answer;
}

// tell writes a sentence where a screen reader says it.
function tell(text, wrong) {
  const p = document.getElementById('said');
  p.textContent = text;
  p.className = wrong ? 'wrong' : 'note';
  p.hidden = false;
}

return { base64, bytesOf, hex, sha256, keyOf, makeKey, sign, post, tell };
})();
