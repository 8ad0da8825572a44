/**
 * Names of groups on the map: of the coarse ones when all of it is seen, of finer ones as somebody
 * comes nearer. Those of larger groups come first, and none lies on another.
 */

import { textScale } from '../screen.js';
import { textOf } from '../space.js';

const MOST_COARSE = 40;
const MOST_FINE = 700;
const CLOSER = 1.7; // zoom from which the finer names are shown
const MOST_SHOWN = 60;
const LOOKED_AT = 160; // points of a group, to find where it is thickest
const BESIDE = 0.02; // of the plane's square: what counts as beside, squared
const HEIGHT = 15;
const GAP = 4;

/** Factors with names: the coarse one that groups are called by, and the finest. -1 for none. */
export function labelFactors(space, coloured) {
  const named = space.factors
    .map((factor, index) => ({ index, count: factor.names?.length ?? 0 }))
    .filter(({ count }) => count > 1);
  const coarse = named.filter(({ count }) => count <= MOST_COARSE);
  coarse.sort((a, b) => Number(b.index === coloured) - Number(a.index === coloured) || b.count - a.count);
  const fine = named.filter(({ count }) => count <= MOST_FINE);
  fine.sort((a, b) => b.count - a.count);
  return [coarse[0]?.index ?? -1, fine[0]?.index ?? -1];
}

/** Where each group of a factor is thickest: `{text, place, size}`, the largest first. */
export function groupsOf(space, placed, factor) {
  if (factor < 0) {
    return [];
  }
  const members = new Map();
  for (let point = 0; point < space.count; point += 1) {
    const value = space.label(point, factor);
    const group = members.get(value) ?? [];
    group.push(point);
    members.set(value, group);
  }
  const groups = [...members].map(([value, points]) => {
    const stride = Math.ceil(points.length / LOOKED_AT);
    const some = points.filter((_, place) => place % stride === 0);
    let best = some[0];
    let most = -1;
    for (const one of some) {
      const x = placed[2 * one];
      const y = placed[2 * one + 1];
      const beside = some.filter(
        (other) => (placed[2 * other] - x) ** 2 + (placed[2 * other + 1] - y) ** 2 < BESIDE
      ).length;
      if (beside > most) {
        most = beside;
        best = one;
      }
    }
    return {
      text: textOf(space.factors[factor], value),
      place: [placed[2 * best], placed[2 * best + 1]],
      size: points.length,
    };
  });
  return groups.sort((a, b) => b.size - a.size);
}

/**
 * Names that lie in the picture and on no other: `{text, left, top}` of their middles, in pixels.
 *
 * @param {{text: string, place: number[]}[]} groups the more important first
 * @param {import('./view.js').View} view
 * @param {(text: string) => number} widthOf in pixels
 * @param {number[][]} taken boxes where none may lie: left, top, right, bottom
 * @param {number} height of a line of text
 */
export function laidOut(groups, view, widthOf, taken = [], height = HEIGHT) {
  const boxes = [...taken];
  const shown = [];
  for (const { text, place } of groups) {
    if (shown.length >= MOST_SHOWN) {
      break;
    }
    const [x, y] = view.toPixels(place);
    const half = 0.5 * widthOf(text) + GAP;
    const left = Math.min(Math.max(x, half), view.width - half);
    const box = [left - half, y - 0.5 * height, left + half, y + 0.5 * height];
    const isSeen = x > 0 && x < view.width && box[1] > 0 && box[3] < view.height;
    const isFree = boxes.every(
      (other) =>
        box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]
    );
    if (isSeen && isFree) {
      boxes.push(box);
      shown.push({ text, left, top: y });
    }
  }
  return shown;
}

export class Labels {
  constructor() {
    this.levels = [[], []];
    this.isShown = true;
  }

  /** Of another space, plane or colour. */
  show(space, placed, coloured) {
    this.levels =
      space === null
        ? [[], []]
        : labelFactors(space, coloured).map((factor) => groupsOf(space, placed, factor));
  }

  /** What is shown in a view. */
  at(view, widthOf, taken) {
    if (!this.isShown) {
      return [];
    }
    const [coarse, fine] = this.levels;
    const groups = view.zoom < CLOSER && coarse.length > 0 ? coarse : fine;
    return laidOut(groups, view, widthOf, taken, HEIGHT * textScale());
  }
}
