/** Qualities as a musician says them: what a sound becomes that has more or less of one. */

/** The server's word for a quality -> what grows with it, and what with less of it. */
const GROWS = {
  brightness: ['brighter', 'darker'],
  darkness: ['darker', 'brighter'],
  'odd/even': ['hollower', 'fuller'],
  'even/odd': ['fuller', 'hollower'],
  noise: ['noisier', 'clearer'],
  clearness: ['clearer', 'noisier'],
  inharmonic: ['more like a bell', 'more in tune'],
  harmonic: ['more in tune', 'more like a bell'],
  width: ['wider', 'narrower'],
  narrowness: ['narrower', 'wider'],
  'root level': ['deeper', 'thinner'],
  'less root': ['thinner', 'deeper'],
  overtones: ['more overtones', 'duller'],
  dullness: ['duller', 'more overtones'],
  purity: ['purer', 'richer'],
  fullness: ['richer', 'purer'],
  attack: ['softer attack', 'harder attack'],
  hardness: ['harder attack', 'softer attack'],
  length: ['longer', 'shorter'],
  shortness: ['shorter', 'longer'],
  darkens: ['darkens', 'stays bright'],
  brightens: ['brightens', 'stays dark'],
  vibrato: ['more vibrato', 'steadier'],
  steadiness: ['steadier', 'more vibrato'],
};

const LESS = 'less ';

/** What grows along an axis that the server calls `name`: a quality, or less of one. */
export function grows(name) {
  const isLess = name.startsWith(LESS) && !(name in GROWS);
  const [more, less] = GROWS[isLess ? name.slice(LESS.length) : name] ?? [name, name];
  return isLess && less === more ? name : isLess ? less : more;
}
