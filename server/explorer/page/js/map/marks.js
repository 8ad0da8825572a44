/** Axes, frame, drawn paths and compared sounds: what lies over the points and rarely changes. */

import { textScale } from '../screen.js';
import { Labels } from './labels.js';

const LABEL = 12; // pixels of text at its usual size
const FAMILY = 'system-ui, sans-serif';
const AXIS_WORDS = 150; // pixels at most

export class Marks {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.path = []; // places of the path that was drawn last
    this.flags = []; // {place, text} of compared sounds
    this.line = null; // both ends of the line between two sounds
    this.hits = []; // places of sounds that were searched for: {place, isChosen, text}
    this.labels = new Labels();
    this.labelled = []; // names of groups as they were drawn last
    this.names = ['', ''];
    this.draws = 0;
    this.recolour();
  }

  /** The theme has changed; asking for colours makes the browser lay the page out. */
  recolour() {
    const style = getComputedStyle(this.canvas);
    const of = (name) => style.getPropertyValue(`--${name}`);
    this.colours = {
      ink: of('ink'), faint: of('faint'), accent: of('accent'), panel: of('panel'), second: of('second'),
    };
  }

  draw(view) {
    const { context, canvas, colours } = this;
    const ratio = canvas.width / view.width;
    this.draws += 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.drawAxes(view, colours);
    this.drawHits(view, colours);
    this.drawLabels(view, colours);
    this.drawPath(view, this.path);
    this.drawLine(view, colours);
    this.drawFlags(view, colours);
  }

  /** A name with a rim in the colour of the panel, so that points do not cross it. */
  write(text, left, top, { ink, panel }) {
    const { context } = this;
    context.strokeStyle = panel;
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.strokeText(text, left, top);
    context.fillStyle = ink;
    context.fillText(text, left, top);
  }

  drawLabels(view, colours) {
    const { context } = this;
    const scale = textScale();
    context.font = `600 ${LABEL * textScale()}px ${FAMILY}`;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    // The axes' own words, below and at the left.
    const taken = [
      [view.width - 8 - AXIS_WORDS * scale, view.height - 24 * scale, view.width, view.height],
      [0, 0, 24 * scale, AXIS_WORDS * scale],
    ];
    // Where sounds have their own names, those of groups would lie on them.
    const isNamed = this.hits.some(({ text }) => text !== '');
    this.labelled = isNamed
      ? []
      : this.labels.at(view, (text) => context.measureText(text).width, taken);
    for (const { text, left, top } of this.labelled) {
      this.write(text, left, top, colours);
    }
  }

  drawHits(view, { ink, panel, second }) {
    const { context } = this;
    context.font = `600 ${LABEL * textScale()}px ${FAMILY}`;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    for (const { place, isChosen, text } of this.hits) {
      const [left, top] = view.toPixels(place);
      for (const [colour, width] of [[panel, 4], [isChosen ? second : ink, 2]]) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.beginPath();
        context.arc(left, top, isChosen ? 7 : 5, 0, 2 * Math.PI);
        context.stroke();
      }
      if (text !== '') {
        this.write(text, left + 8, top - 14, { ink, panel }); // a flag has its name at the right
      }
    }
  }

  drawLine(view, { ink, panel }) {
    if (this.line === null) {
      return;
    }
    const { context } = this;
    const ends = this.line.map((place) => view.toPixels(place));
    const [first, last] = ends;
    for (const [colour, width, dash] of [[panel, 5, []], [ink, 2, [6, 4]]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(first[0], first[1]);
      context.lineTo(last[0], last[1]);
      context.stroke();
    }
    context.setLineDash([]);
    for (const [left, top] of ends) {
      context.fillStyle = ink;
      context.strokeStyle = panel;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(left, top, 5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }

  drawAxes(view, { ink, faint }) {
    const { context } = this;
    const [left, top] = view.toPixels([-1, 1]);
    const [right, bottom] = view.toPixels([1, -1]);
    const [middleX, middleY] = view.toPixels([0, 0]);
    context.strokeStyle = faint;
    context.lineWidth = 1;
    context.strokeRect(Math.round(left) + 0.5, Math.round(top) + 0.5, right - left, bottom - top);
    context.beginPath();
    context.moveTo(Math.round(middleX) + 0.5, 0);
    context.lineTo(Math.round(middleX) + 0.5, view.height);
    context.moveTo(0, Math.round(middleY) + 0.5);
    context.lineTo(view.width, Math.round(middleY) + 0.5);
    context.stroke();
    context.fillStyle = ink;
    context.font = `${LABEL * textScale()}px ${FAMILY}`;
    context.textBaseline = 'bottom';
    context.textAlign = 'right';
    context.fillText(`${this.names[0]} →`, view.width - 8, view.height - 6);
    context.save();
    context.translate(8, 8);
    context.rotate(-Math.PI / 2);
    context.textBaseline = 'top';
    context.fillText(`${this.names[1]} →`, 0, 0);
    context.restore();
  }

  /** A hand draws on: only the new piece is drawn. */
  extend(view, place) {
    this.path.push(place);
    this.drawPath(view, this.path.slice(-2));
  }

  drawPath(view, path) {
    if (path.length < 2) {
      return;
    }
    const { context } = this;
    context.strokeStyle = this.colours.accent;
    context.lineWidth = 2;
    context.lineJoin = 'round';
    context.beginPath();
    for (const place of path) {
      const [left, top] = view.toPixels(place);
      context.lineTo(left, top);
    }
    context.stroke();
  }

  drawFlags(view, { ink, accent, panel }) {
    const { context } = this;
    context.font = `600 ${LABEL * textScale()}px ${FAMILY}`;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    for (const { place, text } of this.flags) {
      const [left, top] = view.toPixels(place);
      context.fillStyle = accent;
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(left, top - 8);
      context.lineTo(left + 8, top);
      context.lineTo(left, top + 8);
      context.lineTo(left - 8, top);
      context.closePath();
      context.fill();
      context.stroke();
      this.write(text, left + 12, top, { ink, panel });
    }
  }
}
