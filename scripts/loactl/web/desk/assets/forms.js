// A form in which somebody writes is sent by script: where the centre does not take it,
// because nobody is signed in any more or there is no network, what was typed stays on
// the page. Without a script it is a plain form, and so is one that is answered with a file.
(() => {
const words = document.getElementById('words').dataset;
let sending = false;

// say tells beside the button that was pressed what became of it.
function say(form, text, link) {
  let p = form.querySelector('p.wrong[role=alert]');
  if (!p) {
    p = document.createElement('p');
    p.className = 'wrong';
    p.setAttribute('role', 'alert');
    form.append(p);
  }
  p.replaceChildren(text);
  if (link) {
    const a = Object.assign(document.createElement('a'), { href: link.to, target: '_blank', rel: 'noopener', textContent: link.text });
    p.append(' ', a);
  }
  p.scrollIntoView({ block: 'nearest' });
}

// What is typed into the form of the page's own text is saved before a form about what
// belongs to it is sent, which loads the page anew.
const text = document.querySelector('form[data-keep]');
const written = () => text ? new URLSearchParams(new FormData(text)).toString() : '';
let kept = written();
const belongs = form => text && form.getAttribute('action').startsWith(text.getAttribute('action') + '/');

async function keep() {
  const body = new URLSearchParams(new FormData(text));
  try {
    const r = await fetch(text.getAttribute('action'), { method: 'POST', body, headers: { Accept: 'application/json' } });
    const saved = r.headers.get('Loa-Draft');
    if (saved) text.elements.namedItem('seen').value = saved;
    if (r.ok) {
      kept = written();
      return true;
    }
    refused(text, r, await r.json());
  } catch {
    say(text, words.offline);
  }
  return false;
}

function refused(form, r, answer) {
  say(form, answer.error, r.status === 401 ? { to: '/desk/sign-in', text: words.signIn } : undefined);
}

// went shows where a form leads; the page that is open already is loaded anew.
function went(to) {
  const at = new URL(to, location.href);
  if (at.pathname + at.search !== location.pathname + location.search) {
    location.assign(at);
    return;
  }
  history.replaceState(null, '', at);
  location.reload();
}

document.addEventListener('submit', async e => {
  const form = e.target;
  const button = e.submitter;
  if (e.defaultPrevented || button === undefined || form.getAttribute('method') !== 'post') return;
  if (belongs(form) && written() !== kept) {
    e.preventDefault();
    if (!sending) {
      sending = true;
      const done = await keep();
      sending = false;
      if (done) form.requestSubmit(button);
    }
    return;
  }
  if (form.enctype === 'multipart/form-data' || 'file' in form.dataset) return;
  if (!form.querySelector('textarea, select, input:not([type=hidden], [type=checkbox])')) return;
  e.preventDefault();
  if (sending) return;
  sending = true;
  const body = new URLSearchParams(new FormData(form));
  if (button && button.name) body.append(button.name, button.value);
  try {
    const r = await fetch(form.getAttribute('action'), { method: 'POST', body, headers: { Accept: 'application/json' } });
    const answer = await r.json();
    if (r.ok) {
      went(answer.to);
      return; // still sending: nothing is pressed on a page that goes
    }
    const saved = r.headers.get('Loa-Draft'); // it was, and what was to follow failed
    if (saved) form.elements.namedItem('seen').value = saved;
    refused(form, r, answer);
  } catch {
    say(form, words.offline);
  }
  sending = false;
});
})();
