// What a microphone hears, in pieces of one packet each.
class Frames extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(1920);
    this.n = 0;
  }

  process([input]) {
    const heard = input[0];
    for (let i = 0; heard && i < heard.length; i++) {
      this.piece[this.n++] = heard[i];
      if (this.n === this.piece.length) {
        this.port.postMessage(this.piece, [this.piece.buffer]);
        this.piece = new Float32Array(1920);
        this.n = 0;
      }
    }
    return true;
  }
}

registerProcessor('frames', Frames);
