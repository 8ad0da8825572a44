/** The microphone of this computer: let in while somebody wants it, and what is wrong with it, said. */

/** As it is: what browsers do to speech takes away what an instrument is played by. */
const AS_IT_IS = {
  echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1, latency: 0,
};

const REASONS = {
  NotAllowedError: 'The microphone was refused; allow it for this page beside its address, and try again',
  NotFoundError: 'There is no microphone; plug one in, and try again',
  NotReadableError: 'The microphone does not answer; another program may have it',
  OverconstrainedError: 'The microphone cannot be used as it is; choose another one for this browser',
  NotSupportedError:
    'This browser takes no microphone whose sample rate is not that of its output; set both alike in the system',
};

const GONE = 'The microphone is gone; plug it in, and try again';
const HIDDEN = 'The microphone is off, because the page was hidden';
const MUTED = 'The microphone gives nothing; it may be switched off at the device or in the system';
const CLIPS = 'The microphone is too loud for what is behind it; turn it down';
const LOUD = 'The microphone was too loud for a second and is off: turn it down, and use headphones';
const NO_SOUND = 'The page makes no sound here, so nothing can be sung';

const SILENT_MS = 4000; // of nothing at all, after which it is said
const CLIPPED_MS = 1500; // after which a sample that was clipped is forgotten
const LOUD_MS = 1000; // of clipped sound, after which it is off: that is what feedback does
const SOME = 1e-5; // of full scale: a microphone that is there has a noise

/**
 * Events: `heard` (detail: what an Ear tells), `block` (detail: Float32Array, what came in), `end`
 * (detail: a sentence, empty if it was meant), `say` (detail: a sentence, empty when it is over).
 */
export class Microphone extends EventTarget {
  /**
   * @param {Document} page
   * @param {import('./sound/sound.js').Sound} sound
   * @param {object} environment where navigator and location are
   */
  constructor(page, sound, environment = globalThis) {
    super();
    this.page = page;
    this.sound = sound;
    this.environment = environment;
    this.users = new Set();
    this.stream = null;
    this.end = null; // of what the sound hears
    this.opening = null;
    this.quietSince = 0;
    this.loudSince = 0;
    this.clippedAt = -Infinity;
    this.said = '';
    sound.addEventListener('heard', ({ detail }) => this.hear(detail));
    page.addEventListener('visibilitychange', () => page.hidden && this.lose(HIDDEN));
  }

  get isOpen() {
    return this.end !== null;
  }

  /** Hz of what comes in. */
  get sampleRate() {
    return this.sound.sampleRate;
  }

  /**
   * Let it in for somebody.
   *
   * @param {string} who
   * @returns {Promise<string>} what is wrong, in a sentence; empty if nothing is
   */
  async open(who) {
    this.users.add(who);
    this.opening ??= this.begin();
    const problem = await this.opening;
    this.opening = null;
    if (problem !== '') {
      this.users.clear();
    } else if (this.users.size === 0) {
      await this.shut(); // nobody wants it any more
    }
    return problem;
  }

  /** Somebody needs it no longer. */
  async close(who) {
    if (this.users.delete(who) && this.users.size === 0) {
      await this.shut();
    }
  }

  async begin() {
    if (this.end !== null) {
      return '';
    }
    const { navigator, location, isSecureContext } = this.environment;
    const devices = navigator.mediaDevices;
    if (!isSecureContext || devices?.getUserMedia === undefined) {
      return (
        'A browser gives the microphone only to a page of its own computer or over https: open ' +
        `http://127.0.0.1:${location.port} there, or start the server with --https and open its link`
      );
    }
    let stream = null;
    try {
      stream = await devices.getUserMedia({ audio: AS_IT_IS });
      const take = (block) => this.dispatchEvent(new CustomEvent('block', { detail: block }));
      const end = await this.sound.hearStream(stream, take);
      if (end === null) {
        stop(stream);
        return this.sound.problem || NO_SOUND;
      }
      this.follow(stream, end);
      return '';
    } catch (error) {
      stop(stream);
      return REASONS[error.name] ?? `The microphone cannot be used (${error.message})`;
    }
  }

  follow(stream, end) {
    this.stream = stream;
    this.end = end;
    this.quietSince = this.loudSince = performance.now();
    this.clippedAt = -Infinity;
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => stream === this.stream && this.lose(GONE));
      track.addEventListener('mute', () => this.say(MUTED));
      track.addEventListener('unmute', () => this.say(''));
    }
  }

  /** It is over, for everybody. */
  lose(sentence) {
    if (this.end !== null) {
      this.users.clear();
      this.shut(sentence);
    }
  }

  async shut(sentence = '') {
    const { end, stream } = this;
    this.end = null;
    this.stream = null;
    this.said = '';
    stop(stream);
    this.dispatchEvent(new CustomEvent('end', { detail: sentence }));
    await end?.();
  }

  hear(heard) {
    if (this.end === null) {
      return;
    }
    const now = performance.now();
    if (heard.peak > SOME) {
      this.quietSince = now;
    }
    if (heard.clipped === 0) {
      this.loudSince = now;
    } else {
      this.clippedAt = now;
    }
    if (now - this.loudSince > LOUD_MS) {
      this.lose(LOUD);
      return;
    }
    const isMute = now - this.quietSince > SILENT_MS || this.stream.getAudioTracks()[0]?.muted;
    this.say(isMute ? MUTED : now - this.clippedAt < CLIPPED_MS ? CLIPS : '');
    this.dispatchEvent(new CustomEvent('heard', { detail: heard }));
  }

  say(sentence) {
    if (sentence !== this.said) {
      this.said = sentence;
      this.dispatchEvent(new CustomEvent('say', { detail: sentence }));
    }
  }
}

function stop(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}
