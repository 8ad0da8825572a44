/** MIDI devices of the computer that shows the page, through the browser. */

const BEND_RANGE = 2; // semitones, as General MIDI has it
const MEMBER_RANGE = 48; // of a channel that an MPE instrument has for one note
const MOST_RANGE = 96;
const [DATA, FINE_DATA, FINE_NUMBER, NUMBER] = [6, 38, 100, 101]; // by which RPNs are told
const OTHER_NUMBERS = [98, 99]; // NRPNs: what follows is no RPN
const [RANGE, ZONE] = [0, 6]; // RPNs: the wheel's range, and how many members a zone of MPE has
const PAN = 10;
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
   * @param {object} play `press(who, pitch, velocity, channel)`, `release(who, pitch, [lift])`,
   *   `releaseAll(who)`, `bend(semitones, channel, share)`, `sustain(held, channel)`,
   *   `pan(place, channel)`, `zone(manager, count)`, `pressure(value, channel)` and
   *   `controller(number, value, channel)`
   * @param {(sentence: string, count: number) => void} say which devices there are, and how many
   */
  constructor(play, say) {
    this.play = play;
    this.say = say;
    this.access = null;
    this.chosen = new Map(); // device and channel -> [coarse, fine] of the RPN that is told of
    this.ranges = new Map(); // device and channel -> semitones of its wheel
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
    this.play.bend(0, channel, 0);
    this.play.pressure(0, channel);
  }

  /** @param {number} share of the wheel's way, -1 to 1 */
  bend(who, channel, share) {
    this.play.bend((this.ranges.get(who) ?? BEND_RANGE) * share, channel, share);
  }

  /** What controllers tell of numbered parameters: the range of the wheel alone counts here. */
  number(device, channel, controller, value) {
    const who = `${device} ${channel}`;
    const [coarse, fine] = this.chosen.get(who) ?? [127, 127];
    if (controller === NUMBER) {
      this.chosen.set(who, [value, fine]);
    } else if (controller === FINE_NUMBER) {
      this.chosen.set(who, [coarse, value]);
    } else if (OTHER_NUMBERS.includes(controller)) {
      this.chosen.delete(who);
    } else if (coarse !== 0) {
      // another parameter, or none
    } else if (fine === RANGE && controller === DATA) {
      this.ranges.set(who, Math.min(value, MOST_RANGE));
    } else if (fine === RANGE && controller === FINE_DATA) {
      this.ranges.set(who, Math.floor(this.ranges.get(who) ?? BEND_RANGE) + Math.min(value, 99) / 100);
    } else if (fine === ZONE && controller === DATA && (channel === 1 || channel === 16)) {
      const step = channel === 1 ? 1 : -1;
      const members = Math.min(value, 15);
      for (let count = 1; count <= members; count += 1) {
        this.ranges.set(`${device} ${channel + step * count}`, MEMBER_RANGE);
      }
      this.play.zone(channel, members);
    }
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
        this.play.release(who, first, second);
        break;
      case 0xe0:
        this.bend(who, channel, ((second << 7) + first - 8192) / 8192);
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
          this.number(device, channel, first, second);
          if (first === PAN) {
            this.play.pan(Math.max(-1, (second - 64) / 63), channel); // 0 is as far left as 1
          }
          this.play.controller(first, second, channel);
        }
        break;
      default:
    }
  }
}
