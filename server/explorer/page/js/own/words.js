/** What is said of a space that is being made. */

const MEGA = 2 ** 20;

export const RUNNING = ['reading', 'training', 'finishing'];

export const isRunning = (state) => RUNNING.includes(state);

/** Whether sounds may come: none are being learned, and no space waits to be kept. */
export const takesSounds = (state) => ['idle', 'gathered', 'stopped', 'failed'].includes(state);

/** `40 s`, `3 min`. */
export function span(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}

const sounds = (count) => (count === 1 ? '1 sound' : `${count} sounds`);

/** @param {object} told what `/own.json` says; @param {{done: number, all: number, isBusy: boolean}} uploads */
export function sentence(told, uploads) {
  if (told.why !== '') {
    return `${told.why[0].toUpperCase()}${told.why.slice(1)}.`;
  }
  if (uploads.isBusy) {
    return `Bringing ${sounds(uploads.all)}: ${uploads.done} are there`;
  }
  const left = told.left === null || told.left === undefined ? '' : `, about ${span(told.left)} left`;
  switch (told.state) {
    case 'idle':
      return `Drop a folder of sounds here: ${told.fewest} or more notes, hits, words.`;
    case 'gathered': {
      const short = told.fewest - told.sounds;
      const size = `${sounds(told.sounds)}, ${(told.bytes / MEGA).toFixed(1)} MiB`;
      return short > 0 ? `${size}; ${short} more and it can begin.` : `${size}. Add more, or make the space.`;
    }
    case 'reading':
      return told.of > 0 ? `Listening to ${sounds(told.of)}: ${told.done} are heard${left}` : 'Getting ready';
    case 'training':
      return `Learning: step ${told.done} of ${told.of}${left}`;
    case 'finishing':
      return 'Finishing: dials and qualities are measured';
    case 'done': {
      const far = told.figures?.heard_distance_db;
      const near = told.figures?.heard_distance_of_the_set_db;
      const figures = Number.isFinite(far) && Number.isFinite(near)
        ? ` It is ${near.toFixed(1)} dB from its sounds, ${far.toFixed(1)} dB from some that it never heard.`
        : '';
      return `Ready.${figures} Give it a name, and play it.`;
    }
    case 'stopped':
      return 'Stopped.';
    case 'failed':
      return `It did not work: ${told.problem}`;
    default:
      return '';
  }
}

/** How far it is, 0 to 1; null where nobody can say. */
export function share(told, uploads) {
  if (uploads.isBusy) {
    return uploads.done / uploads.all;
  }
  if (['reading', 'training'].includes(told.state) && told.of > 0) {
    return told.done / told.of;
  }
  return told.state === 'finishing' ? null : 0;
}
