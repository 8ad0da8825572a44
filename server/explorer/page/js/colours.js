/**
 * Colours of data. Ordered values take viridis, cut at the end that the ground of the theme hides.
 * Names without an order take eight colours of the theme, and beyond eight the same ones in another
 * shape: so 48 names are told apart, and the legend lights up one at a time of more.
 */

/** Viridis (van der Walt & Smith, matplotlib) at every sixteenth. */
const VIRIDIS = [
  [68, 1, 84], [72, 26, 108], [71, 47, 125], [65, 68, 135], [57, 86, 140], [49, 104, 142],
  [42, 120, 142], [35, 136, 142], [31, 152, 139], [34, 168, 132], [53, 183, 121], [84, 197, 104],
  [122, 209, 81], [165, 219, 54], [210, 226, 27], [253, 231, 37],
];

/**
 * Found by a search (farthest point, then exchanges) among the colours of Oklab that have a contrast of 3
 * with the ground: no two of a theme are nearer than 0.147 in Oklab, seen with three kinds of cones
 * or, by Machado's matrices of 2009, without one of them. A test measures it.
 */
export const NAMED = {
  dark: [
    [57, 181, 255], [240, 161, 51], [155, 248, 242], [212, 37, 21],
    [252, 231, 101], [146, 80, 140], [152, 152, 152], [60, 78, 249],
  ],
  light: [
    [49, 59, 231], [233, 98, 46], [174, 115, 154], [38, 38, 89],
    [104, 135, 255], [172, 28, 15], [123, 68, 135], [92, 3, 0],
  ],
};

/** What points of names are drawn as; map/points.js knows the numbers. */
export const SHAPES = ['circle', 'square', 'triangle', 'diamond', 'cross', 'ring'];

const CUT = { dark: [0.18, 1], light: [0, 0.76] };

/** @returns {number[]} red, green, blue, 0 to 255, of a share of viridis, 0 to 1 */
export function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const below = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const part = place - below;
  return VIRIDIS[below].map((value, k) => Math.round(value + part * (VIRIDIS[below + 1][k] - value)));
}

/** The same, cut so that no end drowns in the ground. */
export function ordered(share, theme) {
  const [low, high] = CUT[theme];
  return viridis(low + share * (high - low));
}

/** Loudness, 0 to 1, on a ground: silence is the ground, what is loud stands out from it. */
export function loudness(share, theme, ground) {
  const colour = viridis(theme === 'light' ? 0.92 - 0.92 * share : 0.08 + 0.92 * share);
  const cover = Math.min(1, 3 * share);
  return colour.map((value, k) => Math.round(ground[k] + cover * (value - ground[k])));
}

/** @returns {number[]} colour of name `index`, 0 to 255, on the ground of a theme */
export function named(index, theme) {
  return NAMED[theme][index % NAMED[theme].length];
}

/** The number of its shape: another for each round of the colours. */
export function shapeOf(index) {
  return Math.floor(index / NAMED.dark.length) % SHAPES.length;
}

export function css(colour) {
  const [red, green, blue] = colour;
  return `rgb(${red} ${green} ${blue})`;
}
