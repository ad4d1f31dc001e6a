// What is signed is shown from the very bytes that are signed. What they name by a hash,
// a bulletin or a recording, is shown and played only if it has that hash.
(() => {
const { keyOf, sign, sha256, bytesOf, post, tell } = loa;

const page = document.getElementById('signing');
const said = page.dataset;
const words = JSON.parse(said.words);
const payload = bytesOf(said.payload);
const button = document.getElementById('sign');
const strict = new TextDecoder('utf-8', { fatal: true });
const cited = new Map();
const checks = []; // of recordings and pictures that are still being fetched
let sound = true;

const make = (name, parts, props) => {
  const e = Object.assign(document.createElement(name), props);
  e.append(...parts);
  return e;
};

// leads are the fields that people look at first, in this order.
const leads = ['kind', 'headline', 'event', 'instruction', 'title', 'text', 'item', 'alerts', 'retracted', 'slots', 'classes', 'mute_until', 'pages', 'ticker', 'audio', 'place', 'device', 'class', 'valid_until', 'until'];
const quiet = new Set(['format', 'bytes', 'type', 'loudness_lufs']);

function fields(object) {
  const names = Object.keys(object).filter(n => !quiet.has(n));
  const rank = n => leads.includes(n) ? leads.indexOf(n) : leads.length;
  return names.sort((x, y) => rank(x) - rank(y));
}

// A moment is nothing but one: of a text that only begins like one every word is shown.
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function written(name, v) {
  const called = words[name + '.' + v];
  if (called) return `${called} (${v})`;
  if (typeof v === 'string' && moment.test(v)) {
    return new Date(v).toLocaleString(document.documentElement.lang === 'en' ? 'en-GB' : 'vi-VN', { timeZone: 'Asia/Ho_Chi_Minh' });
  }
  return String(v);
}

function show(name, v) {
  if (Array.isArray(v)) {
    if (v.every(x => typeof x !== 'object')) return make('span', [v.join(', ')]);
    return make('ol', v.map(x => make('li', [show(name, x)])));
  }
  if (v && typeof v === 'object') {
    const parts = [list(v)];
    if ((name === 'ref' || name === 'bulletin') && v.sha256) parts.push(named(v));
    if (name === 'audio' && v.sha256) parts.push(file(v.sha256, v.type, src => make('audio', [], { controls: true, src })));
    if (name === 'pages' && v.image) parts.push(file(v.image, v.type, src => make('img', [], { alt: words.image || '', className: 'thumb', src })));
    return make('div', parts);
  }
  return make('span', [written(name, v)], { className: name === 'sha256' || name === 'image' ? 'hash' : 'words' });
}

function list(object) {
  const rows = [];
  for (const name of fields(object)) {
    rows.push(make('dt', [words[name] || name]), make('dd', [show(name, object[name])]));
  }
  return make('dl', rows);
}

function named(ref) {
  const doc = cited.get(ref.sha256);
  if (!doc) {
    sound = false;
    return make('p', [said.missing], { className: 'wrong' });
  }
  return make('blockquote', [list(doc)]);
}

// file shows a recording or a picture, if it has the hash that is signed.
function file(hash, type, made) {
  const state = make('p', ['…'], { className: 'quiet' });
  const place = make('div', [state]);
  checks.push(fetch('/desk/media/' + hash).then(async r => {
    const bytes = await r.arrayBuffer();
    if (!r.ok || await sha256(bytes) !== hash) throw new Error(said.badFile);
    place.prepend(made(URL.createObjectURL(new Blob([bytes], { type }))));
    state.textContent = '✓ ' + said.checked;
  }).catch(e => {
    sound = false;
    state.textContent = e.message;
    state.className = 'wrong';
  }));
  return place;
}

async function begin() {
  if (await sha256(payload) !== said.sha256) throw new Error(said.badHash);
  for (const c of JSON.parse(said.refs)) {
    const bytes = bytesOf(c.payload);
    cited.set(await sha256(bytes), JSON.parse(strict.decode(bytes)));
  }
  const paper = JSON.parse(strict.decode(payload));
  document.getElementById('exactly').replaceChildren(list(paper));
  const key = await keyOf(said.person);
  if (!key || key.public !== said.key) {
    tell(said.absent, true);
    return;
  }
  if (loa.before) await loa.before(paper); // what has to be there before one signs
  await Promise.all(checks);
  button.disabled = !sound;
  button.addEventListener('click', async () => {
    button.disabled = true;
    tell(said.working);
    try {
      const sig = await sign(key, said.type, payload);
      const done = await post('/desk/sign/' + said.sha256, { keyid: key.id, sig });
      tell(done.text);
      if (loa.after) await loa.after();
      const next = make('a', [said.go], { href: done.to, className: 'button' });
      button.replaceWith(next);
      next.focus();
    } catch (e) {
      tell(e.message, true);
      button.disabled = !sound;
    }
  });
}

if (button) begin().catch(e => tell(e.message, true));
else begin().catch(() => {});
})();
