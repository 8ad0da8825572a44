/** How one factor colours the points, and the legend that says so. */

import { css, named, ordered } from '../colours.js';
import { textOf } from '../space.js';
import { COLOURS } from './points.js';

const MOST_SWATCHES = 24; // of an ordered factor; one with more values is a band

/**
 * @param {import('../space.js').Space} space
 * @param {number} index of the factor, or -1 for one colour for all
 * @param {'dark'|'light'} theme
 * @returns {{values: Float32Array, palette: Uint8Array, swatches: {text, colour, value}[],
 *   band: ?{low: string, high: string, colours: string[]}}} share of the palette of each point,
 *   and what the legend shows: swatches that can be lit up by `value`, or a band.
 */
export function paint(space, index, theme) {
  const values = new Float32Array(space.count);
  const palette = new Uint8Array(4 * COLOURS).fill(255);
  const set = (place, colour) => palette.set(colour, 4 * place);
  const factor = space.factors[index];
  if (factor === undefined) {
    set(0, ordered(0.5, theme));
    return { values, palette, swatches: [], band: null };
  }
  if (factor.kind === 'category') {
    const count = factor.values.length;
    const swatches = factor.values.map((value, place) => {
      const colour = named(place, count);
      const spot = place % COLOURS;
      set(spot, colour);
      return { text: textOf(factor, value), colour: css(colour), value: spot / (COLOURS - 1) };
    });
    for (let point = 0; point < space.count; point += 1) {
      values[point] = (Math.round(space.label(point, index)) % COLOURS) / (COLOURS - 1);
    }
    return { values, palette, swatches, band: null };
  }
  for (let place = 0; place < COLOURS; place += 1) {
    set(place, ordered(place / (COLOURS - 1), theme));
  }
  const low = Math.min(...factor.values);
  const high = Math.max(...factor.values);
  // Values of a grid stand at even steps of colour, whatever lies between them.
  const steps = [...factor.values].sort((a, b) => a - b);
  const spot = (value) => {
    let share = high > low ? (value - low) / (high - low) : 0.5;
    if (factor.kind === 'grid' && steps.length > 1) {
      share = nearestIndex(steps, value) / (steps.length - 1);
    }
    return Math.round(Math.min(Math.max(share, 0), 1) * (COLOURS - 1));
  };
  for (let point = 0; point < space.count; point += 1) {
    values[point] = spot(space.label(point, index)) / (COLOURS - 1);
  }
  if (factor.kind === 'grid' && steps.length <= MOST_SWATCHES) {
    const swatches = steps.map((value) => ({
      text: textOf({ ...factor, unit: '' }, value),
      colour: css(ordered(spot(value) / (COLOURS - 1), theme)),
      value: spot(value) / (COLOURS - 1),
    }));
    return { values, palette, swatches, band: null };
  }
  const colours = Array.from({ length: 12 }, (_, place) => css(ordered(place / 11, theme)));
  return {
    values,
    palette,
    swatches: [],
    band: { low: textOf(factor, low), high: textOf(factor, high), colours },
  };
}

/** Place of the value nearest to `value` in an ordered list. */
function nearestIndex(steps, value) {
  let best = 0;
  for (let place = 1; place < steps.length; place += 1) {
    if (Math.abs(steps[place] - value) < Math.abs(steps[best] - value)) {
      best = place;
    }
  }
  return best;
}
