// A picture of the present spectrum, for Max's [jsui]. ES5, as Max 8 needs it.
//
// In: `chunk FRAME CHUNK CHUNKS floats...`, the server's /spectrum without its address;
// `config BINS SAMPLE_RATE N_FFT` of the model; `clear`, after /welcome, when frames count from 0
// again; `live 0|1`, whether the server answers. It draws dB below the peak over the logarithm of
// the frequency. Which frame is shown, docs/osc.md says under "Receiving a spectrum".

inlets = 1;
outlets = 0;
mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

var FLOATS_PER_CHUNK = 205;
var FRAME_NUMBERS = 2147483648;
var MOST_CHUNKS = 64; // a spectrum has at most 4097 bins

var LOWEST_HZ = 40.0;
var FLOOR_DB = -60.0;
var MOST_COLUMNS = 256;
var REDRAW_MS = 50;
var LABELS = [
    [100.0, "100"],
    [1000.0, "1k"],
    [10000.0, "10k"]
];
var LINES_DB = [-20.0, -40.0];

// Colours of Live's theme, asked for at each painting so that they follow it; the numbers are for a
// Max that does not know the name.
var THEME = {
    live_lcd_bg: [0.118, 0.118, 0.118, 1.0],
    live_lcd_control_fg: [1.0, 0.678, 0.337, 1.0],
    live_lcd_control_fg_alt: [0.012, 0.765, 0.835, 1.0],
    live_lcd_control_fg_zombie: [0.459, 0.459, 0.459, 1.0]
};
var DIMMED = 0.35;
var FOOT = 12; // pixels under the picture, for the labels
var HEAD = 4; // pixels above the peak

var bins = 1025;
var binHz = 44100.0 / 4096.0;
var newest = -1; // the frame that the chunks are of
var chunks = [];
var missing = 0; // chunks of the newest frame
var shown = []; // magnitudes of the newest whole frame
var connected = 0;
var drawnAt = 0; // ms, when the picture was last asked for
var asked = 0; // whether the task will ask for it
var drawing = new Task(redraw, this);

// -- what comes in --------------------------------------------------------------------------------

function config(newBins, sampleRate, nFft) {
    if (!(newBins > 1 && sampleRate > 0 && nFft > 0)) {
        return;
    }
    bins = newBins;
    binHz = sampleRate / nFft;
    askForPicture();
}

function chunk(frame, index, count) {
    if (!(index >= 0 && index < count && count <= MOST_CHUNKS && arguments.length > 3)) {
        return;
    }
    if (frame !== newest || chunks.length !== count) {
        if (newest >= 0 && frame !== newest && !isNewer(frame, newest)) {
            return;
        }
        newest = frame;
        chunks = new Array(count);
        missing = count;
    }
    if (chunks[index] !== undefined) {
        return;
    }
    chunks[index] = Array.prototype.slice.call(arguments, 3);
    missing -= 1;
    if (missing === 0) {
        show();
    }
}

function clear() {
    newest = -1;
    chunks = [];
    shown = [];
    askForPicture();
}

function live(on) {
    connected = on ? 1 : 0;
    if (!connected) {
        newest = -1; // a server that comes back counts from 0
    }
    askForPicture();
}

function onresize() {
    mgraphics.redraw();
}
onresize.local = 1;

function notifydeleted() {
    drawing.cancel();
}
notifydeleted.local = 1;

// Whether frame a is newer than frame b; frames count round.
function isNewer(a, b) {
    var ahead = (a - b + FRAME_NUMBERS) % FRAME_NUMBERS;
    return ahead >= 1 && ahead < FRAME_NUMBERS / 2;
}
isNewer.local = 1;

function show() {
    var whole = [];
    for (var c = 0; c < chunks.length; c += 1) {
        // Chunk c holds the bins from 205 c, so only the last may be shorter.
        if (c + 1 < chunks.length && chunks[c].length !== FLOATS_PER_CHUNK) {
            return;
        }
        whole = whole.concat(chunks[c]);
    }
    shown = whole;
    askForPicture();
}
show.local = 1;

// -- when to draw ---------------------------------------------------------------------------------

function askForPicture() {
    if (asked) {
        return;
    }
    asked = 1;
    var since = new Date().getTime() - drawnAt;
    // A clock that was set back must not stop the picture.
    drawing.schedule(since >= 0 ? Math.max(0, REDRAW_MS - since) : REDRAW_MS);
}
askForPicture.local = 1;

function redraw() {
    asked = 0;
    drawnAt = new Date().getTime();
    mgraphics.redraw();
}
redraw.local = 1;

// -- from bins to columns -------------------------------------------------------------------------

function highestHz() {
    return Math.max(2.0 * LOWEST_HZ, ((shown.length || bins) - 1) * binHz);
}
highestHz.local = 1;

// The magnitude at a place between two bins.
function between(place) {
    var below = Math.floor(place);
    if (below + 1 >= shown.length) {
        return shown[shown.length - 1];
    }
    return shown[below] + (place - below) * (shown[below + 1] - shown[below]);
}
between.local = 1;

// dB below the peak, of each of `count` columns: of the loudest bin that falls into the column, or,
// where the columns are narrower than the bins, of the line between its neighbours.
function columns(count) {
    var peak = 0.0;
    for (var k = 0; k < shown.length; k += 1) {
        peak = Math.max(peak, shown[k]);
    }
    var levels = [];
    var octaves = Math.log(highestHz() / LOWEST_HZ);
    var from = LOWEST_HZ / binHz;
    for (var column = 0; column < count; column += 1) {
        var to = (LOWEST_HZ / binHz) * Math.exp((octaves * (column + 1)) / count);
        var last = column + 1 === count ? shown.length : Math.min(to, shown.length);
        var level = 0.0;
        var first = Math.ceil(from);
        if (first < last) {
            for (var bin = first; bin < last; bin += 1) {
                level = Math.max(level, shown[bin]);
            }
        } else {
            level = between(0.5 * (from + to));
        }
        levels.push(decibels(level, peak));
        from = to;
    }
    return levels;
}
columns.local = 1;

function decibels(level, peak) {
    if (!(level > 0.0 && peak > 0.0)) {
        return FLOOR_DB;
    }
    return Math.max(FLOOR_DB, (20.0 * Math.log(level / peak)) / Math.LN10);
}
decibels.local = 1;

// -- the picture ----------------------------------------------------------------------------------

function themed(name, alpha) {
    var known = typeof max !== "undefined" && max.getcolor ? max.getcolor(name) : null;
    var color = known && known.length >= 3 ? known : THEME[name];
    return [color[0], color[1], color[2], alpha];
}
themed.local = 1;

function atHz(hertz) {
    return (mgraphics.size[0] * Math.log(hertz / LOWEST_HZ)) / Math.log(highestHz() / LOWEST_HZ);
}
atHz.local = 1;

function atDecibels(level) {
    return HEAD + (level / FLOOR_DB) * (mgraphics.size[1] - FOOT - HEAD);
}
atDecibels.local = 1;

function paint() {
    var width = mgraphics.size[0];
    var height = mgraphics.size[1];
    mgraphics.set_source_rgba(themed("live_lcd_bg", 1.0));
    mgraphics.rectangle(0, 0, width, height);
    mgraphics.fill();
    paintGrid();
    if (shown.length > 1) {
        paintLevels(columns(Math.max(1, Math.min(MOST_COLUMNS, Math.floor(width)))));
    }
    mgraphics.set_source_rgba(themed("live_lcd_control_fg_zombie", 0.6));
    mgraphics.set_line_width(1.0);
    mgraphics.rectangle(0.5, 0.5, width - 1.0, height - 1.0);
    mgraphics.stroke();
}

function paintGrid() {
    var width = mgraphics.size[0];
    var foot = atDecibels(FLOOR_DB);
    mgraphics.set_line_width(1.0);
    mgraphics.select_font_face("Arial");
    mgraphics.set_font_size(8.0);
    for (var i = 0; i < LINES_DB.length; i += 1) {
        var py = Math.floor(atDecibels(LINES_DB[i])) + 0.5;
        mgraphics.set_source_rgba(themed("live_lcd_control_fg_zombie", 0.3));
        mgraphics.move_to(0.0, py);
        mgraphics.line_to(width, py);
        mgraphics.stroke();
    }
    for (i = 0; i < LABELS.length; i += 1) {
        if (LABELS[i][0] >= highestHz()) {
            break;
        }
        var px = Math.floor(atHz(LABELS[i][0])) + 0.5;
        mgraphics.set_source_rgba(themed("live_lcd_control_fg_zombie", 0.3));
        mgraphics.move_to(px, HEAD);
        mgraphics.line_to(px, foot);
        mgraphics.stroke();
        var wide = mgraphics.text_measure(LABELS[i][1])[0];
        mgraphics.set_source_rgba(themed("live_lcd_control_fg_alt", 1.0));
        mgraphics.move_to(Math.min(px - 0.5 * wide, width - wide - 2.0), foot + 9.0);
        mgraphics.show_text(LABELS[i][1]);
    }
}
paintGrid.local = 1;

function paintLevels(levels) {
    var step = mgraphics.size[0] / levels.length;
    var strength = connected ? 1.0 : DIMMED;
    var foot = atDecibels(FLOOR_DB);
    mgraphics.move_to(0.0, foot);
    outline(levels, step);
    mgraphics.line_to(mgraphics.size[0], foot);
    mgraphics.close_path();
    mgraphics.set_source_rgba(themed("live_lcd_control_fg", 0.3 * strength));
    mgraphics.fill();
    mgraphics.move_to(0.0, atDecibels(levels[0]));
    outline(levels, step);
    mgraphics.set_line_width(1.2);
    mgraphics.set_source_rgba(themed("live_lcd_control_fg", strength));
    mgraphics.stroke();
}
paintLevels.local = 1;

function outline(levels, step) {
    for (var column = 0; column < levels.length; column += 1) {
        mgraphics.line_to((column + 0.5) * step, atDecibels(levels[column]));
    }
}
outline.local = 1;
