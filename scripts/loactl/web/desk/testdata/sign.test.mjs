// The script of the page on which people sign, with as much of a browser as it needs.
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import vm from 'node:vm';

const source = readFileSync(process.argv[2], 'utf8');
const sha256 = async bytes => createHash('sha256').update(Buffer.from(bytes)).digest('hex');
const turn = () => new Promise(done => setTimeout(done, 5));

class Element {
  constructor() { this.parts = []; }
  prepend(...p) { this.parts.unshift(...p); }
  replaceChildren(...p) { this.parts = p; }
  replaceWith() {}
  focus() {}
  append(...p) { this.parts.push(...p); }
  addEventListener(_, f) { this.pressed = f; }
}

// opened is the page of one recording that has come (good, bad) once arrive is called.
async function opened(post, before) {
  const good = Buffer.from('sound');
  const payload = Buffer.from(JSON.stringify({ kind: 'bulletin', audio: [{ sha256: await sha256(good), type: 'audio/mpeg' }] }));
  const button = Object.assign(new Element(), { disabled: true });
  const signing = { dataset: { words: '{}', refs: '[]', payload: '', sha256: await sha256(payload), person: 'lan', key: 'k', badFile: 'bad' } };
  let arrive;
  const arrived = new Promise(done => { arrive = done; });
  const document = {
    documentElement: { lang: 'vi' }, createElement: () => new Element(),
    getElementById: id => ({ sign: button, signing, exactly: new Element() })[id],
  };
  const loa = { keyOf: async () => ({ public: 'k', id: 'k' }), sign: async () => 's', sha256, bytesOf: () => new Uint8Array(payload), post, tell() {}, before };
  vm.runInNewContext(source, {
    loa, document, Uint8Array, TextDecoder, Blob, URL: { createObjectURL: () => 'blob:' },
    fetch: async () => { const bytes = await arrived; return { ok: true, arrayBuffer: async () => bytes }; },
  });
  await turn();
  return { button, good: () => arrive(good), bad: () => arrive(Buffer.from('other')) };
}

const refused = async () => { throw new Error('refused'); };

const a = await opened(refused);
assert.equal(a.button.disabled, true, 'the button is open while a recording still loads');
a.good();
await turn();
assert.equal(a.button.disabled, false, 'the button stays shut though all is right');
await a.button.pressed();
assert.equal(a.button.disabled, false, 'after a failure nobody can try again');

const b = await opened(refused);
b.bad();
await turn();
assert.equal(b.button.disabled, true, 'the button is open though a recording is another');
if (b.button.pressed) await b.button.pressed();
assert.equal(b.button.disabled, true, 'a failed signature opens the button though a recording is another');

// What has to be there before one signs, such as a microphone, comes first.
let ready;
const c = await opened(refused, () => new Promise(done => { ready = done; }));
c.good();
await turn();
assert.equal(c.button.disabled, true, 'the button is open before all is ready');
ready();
await turn();
assert.equal(c.button.disabled, false, 'the button stays shut though all is ready');

const d = await opened(refused, async () => { throw new Error('no microphone'); });
d.good();
await turn();
assert.equal(d.button.disabled, true, 'the button is open though something is missing');
