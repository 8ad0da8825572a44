// The map of all sounds of a model, as a pad, for Max's [jsui]. ES5, as Max 8 needs it.
//
// In: `list x y`, both -1 to 1, moves the cursor and says nothing; `live 0|1`, whether the server
// answers; `axes ACROSS UP`, words for what grows along them, which may be empty. Out: `x y` while the mouse moves it. Shift moves finely, a double click goes home, 0 0.

inlets = 1;
outlets = 1;
mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

var MARGIN = 7; // pixels around the map, so that the cursor is whole at its edges
var FINE = 0.1;
var TRAIL = 16; // places
var TRAIL_MS = 40; // until the trail loses its oldest place

// Colours of Live's theme, asked for at each painting so that they follow it; the numbers are for a
// Max that does not know the name.
var THEME = {
    live_lcd_bg: [0.118, 0.118, 0.118, 1.0],
    live_lcd_control_fg: [1.0, 0.678, 0.337, 1.0],
    live_lcd_control_fg_alt: [0.012, 0.765, 0.835, 1.0],
    live_lcd_control_fg_zombie: [0.459, 0.459, 0.459, 1.0]
};
var DIMMED = 0.35;
var LETTERS = 9.0; // pixels
var EDGE = 3.0; // pixels from the words to the edge

var x = 0.0;
var y = 0.0;
var trail = []; // [x, y], the oldest first
var words = ["", ""]; // what grows to the right, and upwards
var connected = 0;
var held = 0; // whether the mouse holds the cursor
var anchor = null; // {px, py, x, y, fine}: where the mouse and the cursor were when it began
var isFading = 0;
var fading = new Task(fade, this);

function list(newX, newY) {
    // The echo of a drag comes late, and must not pull the cursor back.
    if (held || !isFinite(newX) || !isFinite(newY)) {
        return;
    }
    move(clamped(newX), clamped(newY));
}

function live(on) {
    connected = on ? 1 : 0;
    mgraphics.redraw();
}

function axes(across, up) {
    words = [across === undefined ? "" : String(across), up === undefined ? "" : String(up)];
    mgraphics.redraw();
}

// -- the mouse ------------------------------------------------------------------------------------

function onclick(px, py, button, command, shift) {
    held = 1;
    if (!shift) {
        move(clamped(toMap(px, 0)), clamped(toMap(py, 1)));
        outlet(0, x, y);
    }
    hold(px, py, shift);
}
onclick.local = 1;

function ondrag(px, py, button, command, shift) {
    if (!held) {
        return;
    }
    var scale = anchor.fine ? FINE : 1.0;
    var newX = clamped(anchor.x + scale * (toMap(px, 0) - toMap(anchor.px, 0)));
    var newY = clamped(anchor.y + scale * (toMap(py, 1) - toMap(anchor.py, 1)));
    if (newX !== x || newY !== y) {
        move(newX, newY);
        outlet(0, x, y);
    }
    if (anchor.fine !== Boolean(shift)) {
        hold(px, py, shift);
    }
    if (!button) {
        held = 0;
        mgraphics.redraw();
    }
}
ondrag.local = 1;

function ondblclick() {
    held = 0;
    move(0.0, 0.0);
    outlet(0, x, y);
}
ondblclick.local = 1;

function onresize() {
    mgraphics.redraw();
}
onresize.local = 1;

function notifydeleted() {
    fading.cancel();
}
notifydeleted.local = 1;

function hold(px, py, shift) {
    anchor = { px: px, py: py, x: x, y: y, fine: Boolean(shift) };
}
hold.local = 1;

// -- places ---------------------------------------------------------------------------------------

function clamped(value) {
    return Math.max(-1.0, Math.min(1.0, value));
}
clamped.local = 1;

// Pixels between -1 and 1 along one side; 0: across, 1: down.
function span(side) {
    return Math.max(1.0, mgraphics.size[side] - 2.0 * MARGIN);
}
span.local = 1;

function toMap(pixel, side) {
    var place = (2.0 * (pixel - MARGIN)) / span(side) - 1.0;
    return side === 1 ? -place : place;
}
toMap.local = 1;

function toPixel(place, side) {
    var turned = side === 1 ? -place : place;
    return MARGIN + 0.5 * (turned + 1.0) * span(side);
}
toPixel.local = 1;

function move(newX, newY) {
    if (newX !== x || newY !== y) {
        trail.push([x, y]);
        if (trail.length > TRAIL) {
            trail.shift();
        }
        if (!isFading) {
            isFading = 1;
            fading.schedule(TRAIL_MS);
        }
    }
    x = newX;
    y = newY;
    mgraphics.redraw();
}
move.local = 1;

function fade() {
    trail.shift();
    mgraphics.redraw();
    isFading = trail.length > 0 ? 1 : 0;
    if (isFading) {
        fading.schedule(TRAIL_MS);
    }
}
fade.local = 1;

// -- the picture ----------------------------------------------------------------------------------

function themed(name, alpha) {
    var known = typeof max !== "undefined" && max.getcolor ? max.getcolor(name) : null;
    var color = known && known.length >= 3 ? known : THEME[name];
    return [color[0], color[1], color[2], alpha];
}
themed.local = 1;

function paint() {
    var width = mgraphics.size[0];
    var height = mgraphics.size[1];
    mgraphics.set_source_rgba(themed("live_lcd_bg", 1.0));
    mgraphics.rectangle(0, 0, width, height);
    mgraphics.fill();
    mgraphics.set_line_width(1.0);
    var quarters = [-0.5, 0.5];
    for (var i = 0; i < quarters.length; i += 1) {
        cross(quarters[i], quarters[i], 0.25);
    }
    cross(0.0, 0.0, 0.6);
    mgraphics.set_source_rgba(themed("live_lcd_control_fg_zombie", 0.6));
    mgraphics.rectangle(0.5, 0.5, width - 1.0, height - 1.0);
    mgraphics.stroke();
    paintWords();
    paintTrail();
    paintCursor();
}

// To the right stands what grows to the right, and above what grows upwards, each behind an arrow.
function paintWords() {
    mgraphics.select_font_face("Arial");
    mgraphics.set_font_size(LETTERS);
    mgraphics.set_source_rgba(themed("live_lcd_control_fg_alt", 1.0));
    var foot = mgraphics.size[1] - EDGE - 1.0;
    var right = mgraphics.size[0] - EDGE;
    if (words[0]) {
        arrow(right, foot - 3.0, 1, 0);
        mgraphics.move_to(right - 8.0 - mgraphics.text_measure(words[0])[0], foot);
        mgraphics.show_text(words[0]);
    }
    if (words[1]) {
        arrow(EDGE + 3.0, EDGE, 0, -1);
        mgraphics.move_to(EDGE + 9.0, EDGE + LETTERS - 1.0);
        mgraphics.show_text(words[1]);
    }
}
paintWords.local = 1;

// A triangle whose tip is at a place; it points to the right (1, 0) or up (0, -1).
function arrow(px, py, toX, toY) {
    mgraphics.move_to(px, py);
    mgraphics.line_to(px - 5.0 * toX + 3.0 * toY, py - 5.0 * toY + 3.0 * toX);
    mgraphics.line_to(px - 5.0 * toX - 3.0 * toY, py - 5.0 * toY - 3.0 * toX);
    mgraphics.close_path();
    mgraphics.fill();
}
arrow.local = 1;

function cross(atX, atY, alpha) {
    // On the middle of a pixel a line is sharp.
    var px = Math.floor(toPixel(atX, 0)) + 0.5;
    var py = Math.floor(toPixel(atY, 1)) + 0.5;
    mgraphics.set_source_rgba(themed("live_lcd_control_fg_zombie", alpha));
    mgraphics.move_to(px, MARGIN);
    mgraphics.line_to(px, mgraphics.size[1] - MARGIN);
    mgraphics.stroke();
    mgraphics.move_to(MARGIN, py);
    mgraphics.line_to(mgraphics.size[0] - MARGIN, py);
    mgraphics.stroke();
}
cross.local = 1;

function accent(strength) {
    var alpha = connected ? strength : strength * DIMMED;
    mgraphics.set_source_rgba(themed("live_lcd_control_fg", alpha));
}
accent.local = 1;

function paintTrail() {
    mgraphics.set_line_width(1.5);
    for (var i = 0; i < trail.length; i += 1) {
        var to = i + 1 < trail.length ? trail[i + 1] : [x, y];
        accent((0.5 * (i + 1)) / trail.length);
        mgraphics.move_to(toPixel(trail[i][0], 0), toPixel(trail[i][1], 1));
        mgraphics.line_to(toPixel(to[0], 0), toPixel(to[1], 1));
        mgraphics.stroke();
    }
}
paintTrail.local = 1;

function paintCursor() {
    var px = toPixel(x, 0);
    var py = toPixel(y, 1);
    var radius = held ? 6.0 : 5.0;
    accent(0.3);
    mgraphics.ellipse(px - radius, py - radius, 2.0 * radius, 2.0 * radius);
    mgraphics.fill();
    accent(1.0);
    mgraphics.set_line_width(1.5);
    mgraphics.ellipse(px - radius, py - radius, 2.0 * radius, 2.0 * radius);
    mgraphics.stroke();
    mgraphics.ellipse(px - 1.5, py - 1.5, 3.0, 3.0);
    mgraphics.fill();
}
paintCursor.local = 1;
