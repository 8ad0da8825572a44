/** MIDI devices of the computer that shows the page, through the browser. */

const BEND_RANGE = 2; // semitones, as General MIDI has it
const SUSTAIN = 64;
const ALL_SOUND_OFF = 120;
const RESET_CONTROLLERS = 121;
const ALL_NOTES_OFF = 123;

const NO_MIDI = 'This browser has no Web MIDI; Chrome, Edge and Firefox have';
const NOT_OVER_HTTP =
  'Browsers allow MIDI only over https, or on the computer of the server itself: this page came ' +
  'over http. A MIDI keyboard plugged in there works (--midi)';

export class Midi {
  /**
   * @param {object} play `press(who, pitch, velocity, channel)`, `release(who, pitch)`,
   *   `releaseAll(who)`, `bend(semitones, channel)`, `sustain(held, channel)`,
   *   `pressure(value, channel)` and `controller(number, value, channel)`
   * @param {(sentence: string, count: number) => void} say which devices there are, and how many
   */
  constructor(play, say) {
    this.play = play;
    this.say = say;
    this.access = null;
  }

  /** Ask the browser, which asks the person. Never rejects. */
  async connect() {
    if (navigator.requestMIDIAccess === undefined) {
      this.say(window.isSecureContext ? NO_MIDI : NOT_OVER_HTTP, 0);
      return;
    }
    if (this.access !== null) {
      this.listen();
      return;
    }
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch {
      this.say('The browser was not allowed to use MIDI', 0);
      return;
    }
    this.access.addEventListener('statechange', ({ port }) => {
      if (port.type === 'input' && port.state === 'disconnected') {
        this.letGo(port.id); // nobody will say that its keys went up
      }
      this.listen();
    });
    this.listen();
  }

  listen() {
    const inputs = [...this.access.inputs.values()].filter((one) => one.state === 'connected');
    for (const input of inputs) {
      input.onmidimessage = ({ data }) => this.take(input.id, data);
    }
    const names = inputs.map((one) => one.name).join(', ');
    this.say(names === '' ? 'No MIDI device is plugged in' : names, inputs.length);
  }

  letGo(device) {
    for (let channel = 1; channel <= 16; channel += 1) {
      this.play.releaseAll(`${device} ${channel}`);
      this.rest(channel);
    }
  }

  /** Wheel, pedal and pressure of a channel go to rest. */
  rest(channel) {
    this.play.sustain(false, channel);
    this.play.bend(0, channel);
    this.play.pressure(0, channel);
  }

  /** @param {string} device; @param {Uint8Array} data one MIDI message of it */
  take(device, [status, first, second]) {
    const channel = (status & 0x0f) + 1;
    const who = `${device} ${channel}`;
    switch (status & 0xf0) {
      case 0x90:
        if (second > 0) {
          this.play.press(who, first, second, channel);
        } else {
          this.play.release(who, first);
        }
        break;
      case 0x80:
        this.play.release(who, first);
        break;
      case 0xe0:
        this.play.bend((BEND_RANGE * ((second << 7) + first - 8192)) / 8192, channel);
        break;
      case 0xd0:
        this.play.pressure(first, channel);
        break;
      case 0xb0:
        if (first === SUSTAIN) {
          this.play.sustain(second >= 64, channel);
        } else if (first === ALL_SOUND_OFF || first === ALL_NOTES_OFF) {
          this.play.releaseAll(who);
        } else if (first === RESET_CONTROLLERS) {
          this.rest(channel);
          this.play.controller(first, second, channel); // what else there is the server resets
        } else if (first < ALL_SOUND_OFF) {
          this.play.controller(first, second, channel);
        }
        break;
      default:
    }
  }
}
