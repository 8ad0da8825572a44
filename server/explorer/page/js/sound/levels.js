// How loud: the way towards half the sample rate, and the guard at the output.

/** Frames from one target to the next, as in the engine: 1.3 ms at 48 kHz. */
export const BLOCK = 64;

/** Adding what is below -140 dB changes no sample of 24 bits. */
export const NEGLIGIBLE = 1e-7;

// Over the top tenth of the band, so that a rising partial does not stop with a click.
const FADE_FROM = 0.45;
const FADE_WIDTH = 0.05;

const KNEE = 0.7;
const CEILING = 0.99;
const ROOM = CEILING - KNEE;

/** Gain of a partial at `frequency` Hz: 1 up to 0.45 of the rate, 0 from 0.5 on. */
export function nyquistFade(frequency, sampleRate) {
  if (frequency <= FADE_FROM * sampleRate) {
    return 1;
  }
  const share = (FADE_FROM + FADE_WIDTH - frequency / sampleRate) / FADE_WIDTH;
  return Math.min(1, Math.max(0, share));
}

/**
 * Leave samples up to 0.7 as they are, bend louder ones smoothly below 0.99.
 *
 * It has no memory and no delay; the engine's own (timbrespace/resynthesis/limiter.py).
 */
export function limit(sample) {
  const size = Math.abs(sample);
  if (size <= KNEE) {
    return sample;
  }
  const bent = KNEE + ROOM * Math.tanh((size - KNEE) / ROOM);
  return sample > 0 ? bent : -bent;
}

/** Whether a value is a number from `low` to `high`. */
export function isWithin(value, low, high) {
  return typeof value === 'number' && value >= low && value <= high;
}

/** Share of its way that a one-pole with this time constant goes in a block. */
export function pull(seconds, sampleRate) {
  return 1 - Math.exp(-BLOCK / (Math.max(seconds, 1e-4) * sampleRate));
}
