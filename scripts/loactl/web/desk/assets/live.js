// Live talk: a key for one talk, made here; a microphone; packets that this key signs. The
// order that carries the key is signed as every other.
(() => {
const { keyOf, makeKey, tell } = loa;
const slot = ' live'; // where the key of a talk lies; no person's name has a blank in it

const form = document.getElementById('live');
if (form) form.addEventListener('submit', async e => {
  e.preventDefault();
  try {
    form.elements.session_key.value = (await makeKey(slot)).public;
    form.submit();
  } catch (err) {
    tell(err.name === 'NotSupportedError' ? form.dataset.old : err.message, true);
  }
});

const page = document.getElementById('talk');
if (!page) return;
const said = page.dataset;
const at = id => document.getElementById(id);
const rate = 48000;
// Low delay: Opus' CELT mode alone, which a small box decodes with the least work.
const config = { codec: 'opus', sampleRate: rate, numberOfChannels: 1, bitrate: 32000, opus: { application: 'lowdelay', frameDuration: 40000 } };
const text = new TextEncoder();
const wait = ms => new Promise(done => setTimeout(done, ms));

let act, key, mic, context, encoder;
let speaking = false, ending = false, done = false;
let shown = 0; // of the level
let given = 0; // ms that the encoder was given
let seq = 0, offset = 0; // of the next packet
let queue = [];
let signing = Promise.resolve(); // one packet after the other

// before opens the microphone, so that whoever signs sees that it hears.
loa.before = async payload => {
  act = payload;
  key = await keyOf(slot);
  if (!key || key.public !== act.session_key) throw new Error(said.absent);
  if (!window.AudioEncoder || !window.AudioWorkletNode || !(await AudioEncoder.isConfigSupported(config)).supported) throw new Error(said.old);
  try {
    mic = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
  } catch {
    throw new Error(said.none);
  }
  context = new AudioContext({ sampleRate: rate });
  await context.audioWorklet.addModule(said.worklet);
  const node = new AudioWorkletNode(context, 'frames', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
  context.createMediaStreamSource(mic).connect(node);
  node.port.onmessage = e => heard(e.data);
  at('sign').addEventListener('click', () => context.resume());
  page.hidden = false;
};

// heard is 40 ms of sound.
function heard(pcm) {
  const level = 20 * Math.log10(Math.max(1e-5, Math.hypot(...pcm) / Math.sqrt(pcm.length)));
  shown = Math.max(0, 100 + level * 100 / 60, shown - 2); // a word stays to be seen
  at('level').value = shown;
  if (!speaking || ending) return;
  encoder.encode(new AudioData({ format: 'f32-planar', sampleRate: rate, numberOfFrames: pcm.length, numberOfChannels: 1, timestamp: given * 1000, data: pcm }));
  given += pcm.length * 1000 / rate;
  const left = Math.max(0, Math.ceil((Number(said.length) - given) / 1000));
  at('left').textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  if (given + 40 > Number(said.length)) end();
}

// put signs a packet and queues it: agent/message, LivePacket, has its form.
function put(codec, ms, audio) {
  const from = offset, number = seq++;
  offset += ms;
  signing = signing.then(async () => {
    const packet = new Uint8Array(15 + audio.length);
    packet.set(text.encode('LOA1'));
    const head = new DataView(packet.buffer);
    head.setUint8(4, codec);
    head.setUint32(5, number);
    head.setUint32(9, from);
    head.setUint16(13, ms);
    packet.set(audio, 15);
    const name = text.encode(`loa-live-v1\0${act.place}\0${act.id}\0`);
    const all = new Uint8Array(name.length + packet.length);
    all.set(name);
    all.set(packet, name.length);
    const sig = new Uint8Array(await crypto.subtle.sign('Ed25519', key.private, all));
    const whole = new Uint8Array(2 + packet.length + sig.length);
    new DataView(whole.buffer).setUint16(0, packet.length + sig.length);
    whole.set(packet, 2);
    whole.set(sig, 2 + packet.length);
    queue.push(whole);
  });
}

// carry brings packets to the centre until there are no more.
async function carry() {
  while (!done || queue.length) {
    if (!queue.length) {
      await wait(60);
      continue;
    }
    const r = await fetch('/desk/live/' + act.id, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream', Accept: 'application/json' }, body: new Blob(queue.splice(0, 50)) });
    const answer = await r.json();
    if (!r.ok) throw new Error(answer.error);
    at('boxes').textContent = said.sounds.replace('#', answer.sounds).replace('#', answer.all) + (answer.refused ? ' ' + said.refused.replace('#', answer.refused) + ' ' + answer.why : '');
    if (answer.all && answer.refused === answer.all) end();
    await wait(120);
  }
}

// end says that it is over, after what was said.
async function end() {
  if (ending) return;
  ending = true;
  mic.getTracks().forEach(t => t.stop());
  if (encoder && encoder.state === 'configured') await encoder.flush();
  put(0, 0, new Uint8Array());
  await signing;
  done = true;
}

const hold = e => e.preventDefault();

// after speaks, once the order is signed.
loa.after = async () => {
  at('sign').hidden = at('said').hidden = at('mic-why').hidden = true;
  page.classList.add('talking');
  const stop = at('stop');
  stop.hidden = false;
  stop.addEventListener('click', end);
  stop.focus();
  window.addEventListener('beforeunload', hold);
  encoder = new AudioEncoder({
    output: chunk => {
      const audio = new Uint8Array(chunk.byteLength);
      chunk.copyTo(audio);
      put(1, Math.round(chunk.duration / 1000), audio);
    },
    error: e => tell(e.message, true),
  });
  encoder.configure(config);
  try {
    at('state').textContent = said.wait;
    for (const until = Date.now() + Number(said.chime); Date.now() < until && !ending;) await wait(50);
    speaking = true;
    if (!ending) at('state').textContent = said.speak;
    await carry();
    tell(said.over);
  } catch (e) {
    mic.getTracks().forEach(t => t.stop());
    tell(said.cut + ' ' + e.message, true);
  }
  ending = page.hidden = true;
  window.removeEventListener('beforeunload', hold);
  await context.close();
};
})();
