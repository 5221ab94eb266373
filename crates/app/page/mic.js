// In the thread of the sound: samples of one channel, a second at a time.

class Mic extends AudioWorkletProcessor {
  constructor() {
    super();
    this.some = new Int16Array(sampleRate);
    this.count = 0;
    this.over = false;
    this.port.onmessage = () => {
      this.say();
      this.over = true;
      this.port.postMessage(null);
    };
  }

  say() {
    this.port.postMessage(this.some.slice(0, this.count));
    this.count = 0;
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.some[this.count] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      this.count += 1;
      if (this.count === this.some.length) this.say();
    }
    return !this.over;
  }
}

registerProcessor("mic", Mic);
