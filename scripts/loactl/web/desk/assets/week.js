// Dragging in the week. What is dropped, with a mouse or with the keys, only fills in the
// form of the slot's own page: nothing changes before that is signed.
(() => {
const grid = document.getElementById('grid');
const items = [...grid.querySelectorAll('a[data-slot]')];
if (!items.length) return;
const said = document.getElementById('said');
const days = [...grid.querySelectorAll('th[data-date]')];
const cells = [...grid.querySelectorAll('td[data-date]')];
const step = 15, day = 24 * 60;
document.getElementById('how').hidden = false;

const tell = text => { said.textContent = text; said.className = 'note'; said.hidden = !text; };
const fill = (text, ...args) => args.reduce((t, a) => t.replace('%s', a), text);
const clock = m => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;
const minutes = time => { const [h, m] = time.split(':'); return 60 * h + +m; };
const go = (item, date, time) => location.assign(`${item.href}&to=${date}&at=${time}`);

// held is what was picked up by the keys, and where it would be put.
let held = null;

function mark() {
  for (const c of cells) c.classList.remove('target');
  if (!held) return;
  const hour = clock(held.at).slice(0, 2);
  const row = [...grid.tBodies[0].rows].find(r => r.cells[0].textContent === hour);
  if (row) row.cells[held.day + 1].classList.add('target');
  tell(fill(grid.dataset.over, days[held.day].dataset.name, clock(held.at)));
}

function drop() {
  held = null;
  mark();
}

for (const item of items) {
  const from = new URL(item.href).searchParams;
  item.setAttribute('aria-describedby', 'how');
  item.draggable = true;
  item.addEventListener('dragstart', e => {
    drop();
    e.dataTransfer.effectAllowed = 'move';
    e.dataTransfer.setData('text/plain', item.textContent);
    held = { item };
  });
  item.addEventListener('dragend', () => { held = null; for (const c of cells) c.classList.remove('target'); });
  item.addEventListener('blur', () => { if (held && held.item === item && 'day' in held) { drop(); tell(''); } });
  item.addEventListener('keydown', e => {
    const mine = held && held.item === item;
    if (e.key === ' ' && !mine) {
      held = { item, day: days.findIndex(d => d.dataset.date === from.get('date')), at: minutes(from.get('time')) };
      e.preventDefault();
      mark();
      tell(grid.dataset.picked);
      return;
    }
    if (!mine) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[e.key];
    if (moves) {
      held.day = Math.min(days.length - 1, Math.max(0, held.day + moves[0]));
      held.at = Math.min(day - step, Math.max(0, held.at + moves[1]));
      mark();
    } else if (e.key === 'Enter' || e.key === ' ') {
      const { day: n, at } = held;
      drop();
      go(item, days[n].dataset.date, clock(at));
    } else if (e.key === 'Escape') {
      drop();
      tell(grid.dataset.left);
    } else return;
    e.preventDefault();
  });
}

for (const cell of cells) {
  cell.addEventListener('dragover', e => {
    if (!held) return;
    e.preventDefault();
    cell.classList.add('target');
  });
  cell.addEventListener('dragleave', () => cell.classList.remove('target'));
  cell.addEventListener('drop', e => {
    if (!held) return;
    e.preventDefault();
    const { item } = held;
    const time = new URL(item.href).searchParams.get('time');
    go(item, cell.dataset.date, cell.parentElement.cells[0].textContent + time.slice(2, 5));
  });
}
})();
