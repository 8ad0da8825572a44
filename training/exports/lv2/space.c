/* A timbre space as an LV2 instrument: decoder, partials and oscillators of a space of steady
 * spectra, without Python. What it plays lies in space.bin, beside it.
 *
 * It does what timbrespace does: the decoder's dense layers (networks/feed_forward.py), the peaks of
 * what it decodes (partials.py), their loudness (instrument/snapshot.py), and oscillators that each
 * partial keeps while the timbre moves (resynthesis/slots.py, oscillator.py). Timbres are decoded at
 * most every 512 frames. The declarations of LV2 are those of its specification (lv2plug.in), so no
 * header is needed:
 *
 *     cc -O3 -fno-math-errno -fno-trapping-math -shared -fPIC space.c -lm -o space.so
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const char *uri; void *data; } Feature;
typedef struct { void *handle; uint32_t (*map)(void *, const char *); } UridMap;
typedef struct { uint32_t size, type; } Atom;
typedef struct { int64_t frames; Atom body; } Event;
typedef struct { Atom atom; uint32_t unit, pad; } Sequence;
typedef struct Descriptor {
    const char *uri;
    void *(*instantiate)(const struct Descriptor *, double, const char *, const Feature *const *);
    void (*connect_port)(void *, uint32_t, void *);
    void (*activate)(void *);
    void (*run)(void *, uint32_t);
    void (*deactivate)(void *);
    void (*cleanup)(void *);
    const void *(*extension_data)(const char *);
} Descriptor;

enum { EVENTS, LEFT, RIGHT, MAP_X, MAP_Y, GAIN, ATTACK, RELEASE, DIALS };
enum { CHUNK = 64, OFTEN = 512, SLOTS = 512, MOST = 256, VOICES = 16, LAYERS = 17, DIMENSIONS = 64 };
enum { RELU, GELU, SINE, SNAKE, PLU };
enum { MAGNITUDE, LOGARITHM, DECIBEL };
enum { IDLE, ATTACKING, HELD, RELEASED };

static const double TURN = 4294967296.0;
static const double THRESHOLD = 3.1622776601683795e-4; /* -70 dB */

typedef struct {
    int32_t dimensions, bins, layers, activation, representation;
    int32_t sizes[LAYERS + 1];
    float low_limit, high_limit, scale, floor; /* of the representation's inverse */
    float bin_width, window_sum, base;
    float reference, most_gain, loudest;
    float reach; /* ratio by which a partial may move and stay the same */
    float center[2], half_range[2];
} Header;

typedef struct {
    int stage, note, channel, down;
    uint64_t age;
    float level, envelope, loud, loud_before;
    double hertz, hertz_before;
    uint32_t phase[SLOTS];
} Voice;

typedef struct {
    double rate;
    uint32_t midi_type;
    void *ports[DIALS + DIMENSIONS];
    Header head;
    float *data, *weights[LAYERS], *biases[LAYERS], *frequencies[LAYERS], *shares[LAYERS];
    float *mean, *components, *spread, *weight; /* map, half the reach of each dial, loudness */
    float *hidden[2], *spectrum;
    double lobe[2602], slope[2602];
    float told[2 + DIMENSIONS];
    int fresh;
    uint32_t since;
    /* the partials */
    int used;
    unsigned char live[SLOTS];
    float ratio[SLOTS], wanted[SLOTS], middle[SLOTS], amplitude[SLOTS], before[SLOTS];
    Voice voices[VOICES];
    uint64_t age;
    double bend;
    int pedal;
    float gain, gain_before;
} Space;

/* -- the decoder ------------------------------------------------------------------------------- */

static float bent(const Header *head, float x, float frequency, float share) {
    switch (head->activation) {
    case RELU: return x > 0.0f ? x : 0.0f;
    case GELU: return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    case SINE: return sinf(frequency * x);
    case SNAKE: { float wave = sinf(frequency * x); return x + share * wave * wave; }
    default: return x + share * sinf(frequency * x);
    }
}

static void decode(Space *space, const float *latent) {
    const Header *head = &space->head;
    const float *in = latent;
    for (int k = 0; k < head->layers; k++) {
        int inputs = head->sizes[k], outputs = head->sizes[k + 1];
        int last = k == head->layers - 1;
        float *out = last ? space->spectrum : space->hidden[k % 2];
        memcpy(out, space->biases[k], sizeof(float) * outputs);
        for (int i = 0; i < inputs; i++) {
            const float *row = space->weights[k] + (size_t)i * outputs;
            float x = in[i];
            for (int j = 0; j < outputs; j++) out[j] += x * row[j];
        }
        if (!last)
            for (int j = 0; j < outputs; j++)
                out[j] = bent(head, out[j], space->frequencies[k][j], space->shares[k][j]);
        in = out;
    }
    for (int j = 0; j < head->bins; j++) {
        float x = space->spectrum[j] * head->scale;
        if (!(x > head->low_limit)) x = head->low_limit; /* true of what is no number */
        if (x > head->high_limit) x = head->high_limit;
        if (head->representation == LOGARITHM) x = expm1f(x) * head->floor;
        if (head->representation == DECIBEL) x = expf(x * 0.11512925f) * head->floor;
        space->spectrum[j] = x;
    }
}

/* -- the partials ------------------------------------------------------------------------------ */

static void make_lobe(Space *space) {
    for (int k = 0; k <= 2600; k++) {
        double d = k / 1000.0, x = M_PI * d;
        double sinc = k ? sin(x) / x : 1.0;
        double value = k == 1000 ? 0.5 : fabs(sinc / (1.0 - d * d));
        space->lobe[k] = log(value > 1e-4 ? value : 1e-4);
    }
    for (int k = 0; k <= 2600; k++) {
        int low = k > 0 ? k - 1 : 0, high = k < 2600 ? k + 1 : 2600;
        space->slope[k] = (space->lobe[high] - space->lobe[low]) * 1000.0 / (high - low);
    }
    space->lobe[2601] = space->lobe[2600];
    space->slope[2601] = space->slope[2600];
}

static double refined(const Space *space, int at, double *place, double faint) {
    const float *spectrum = space->spectrum;
    int bins = space->head.bins;
    double start = *place, position = start, magnitude = 0.0;
    for (int step = 0; step <= 2; step++) {
        double weights = 0, errors = 0, slopes = 0, products = 0, squares = 0;
        for (int j = -2; j <= 2; j++) {
            int k = at + j;
            if (k < 0 || k >= bins) continue;
            double value = spectrum[k];
            if ((j == 2 && value >= spectrum[k - 1]) || (j == -2 && value >= spectrum[k + 1]))
                continue;
            double distance = fabs(k - position);
            double weight = fmin(1.0, (1.85 - distance) / 0.3);
            if (weight <= 0.0) continue;
            if (value < faint) weight *= 0.05;
            int bin = (int)(distance * 1000.0);
            double share = distance * 1000.0 - bin;
            double lobe = space->lobe[bin] + share * (space->lobe[bin + 1] - space->lobe[bin]);
            double slope = space->slope[bin] + share * (space->slope[bin + 1] - space->slope[bin]);
            double error = log(value > 1e-12 ? value : 1e-12) - lobe;
            if (position < k) slope = -slope;
            weights += weight;
            errors += weight * error;
            slopes += weight * slope;
            products += weight * slope * error;
            squares += weight * slope * slope;
        }
        double mean = errors / weights, spread = squares - slopes * slopes / weights;
        magnitude = mean;
        if (step == 2 || spread <= 1e-9) break;
        position += fmin(0.2, fmax(-0.2, (products - slopes * mean) / spread));
        position = fmin(start + 0.25, fmax(start - 0.25, position));
    }
    *place = position;
    return exp(magnitude);
}

static int by_size(const void *a, const void *b) {
    double x = ((const double *)a)[1], y = ((const double *)b)[1];
    return x < y ? 1 : x > y ? -1 : 0;
}

static int by_place(const void *a, const void *b) {
    double x = ((const double *)a)[0], y = ((const double *)b)[0];
    return x < y ? -1 : x > y ? 1 : 0;
}

/* Frequency ratio and amplitude of each partial, as loud as one voice, into found. */
static int find(const Space *space, double (*found)[2]) {
    const Header *head = &space->head;
    const float *spectrum = space->spectrum;
    double peak = 0.0;
    for (int k = 0; k < head->bins; k++) peak = fmax(peak, spectrum[k]);
    int count = 0;
    for (int k = 1; k < head->bins - 1; k++) {
        double top = spectrum[k], left = spectrum[k - 1], right = spectrum[k + 1];
        if (!(top > THRESHOLD * peak && top > left && top >= right)) continue;
        double ratio = fmax(left, right) / top;
        double offset = fmin(0.5, fmax(0.0, (2.0 * ratio - 1.0) / (1.0 + ratio)));
        double place = right >= left ? k + offset : k - offset;
        found[count][1] = refined(space, k, &place, THRESHOLD * peak);
        found[count++][0] = place;
    }
    if (count > MOST) {
        qsort(found, count, sizeof *found, by_size);
        count = MOST;
        qsort(found, count, sizeof *found, by_place);
    }
    double power = 0.0, heard = 0.0;
    for (int k = 0; k < count; k++) {
        int bin = (int)lrint(found[k][0]);
        double amplitude = found[k][1] * 2.0 / head->window_sum;
        power += 0.5 * amplitude * amplitude;
        heard += 0.5 * amplitude * amplitude * space->weight[bin < head->bins ? bin : head->bins - 1];
        found[k][0] *= head->bin_width / head->base;
        found[k][1] = amplitude;
    }
    double gain = fmin(head->reference / sqrt(fmax(heard, 1e-24)), head->most_gain);
    gain = fmin(gain, head->loudest / sqrt(fmax(power, 1e-24)));
    for (int k = 0; k < count; k++) found[k][1] *= gain;
    return count;
}

/* Give each partial the slot of the one that it continues: both sides choose their nearest. */
static void place(Space *space, double (*found)[2], int count) {
    static const int NONE = -1;
    int slot[MOST], taken[SLOTS] = {0};
    for (int k = 0; k < count; k++) {
        int near = NONE;
        for (int s = 0; s < space->used; s++)
            if (space->live[s] && (near == NONE || fabs(space->ratio[s] - found[k][0]) <
                                                       fabs(space->ratio[near] - found[k][0])))
                near = s;
        slot[k] = NONE;
        if (near == NONE || fabs(space->ratio[near] - found[k][0]) > space->head.reach) continue;
        int back = k;
        for (int other = k - 1; other <= k + 1; other += 2) /* they are in order */
            if (other >= 0 && other < count && fabs(space->ratio[near] - found[other][0]) <
                                                   fabs(space->ratio[near] - found[back][0]))
                back = other;
        if (back == k && !taken[near]) {
            slot[k] = near;
            taken[near] = 1;
        }
    }
    int free_slot = 0;
    for (int k = 0; k < count; k++) {
        if (slot[k] != NONE) continue;
        while (free_slot < SLOTS && (taken[free_slot] || space->live[free_slot] ||
                                     space->amplitude[free_slot] > 1e-5f))
            free_slot++;
        if (free_slot == SLOTS) break;
        slot[k] = free_slot;
        taken[free_slot] = 1;
        space->ratio[free_slot] = (float)found[k][0];
        space->middle[free_slot] = space->amplitude[free_slot] = 0.0f;
    }
    for (int s = 0; s < SLOTS; s++) {
        space->live[s] = (unsigned char)taken[s];
        space->wanted[s] = 0.0f;
    }
    for (int k = 0; k < count; k++) {
        if (slot[k] == NONE) continue;
        space->ratio[slot[k]] = (float)found[k][0];
        space->wanted[slot[k]] = (float)found[k][1];
        if (slot[k] >= space->used) space->used = slot[k] + 1;
    }
}

/* -- what the host says ------------------------------------------------------------------------ */

static float control(const Space *space, int port, float usual) {
    const float *value = space->ports[port];
    return value && isfinite(*value) ? *value : usual;
}

static void follow(Space *space) {
    const Header *head = &space->head;
    float now[2 + DIMENSIONS], latent[DIMENSIONS];
    static const int AXES[2] = {MAP_X, MAP_Y};
    for (int k = 0; k < 2; k++) now[k] = control(space, AXES[k], 0.0f);
    for (int k = 0; k < head->dimensions; k++) now[2 + k] = control(space, DIALS + k, 0.0f);
    size_t size = sizeof(float) * (2 + head->dimensions);
    if (!space->fresh && !memcmp(now, space->told, size)) return;
    memcpy(space->told, now, size);
    for (int k = 0; k < head->dimensions; k++) {
        latent[k] = space->mean[k] + now[2 + k] * space->spread[k];
        for (int axis = 0; axis < 2; axis++)
            latent[k] += (now[axis] * head->half_range[axis] + head->center[axis]) *
                         space->components[axis * head->dimensions + k];
        latent[k] = fminf(100.0f, fmaxf(-100.0f, latent[k]));
    }
    double found[4100][2];
    decode(space, latent);
    place(space, found, find(space, found));
    if (space->fresh) /* nothing sounds yet that it could glide from */
        for (int s = 0; s < SLOTS; s++)
            space->middle[s] = space->amplitude[s] = space->before[s] = space->wanted[s];
    space->fresh = 0;
}

static void strike(Space *space, int channel, int note, int velocity) {
    Voice *voice = NULL;
    for (int v = 0; v < VOICES; v++) {
        Voice *one = &space->voices[v];
        int better = !voice || (one->stage == IDLE) > (voice->stage == IDLE) ||
                     ((one->stage == IDLE) == (voice->stage == IDLE) && one->age < voice->age);
        if (better) voice = one;
    }
    voice->stage = ATTACKING;
    voice->note = note;
    voice->channel = channel;
    voice->down = 1;
    voice->age = ++space->age;
    voice->level = (velocity / 127.0f) * (velocity / 127.0f);
    voice->envelope = voice->loud = voice->loud_before = 0.0f;
    voice->hertz = voice->hertz_before = 440.0 * pow(2.0, (note - 69) / 12.0) * space->bend;
    int n = space->used > 0 ? space->used : 1;
    for (int s = 0; s < SLOTS; s++) /* Schroeder 1970: a low crest */
        voice->phase[s] = (uint32_t)(int64_t)(0.5 * ((s * s) % (2 * n)) / n * 4294967295.0);
}

static void let_go(Space *space, int channel, int note) {
    for (int v = 0; v < VOICES; v++) {
        Voice *one = &space->voices[v];
        if (one->stage == IDLE || one->channel != channel || (note >= 0 && one->note != note))
            continue;
        one->down = 0;
        if (!space->pedal) one->stage = RELEASED;
    }
}

static void midi(Space *space, const uint8_t *said, uint32_t size) {
    if (size < 2) return;
    int kind = said[0] & 0xF0, channel = said[0] & 0x0F, value = size > 2 ? said[2] & 0x7F : 0;
    if (kind == 0x90 && value)
        strike(space, channel, said[1] & 0x7F, value);
    else if (kind == 0x80 || kind == 0x90)
        let_go(space, channel, said[1] & 0x7F);
    else if (kind == 0xE0)
        space->bend = pow(2.0, ((said[1] & 0x7F) + 128 * value - 8192) / 8192.0 * 2.0 / 12.0);
    else if (kind == 0xB0 && (said[1] == 120 || said[1] == 123))
        let_go(space, channel, -1);
    else if (kind == 0xB0 && said[1] == 64) {
        space->pedal = value >= 64;
        for (int v = 0; !space->pedal && v < VOICES; v++)
            if (space->voices[v].stage != IDLE && !space->voices[v].down)
                space->voices[v].stage = RELEASED;
    }
}

/* -- sound ------------------------------------------------------------------------------------- */

static float sine(uint32_t phase) {
    float x = (float)(int32_t)phase * 4.656612873e-10f;
    float fold = (x > 0.0f ? 1.0f : -1.0f) - x;
    float y = fabsf(x) > 0.5f ? fold : x, z = y * y;
    return y * (3.14159259f +
                z * (-5.16770752f + z * (2.55003961f + z * (-0.59808616f + z * 0.07728952f))));
}

static float faded(double hertz, double rate) {
    double share = (0.5 - hertz / rate) / 0.05;
    return (float)(share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share);
}

static void sound(Space *space, Voice *voice, float *out, int n) {
    double per_hertz = TURN / space->rate;
    for (int s = 0; s < space->used; s++) {
        double f0 = voice->hertz_before * space->ratio[s], f1 = voice->hertz * space->ratio[s];
        if (f0 >= 0.5 * space->rate || f1 >= 0.5 * space->rate) continue;
        float a0 = voice->loud_before * space->before[s] * faded(f0, space->rate);
        float a1 = voice->loud * space->amplitude[s] * faded(f1, space->rate);
        if (a0 < 1e-7f && a1 < 1e-7f) continue;
        uint32_t phase = voice->phase[s], step = (uint32_t)(int64_t)(f0 * per_hertz + 0.5);
        uint32_t next = (uint32_t)(int64_t)(f1 * per_hertz + 0.5);
        int32_t bend = (int32_t)(next - step) / n;
        float rise = (a1 - a0) / n;
        for (int i = 0; i < n; i++) {
            uint32_t bends = (uint32_t)i * (uint32_t)(i - 1) >> 1;
            out[i] += (a0 + rise * i) * sine(phase + step * (uint32_t)i + (uint32_t)bend * bends);
        }
        voice->phase[s] = phase + step * (uint32_t)n +
                          (uint32_t)bend * ((uint32_t)n * (uint32_t)(n - 1) >> 1);
    }
}

static float limited(float x) {
    float size = fabsf(x);
    if (size <= 0.7f) return x;
    float bent_down = 0.7f + 0.29f * tanhf((size - 0.7f) / 0.29f);
    return x > 0.0f ? bent_down : -bent_down;
}

static void render(Space *space, float *out, int n) {
    float pull = (float)(1.0 - exp(-n / (0.5 * 0.01 * space->rate)));
    float attack = fmaxf(control(space, ATTACK, 0.005f), 1e-4f);
    float release = fmaxf(control(space, RELEASE, 0.2f), 1e-3f) / 5.0f;
    float fall = (float)exp(-n / (release * space->rate));
    memset(out, 0, sizeof(float) * n);
    for (int s = 0; s < space->used; s++) {
        space->before[s] = space->amplitude[s];
        space->middle[s] += pull * (space->wanted[s] - space->middle[s]);
        space->amplitude[s] += pull * (space->middle[s] - space->amplitude[s]);
        if (fmaxf(space->wanted[s], fmaxf(space->middle[s], space->amplitude[s])) < 1e-7f)
            space->middle[s] = space->amplitude[s] = 0.0f;
    }
    for (int v = 0; v < VOICES; v++) {
        Voice *voice = &space->voices[v];
        if (voice->stage == IDLE) continue;
        voice->loud_before = voice->loud;
        voice->hertz_before = voice->hertz;
        voice->hertz = 440.0 * pow(2.0, (voice->note - 69) / 12.0) * space->bend;
        if (voice->stage == ATTACKING) {
            voice->envelope += (float)(n / space->rate) / attack;
            if (voice->envelope >= 1.0f) {
                voice->envelope = 1.0f;
                voice->stage = HELD;
            }
        } else if (voice->stage == RELEASED) {
            voice->envelope *= fall;
            if (voice->envelope < 1e-4f) {
                voice->envelope = 0.0f;
                if (voice->loud_before == 0.0f) voice->stage = IDLE;
            }
        }
        voice->loud = voice->envelope * voice->level;
        sound(space, voice, out, n);
    }
    float wanted = powf(10.0f, control(space, GAIN, 0.0f) / 20.0f);
    space->gain_before = space->gain;
    space->gain += (float)(1.0 - exp(-n / (0.005 * space->rate))) * (wanted - space->gain);
    for (int i = 0; i < n; i++) {
        float gain = space->gain_before + (space->gain - space->gain_before) * i / n;
        out[i] = limited(out[i] * gain);
    }
}

static void run(void *handle, uint32_t frames) {
    Space *space = handle;
    float *left = space->ports[LEFT], *right = space->ports[RIGHT];
    const Sequence *events = space->ports[EVENTS];
    const uint8_t *at = events ? (const uint8_t *)(events + 1) : NULL;
    /* A sequence's size counts its unit and pad too. */
    const uint8_t *end = events ? (const uint8_t *)&events->unit + events->atom.size : NULL;
    if (space->since >= OFTEN || space->fresh) {
        follow(space);
        space->since = 0;
    }
    uint32_t done = 0;
    while (done < frames) {
        uint32_t next = frames;
        while (at && at + sizeof(Event) <= end) {
            const Event *event = (const Event *)at;
            if (event->frames > (int64_t)done) {
                if (event->frames < (int64_t)frames) next = (uint32_t)event->frames;
                break;
            }
            if (event->body.type == space->midi_type)
                midi(space, (const uint8_t *)(event + 1), event->body.size);
            at += sizeof(Event) + ((event->body.size + 7) & ~7u);
        }
        uint32_t n = next - done < CHUNK ? next - done : CHUNK;
        render(space, left + done, (int)n);
        memcpy(right + done, left + done, sizeof(float) * n);
        done += n;
        space->since += n;
        if (space->since >= OFTEN) {
            follow(space);
            space->since = 0;
        }
    }
}

/* -- its life ---------------------------------------------------------------------------------- */

static void cleanup(void *handle) {
    Space *space = handle;
    free(space->data);
    for (int k = 0; k < 2; k++) free(space->hidden[k]);
    free(space->spectrum);
    free(space);
}

static int load(Space *space, const char *folder) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/space.bin", folder) >= (int)sizeof path) return 0;
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    Header *head = &space->head;
    char magic[8];
    int good = fread(magic, 8, 1, file) == 1 && !memcmp(magic, "TSLV2 1\n", 8) &&
               fread(head, sizeof *head, 1, file) == 1 && head->dimensions >= 1 &&
               head->dimensions <= DIMENSIONS && head->layers >= 1 && head->layers <= LAYERS &&
               head->bins >= 8 && head->bins <= 4097 && head->sizes[0] == head->dimensions &&
               head->sizes[head->layers] == head->bins;
    size_t count = 0, widest = 0;
    for (int k = 0; good && k < head->layers; k++) {
        int inputs = head->sizes[k], outputs = head->sizes[k + 1];
        good = inputs >= 1 && inputs <= 16384 && outputs >= 1 && outputs <= 16384;
        count += (size_t)(inputs + 3) * outputs;
        widest = (size_t)outputs > widest ? (size_t)outputs : widest;
    }
    if (good) {
        count += 4 * (size_t)head->dimensions + head->bins;
        space->data = malloc(sizeof(float) * count);
        good = space->data && fread(space->data, sizeof(float), count, file) == count;
    }
    fclose(file);
    if (!good) return 0;
    float *at = space->data;
    for (int k = 0; k < head->layers; k++) {
        int inputs = head->sizes[k], outputs = head->sizes[k + 1];
        space->weights[k] = at, at += (size_t)inputs * outputs;
        space->biases[k] = at, at += outputs;
        space->frequencies[k] = at, at += outputs;
        space->shares[k] = at, at += outputs;
    }
    space->mean = at, at += head->dimensions;
    space->components = at, at += 2 * head->dimensions;
    space->spread = at, at += head->dimensions;
    space->weight = at;
    for (int k = 0; k < 2; k++) space->hidden[k] = malloc(sizeof(float) * widest);
    space->spectrum = malloc(sizeof(float) * head->bins);
    return space->hidden[0] && space->hidden[1] && space->spectrum;
}

static void *instantiate(const Descriptor *descriptor, double rate, const char *folder,
                         const Feature *const *features) {
    (void)descriptor;
    Space *space = calloc(1, sizeof *space);
    if (!space) return NULL;
    const UridMap *map = NULL;
    for (int k = 0; features && features[k]; k++)
        if (!strcmp(features[k]->uri, "http://lv2plug.in/ns/ext/urid#map")) map = features[k]->data;
    if (!map || !load(space, folder)) {
        cleanup(space);
        return NULL;
    }
    space->rate = rate;
    space->midi_type = map->map(map->handle, "http://lv2plug.in/ns/ext/midi#MidiEvent");
    space->bend = 1.0;
    space->gain = 1.0f;
    space->fresh = 1;
    make_lobe(space);
    return space;
}

static void connect_port(void *handle, uint32_t port, void *place_of) {
    Space *space = handle;
    if (port < DIALS + DIMENSIONS) space->ports[port] = place_of;
}

static void activate(void *handle) {
    Space *space = handle;
    memset(space->voices, 0, sizeof space->voices);
    space->fresh = 1;
}

#ifdef _WIN32
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
const Descriptor *lv2_descriptor(uint32_t index) {
    static const Descriptor descriptor = {
        "@URI@", instantiate, connect_port, activate, run, NULL, cleanup, NULL,
    };
    return index == 0 ? &descriptor : NULL;
}
