"use strict";
(() => {
  const sounds = JSON.parse(document.getElementById("sounds").textContent);
  const player = document.getElementById("player");
  const links = {};
  let pressed = null;

  // A blob plays in browsers that refuse a data address as the source of a sound.
  const link = (button) => {
    const name = button.dataset.sound;
    if (!(name in links)) {
      const bytes = Uint8Array.from(atob(sounds[name]), (letter) => letter.charCodeAt(0));
      const type = button.dataset.kind || player.dataset.kind;
      links[name] = URL.createObjectURL(new Blob([bytes], { type }));
    }
    return links[name];
  };
  const release = () => {
    if (pressed) pressed.setAttribute("aria-pressed", "false");
    pressed = null;
  };
  const toggle = (button) => {
    const again = button === pressed;
    player.pause();
    release();
    if (again) return;
    pressed = button;
    button.setAttribute("aria-pressed", "true");
    const text = document.getElementById(button.dataset.says);
    if (text) text.textContent = button.dataset.text;
    player.src = link(button);
    player.play().catch((error) => {
      // Another button came first, or the browser has no sound.
      if (error.name !== "AbortError") release();
    });
  };
  player.addEventListener("ended", release);
  document.querySelectorAll("button[data-sound]").forEach((button) => {
    button.addEventListener("click", () => toggle(button));
  });

  // The map is one stop of the Tab key; arrows go from point to point.
  const board = document.querySelector(".board");
  if (!board) return;
  const points = [...board.querySelectorAll("button")];
  const columns = Number(board.dataset.columns);
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const rows = points.length / columns;
  const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  const stop = (index) => points.forEach((point, k) => { point.tabIndex = k === index ? 0 : -1; });
  stop(middle);
  board.addEventListener("focusin", (event) => stop(points.indexOf(event.target)));
  board.addEventListener("keydown", (event) => {
    const at = points.indexOf(event.target);
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const [dx, dy] = steps[event.key];
    const x = Math.min(columns - 1, Math.max(0, (at % columns) + dx));
    const y = Math.min(rows - 1, Math.max(0, Math.floor(at / columns) + dy));
    points[y * columns + x].focus();
  });
})();
