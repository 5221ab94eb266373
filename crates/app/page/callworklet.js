// Runs beside the page, on the clock of the sound: 20 ms at a time from the microphone, and to the
// loudspeaker what the program says is to be heard.

const TICK = 320;
/** So many ticks are gathered before the first is played, and so many may wait. */
const GATHERED = 3;
const WAITING = 12;

const loudness = (samples) => {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return most;
};

class Mouth extends AudioWorkletProcessor {
  constructor() {
    super();
    this.tick = new Int16Array(TICK);
    this.at = 0;
  }

  process([[channel]]) {
    if (!channel) return true;
    for (const sample of channel) {
      this.tick[this.at] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
      this.at += 1;
      if (this.at === TICK) {
        const { buffer } = this.tick;
        this.port.postMessage({ buffer, loud: loudness(this.tick) / 32768 }, [buffer]);
        this.tick = new Int16Array(TICK);
        this.at = 0;
      }
    }
    return true;
  }
}

class Ear extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ticks = [];
    this.at = 0;
    this.plays = false;
    this.port.onmessage = ({ data }) => {
      const tick = new Int16Array(data);
      this.ticks.push(tick);
      // What comes faster than it is played would be heard later and later.
      while (this.ticks.length > WAITING) this.ticks.shift();
      this.plays ||= this.ticks.length >= GATHERED;
      this.port.postMessage({ loud: loudness(tick) / 32768 });
    };
  }

  process(inputs, [[channel]]) {
    for (let at = 0; at < channel.length; at += 1) {
      const [tick] = this.ticks;
      if (!this.plays || !tick) {
        this.plays = false;
        channel[at] = 0;
        continue;
      }
      channel[at] = tick[this.at] / 32768;
      this.at += 1;
      if (this.at === TICK) {
        this.ticks.shift();
        this.at = 0;
      }
    }
    return true;
  }
}

registerProcessor("mouth", Mouth);
registerProcessor("ear", Ear);
