// Microphone, loudspeaker and the tones of a call. All of it is made here; nothing is loaded, and
// nothing is kept when a call is over.

/** Which devices were chosen, for as long as the page is there. */
export const chosen = { microphone: "", loudspeaker: "" };

/** Opens the microphone; `null` where there is none, or it is not allowed. */
export async function openMicrophone() {
  const treatment = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const audio = chosen.microphone ? { ...treatment, deviceId: { exact: chosen.microphone } } : treatment;
  const devices = navigator.mediaDevices;
  return (await devices?.getUserMedia({ audio }).catch(() => null)) ?? null;
}

/** The sound of a call: `said` is called with 20 ms of bytes, levels are between 0 and 1. */
export async function openSound(microphone, said) {
  const context = new AudioContext({ sampleRate: 16000, latencyHint: "interactive" });
  await context.audioWorklet.addModule("/callworklet.js");
  if (chosen.loudspeaker) await context.setSinkId?.(chosen.loudspeaker).catch(() => {});
  const levels = { mine: 0, theirs: 0 };
  const ear = new AudioWorkletNode(context, "ear", { numberOfInputs: 0, outputChannelCount: [1] });
  ear.port.onmessage = ({ data }) => { levels.theirs = Math.max(data.loud, levels.theirs * 0.8); };
  ear.connect(context.destination);
  let source = null;
  let muted = false;
  const mouth = new AudioWorkletNode(context, "mouth", { numberOfOutputs: 1, channelCount: 1, channelCountMode: "explicit" });
  mouth.port.onmessage = ({ data }) => {
    levels.mine = muted ? 0 : Math.max(data.loud, levels.mine * 0.8);
    if (!muted) said(data.buffer);
  };
  // A worklet that leads nowhere is not run: what it gives out is silence.
  mouth.connect(context.destination);

  function take(stream) {
    source?.disconnect();
    microphone?.getTracks().forEach((track) => track !== stream?.getTracks()[0] && track.stop());
    microphone = stream;
    if (!stream) return;
    source = context.createMediaStreamSource(stream);
    source.connect(mouth);
    stream.getAudioTracks().forEach((track) => { track.enabled = !muted; });
  }
  take(microphone);
  context.resume().catch(() => {});

  return {
    levels,
    play: (buffer) => ear.port.postMessage(buffer, [buffer]),
    mute(on) {
      muted = on;
      microphone?.getAudioTracks().forEach((track) => { track.enabled = !on; });
    },
    /** The other devices from now on. */
    async change() {
      take(await openMicrophone());
      await context.setSinkId?.(chosen.loudspeaker).catch(() => {});
      return microphone !== null;
    },
    /** A short tone, for whoever wears this. */
    beep: () => tone(context, context.currentTime, 0.12, [880]),
    close() {
      microphone?.getTracks().forEach((track) => track.stop());
      ear.port.onmessage = null;
      mouth.port.onmessage = null;
      context.close().catch(() => {});
    },
  };
}

function tone(context, at, seconds, pitches) {
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
  gain.gain.setValueAtTime(0.12, at + seconds - 0.03);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  gain.connect(context.destination);
  for (const pitch of pitches) {
    const voice = context.createOscillator();
    voice.frequency.value = pitch;
    voice.connect(gain);
    voice.start(at);
    voice.stop(at + seconds);
  }
}

/** Rings until it is told to stop: `here` as a bell, otherwise as the tone of a line. */
export function startRinging(here) {
  const context = new AudioContext();
  const turn = () => {
    const at = context.currentTime + 0.05;
    if (here) {
      tone(context, at, 0.35, [587, 740]);
      tone(context, at + 0.45, 0.55, [587, 740]);
    } else {
      tone(context, at, 0.9, [425]);
    }
  };
  turn();
  const timer = setInterval(turn, here ? 2600 : 3200);
  return () => {
    clearInterval(timer);
    context.close().catch(() => {});
  };
}
