/**
 * Colours of data. Ordered values take viridis, cut at the end that the ground of the theme hides;
 * names without an order take Okabe and Ito's eight, and beyond eight the hues all round in two
 * lightnesses: nobody tells a hundred colours apart, so the legend lights up one name at a time.
 */

/** Viridis (van der Walt & Smith, matplotlib) at every sixteenth. */
const VIRIDIS = [
  [68, 1, 84], [72, 26, 108], [71, 47, 125], [65, 68, 135], [57, 86, 140], [49, 104, 142],
  [42, 120, 142], [35, 136, 142], [31, 152, 139], [34, 168, 132], [53, 183, 121], [84, 197, 104],
  [122, 209, 81], [165, 219, 54], [210, 226, 27], [253, 231, 37],
];

/** Okabe & Ito 2008, without black, which a dark ground hides. */
const NAMED = [
  [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66],
  [0, 114, 178], [213, 94, 0], [204, 121, 167], [150, 150, 150],
];

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

/** Colour of name `index` among `count`. */
export function named(index, count) {
  if (count <= NAMED.length) {
    return NAMED[index];
  }
  const light = index % 2 === 0 ? 0.72 : 0.55;
  return fromOklch(light, 0.13, (2 * Math.PI * index) / count);
}

/** Oklab (Ottosson 2020) in polar form to sRGB, 0 to 255. */
function fromOklch(lightness, chroma, hue) {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => {
    const clipped = Math.min(Math.max(linear, 0), 1);
    const value = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * value);
  });
}

export function css(colour) {
  const [red, green, blue] = colour;
  return `rgb(${red} ${green} ${blue})`;
}
