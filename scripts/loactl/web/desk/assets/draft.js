// A draft while it is written: boards are drawn again, and the microphone records.
(() => {
const { tell } = loa;

const form = document.getElementById('draft');
let wait;
if (form) form.addEventListener('input', () => {
  clearTimeout(wait);
  wait = setTimeout(() => {
    for (const img of document.querySelectorAll('img[data-board]')) {
      const q = new URLSearchParams({ text: form.elements.text.value, board: form.elements.board.value, style: form.elements.style.value, ticker: form.elements.ticker.value, draft: form.dataset.draft, page: img.dataset.page });
      img.src = `/desk/board/${img.dataset.board}?${q}`;
    }
  }, 400);
});

const button = document.getElementById('record');
const upload = document.getElementById('upload');
if (button && navigator.mediaDevices && window.MediaRecorder) {
  button.hidden = false;
  let recorder;
  button.addEventListener('click', async () => {
    if (recorder) {
      recorder.stop();
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } });
      const parts = [];
      recorder = new MediaRecorder(stream);
      recorder.ondataavailable = e => parts.push(e.data);
      recorder.onstop = () => {
        stream.getTracks().forEach(t => t.stop());
        const files = new DataTransfer();
        files.items.add(new File(parts, 'recorded', { type: recorder.mimeType }));
        upload.elements.audio.files = files.files;
        upload.requestSubmit();
      };
      recorder.start();
      button.textContent = button.dataset.stop;
      tell(button.dataset.recording);
    } catch {
      tell(button.dataset.none, true);
    }
  });
}
})();
