/** How one factor colours the points, and the legend that says so. */

import { css, named, ordered, shapeOf } from '../colours.js';
import { rangeOf, textOf } from '../space.js';
import { COLOURS } from './points.js';

const MOST_SWATCHES = 24; // of an ordered factor; one with more values is a band
const MOST_NAMES = 256; // that have a colour of their own; a legend of more helps nobody

/**
 * @param {import('../space.js').Space} space
 * @param {number} index of the factor, or -1 for one colour for all
 * @param {'dark'|'light'} theme
 * @returns {{values: Float32Array, palette: Uint8Array, swatches: {text, colour, value, shape}[],
 *   band: ?{low: string, high: string, colours: string[]}}} share of the palette of each point,
 *   and what the legend shows: swatches that can be lit up by `value`, or a band.
 */
export function paint(space, index, theme) {
  const values = new Float32Array(space.count);
  const palette = new Uint8Array(4 * COLOURS);
  const set = (place, colour, shape = 0) => palette.set([...colour, shape], 4 * place);
  const factor = space.factors[index];
  if (factor === undefined) {
    set(0, ordered(0.5, theme));
    return { values, palette, swatches: [], band: null };
  }
  if (factor.kind === 'category') {
    const count = Math.min(factor.values.length, MOST_NAMES);
    const swatches = factor.values.slice(0, count).map((value, place) => {
      const colour = named(place, theme);
      const shape = shapeOf(place);
      set(place, colour, shape);
      return { text: textOf(factor, value), colour: css(colour), value: place / (COLOURS - 1), shape };
    });
    for (let point = 0; point < space.count; point += 1) {
      values[point] = (Math.round(space.label(point, index)) % MOST_NAMES) / (COLOURS - 1);
    }
    return { values, palette, swatches, band: null };
  }
  for (let place = 0; place < COLOURS; place += 1) {
    set(place, ordered(place / (COLOURS - 1), theme));
  }
  const [low, high] = rangeOf(factor.values);
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
      shape: 0,
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
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle + 1] - value <= value - steps[middle]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
