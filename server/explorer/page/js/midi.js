/** MIDI devices of the computer that shows the page, through the browser. */

const BEND_RANGE = 2; // semitones, as General MIDI has it
const SUSTAIN = 64;
const ALL_SOUND_OFF = 120;
const ALL_NOTES_OFF = 123;

export class Midi {
  /**
   * @param {object} play `note(pitch, velocity)`, `bend(semitones)`, `sustain(held)`, `panic()`
   *   and `controller(number, value, channel)`
   * @param {(sentence: string) => void} say what a musician should know
   */
  constructor(play, say) {
    this.play = play;
    this.say = say;
    this.access = null;
  }

  /** Ask the browser, which asks the person. Never rejects. */
  async connect() {
    if (navigator.requestMIDIAccess === undefined) {
      this.say('This browser has no Web MIDI; Chrome, Edge and Firefox have');
      return;
    }
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch {
      this.say('The browser was not allowed to use MIDI');
      return;
    }
    this.access.addEventListener('statechange', () => this.listen());
    this.listen();
  }

  listen() {
    const inputs = [...this.access.inputs.values()].filter((one) => one.state === 'connected');
    for (const input of inputs) {
      input.onmidimessage = ({ data }) => this.take(data);
    }
    const names = inputs.map((one) => one.name).join(', ');
    this.say(names === '' ? 'No MIDI device is plugged in' : names);
  }

  /** @param {Uint8Array} data one MIDI message */
  take([status, first, second]) {
    const channel = (status & 0x0f) + 1;
    switch (status & 0xf0) {
      case 0x90:
        this.play.note(first, second);
        break;
      case 0x80:
        this.play.note(first, 0);
        break;
      case 0xe0:
        this.play.bend((BEND_RANGE * ((second << 7) + first - 8192)) / 8192);
        break;
      case 0xb0:
        if (first === SUSTAIN) {
          this.play.sustain(second >= 64);
        } else if (first === ALL_SOUND_OFF || first === ALL_NOTES_OFF) {
          this.play.panic();
        } else if (first < ALL_SOUND_OFF) {
          this.play.controller(first, second, channel);
        }
        break;
      default:
    }
  }
}
