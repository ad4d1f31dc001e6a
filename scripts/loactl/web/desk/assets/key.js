// Making the key that signs, once.
(() => {
const { keyOf, makeKey, sign, post, tell } = loa;

const button = document.getElementById('make');
const page = document.getElementById('key');
const here = document.getElementById('here');

keyOf(page.dataset.person).then(k => {
  if (k) here.textContent = k.public;
  here.parentElement.hidden = !k;
}).catch(e => tell(e.message, true));

if (button) button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    const key = await makeKey(page.dataset.person);
    const sig = await sign(key, 'application/vnd.loa.desk-key', new TextEncoder().encode(page.dataset.person));
    location.assign((await post('/desk/key', { key: key.public, sig })).to);
  } catch (e) {
    tell(e.name === 'NotSupportedError' ? page.dataset.old : e.message, true);
    button.disabled = false;
  }
});
})();
