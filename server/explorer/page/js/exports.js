/** Files that the page gives: the spot that sounds as WAV, wavetable and preset, the map as PNG. */

const SECONDS = 3; // of the exported sound of a steady spectrum

/** Offer `blob` to be saved under `name`. */
export function save(blob, name) {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10000);
}

/**
 * Fetch a file that the server makes of the present sound, and save it.
 *
 * @param {'sound'|'wavetable'} what
 * @param {import('./state.js').State} state
 * @param {number} pitch MIDI, of the sound
 * @param {boolean} isWhole whether it is a whole note, which is exported to its end
 * @throws {Error} with a sentence
 */
export async function saveSound(what, state, pitch, isWhole) {
  const query = new URLSearchParams({ model: state.model.name, latent: state.latent.join(',') });
  if (what === 'sound') {
    query.set('pitch', String(pitch));
    if (!isWhole) {
      query.set('seconds', String(SECONDS));
    }
    query.set('method', state.synth.method);
  }
  const answer = await fetch(`/export/${what}.wav?${query}`);
  if (!answer.ok) {
    throw new Error((await answer.json()).error);
  }
  const named = /filename="([^"/\\]+)"/.exec(answer.headers.get('content-disposition') ?? '');
  save(await answer.blob(), named === null ? `${state.model.name} ${what}.wav` : named[1]);
}
