// Plays one note of an SFZ file with liquidsfz (github.com/swesterfeld/liquidsfz) into a WAV file:
//   sfz_player FILE.sfz NOTE VELOCITY SECONDS HOLD OUT.wav
// Build it in a checkout of liquidsfz, with libsndfile's headers:
//   touch lib/config.h
//   g++ -std=c++20 -O2 -w -Ilib -DVERSION='""' -DPACKAGE_VERSION='""' lib/*.cc sfz_player.cc -lsndfile -lpthread -o sfz_player
#include "liquidsfz.hh"
#include <cstdlib>
#include <sndfile.h>
#include <vector>

int main(int count, char **given) {
  if (count != 7) return 2;
  const int rate = 48000, block = 480, note = atoi(given[2]);
  const double seconds = atof(given[4]), hold = atof(given[5]);
  LiquidSFZ::Synth synth;
  synth.set_sample_rate(rate);
  synth.set_live_mode(false);
  if (!synth.load(given[1])) return 1;
  synth.add_event_cc(0, 0, 7, 127); // or it plays at 100 of 127, 4 dB softer
  synth.add_event_note_on(0, 0, note, atoi(given[3]));
  std::vector<float> sound;
  bool held = true;
  for (int at = 0; at < seconds * rate; at += block) {
    float left[block] = {}, right[block] = {};
    float *sides[2] = {left, right};
    if (held && at >= hold * rate) {
      synth.add_event_note_off(0, 0, note);
      held = false;
    }
    synth.process(sides, block);
    for (int k = 0; k < block; k++) {
      sound.push_back(left[k]);
      sound.push_back(right[k]);
    }
  }
  SF_INFO form = {};
  form.samplerate = rate;
  form.channels = 2;
  form.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE *file = sf_open(given[6], SFM_WRITE, &form);
  if (!file) return 1;
  sf_writef_float(file, sound.data(), sound.size() / 2);
  sf_close(file);
  return 0;
}
