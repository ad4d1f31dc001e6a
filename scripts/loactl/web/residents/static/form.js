// What the form of a report can do beyond a plain form: a voice note by one button, and
// a picture made small before it costs anybody's data.
"use strict";
(() => {
  const form = document.getElementById("report");
  if (!form) return;
  const voice = form.elements.namedItem("voice");
  const photo = form.elements.namedItem("photo");
  const put = (input, file) => { const list = new DataTransfer(); list.items.add(file); input.files = list.files; };

  const recording = document.getElementById("record");
  if (recording && navigator.mediaDevices && window.MediaRecorder) {
    recording.hidden = false;
    let recorder = null;
    recording.addEventListener("click", async () => {
      if (recorder) { recorder.stop(); return; }
      let mic;
      try { mic = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch { recording.textContent = recording.dataset.denied; return; }
      const parts = [];
      recorder = new MediaRecorder(mic, { audioBitsPerSecond: 24000 });
      const end = setTimeout(() => recorder.stop(), 60000);
      recorder.addEventListener("dataavailable", (e) => parts.push(e.data));
      recorder.addEventListener("stop", () => {
        clearTimeout(end);
        mic.getTracks().forEach((t) => t.stop());
        const file = new File(parts, "voice", { type: recorder.mimeType });
        put(voice, file);
        const heard = document.getElementById("heard");
        heard.src = URL.createObjectURL(file);
        heard.hidden = false;
        recording.textContent = recording.dataset.start;
        recorder = null;
      });
      recorder.start();
      recording.textContent = recording.dataset.stop;
    });
  }

  // What was written stays in the page until it has arrived, and is sent once however
  // often somebody presses on a slow line.
  const button = form.querySelector("p > button:not([type])");
  const say = (text) => {
    const p = form.querySelector("p.wrong") || form.appendChild(Object.assign(document.createElement("p"), { className: "wrong" }));
    p.setAttribute("role", "alert");
    p.textContent = text;
  };
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      const res = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const page = new DOMParser().parseFromString(await res.text(), "text/html");
      const main = page.getElementById("main");
      if (res.ok) {
        document.getElementById("main").replaceWith(main);
        document.title = page.title;
        main.focus();
        return;
      }
      say((main.querySelector(".wrong") || main.querySelector("h1")).textContent);
    } catch {
      say(form.dataset.offline);
    }
    button.disabled = false;
  });

  photo.addEventListener("change", async () => {
    const file = photo.files[0];
    if (!file || !window.createImageBitmap || file.size < 300000) return;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
      if (small && small.size < file.size) put(photo, new File([small], "photo.jpg", { type: "image/jpeg" }));
    } catch { /* the server makes it small as well */ }
  });
})();
