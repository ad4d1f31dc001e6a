// Signing in, and making a passkey: what the authenticator of this device is asked.
(() => {
const { post, tell } = loa;

const url = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
const text = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

function sent(c) {
  const out = { id: c.id, rawId: text(c.rawId), type: c.type, response: {}, clientExtensionResults: c.getClientExtensionResults() };
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (c.response[name]) out.response[name] = text(c.response[name]);
  }
  return out;
}

async function ceremony(path, first, ask) {
  try {
    const begun = await post(path + '/begin', first);
    const o = begun.options;
    o.challenge = url(o.challenge);
    if (o.user) o.user.id = url(o.user.id);
    for (const c of [...(o.excludeCredentials || []), ...(o.allowCredentials || [])]) c.id = url(c.id);
    const credential = await ask(o);
    const done = await post(path + '/finish', { ceremony: begun.ceremony, credential: sent(credential) });
    location.assign(done.to);
  } catch (e) {
    tell(e.message, true);
  }
}

const enter = document.getElementById('enter');
if (enter) enter.addEventListener('click', () => ceremony('/desk/sign-in', {}, o => navigator.credentials.get({ publicKey: o })));

const form = document.getElementById('register');
if (form) form.addEventListener('submit', e => {
  e.preventDefault();
  ceremony('/desk/register', { name: form.elements.name.value.trim(), code: form.elements.code.value }, o => navigator.credentials.create({ publicKey: o }));
});
})();
