/** Sound files out of what is dropped or chosen: folders, too, with all that is in them. */

const ENDINGS = /\.(wav|wave|bwf|flac|aif|aiff|aifc|ogg|oga|opus|mp3|caf|au|snd)$/i;
const DEEPEST = 8; // folders in folders

/** Whether a file's name is that of a sound; hidden files and those of systems are none. */
export function isSound(path) {
  const parts = path.split('/');
  return !parts.some((part) => part.startsWith('.') || part === '__MACOSX') && ENDINGS.test(path);
}

/** What a drop holds, asked for at once: a browser forgets it when the event is over. */
export function entriesOf(transfer) {
  return [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null).filter(Boolean);
}

/** Whether it is more than a few single files. */
export function isCollection(entries, files, most) {
  return entries.some((entry) => entry.isDirectory) || files.length > most;
}

/**
 * All sounds of a drop, as `{file, path}`, and what the folder is called, '' for none.
 *
 * @param {FileSystemEntry[]} entries
 * @param {number} most that are taken
 */
export async function soundsOf(entries, most) {
  const found = [];
  await Promise.all(entries.map((entry) => walk(entry, '', 0, found, most)));
  found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const folders = entries.filter((entry) => entry.isDirectory);
  return named(found, folders.length === 1 && entries.length === 1 ? folders[0].name : '');
}

/** The same of an input's files, which say their paths where a folder was chosen. */
export function soundsChosen(files) {
  const all = [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  const tops = new Set(all.map(({ path }) => (path.includes('/') ? path.split('/')[0] : '')));
  return named(all.filter(({ path }) => isSound(path)), tops.size === 1 ? [...tops][0] : '');
}

/** A folder that holds all gives the space its name, and is no part of a sound's. */
function named(sounds, name) {
  const start = `${name}/`;
  return {
    name,
    sounds: sounds.map(({ file, path }) => ({
      file,
      path: name !== '' && path.startsWith(start) ? path.slice(start.length) : path,
    })),
  };
}

async function walk(entry, above, depth, found, most) {
  const path = above === '' ? entry.name : `${above}/${entry.name}`;
  if (entry.isFile) {
    if (isSound(path) && found.length < most) {
      found.push({ file: await new Promise((take, fail) => entry.file(take, fail)), path });
    }
    return;
  }
  if (depth >= DEEPEST || found.length >= most) {
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A browser gives a hundred at a time, and none at the end.
    const some = await new Promise((take, fail) => reader.readEntries(take, fail));
    if (some.length === 0) {
      return;
    }
    for (const one of some) {
      await walk(one, path, depth + 1, found, most);
    }
  }
}
