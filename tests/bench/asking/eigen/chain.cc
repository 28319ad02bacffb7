// Products of 3x3 matrices, whose size is known when they are compiled.
#include "matrices.h"

double chain(int repetitions) {
  double sum = 0;
  for (int i = 0; i < repetitions; ++i) {
    Frame frame = frame_at(i % 10 / 16.0);
    for (int j = 0; j < 1000; ++j) {
      frame = after(frame, frame_at(j % 7 / 64.0));
      if (j % 8 == 7) frame.turn /= frame.turn.norm();
      frame.shift /= 2;
    }
    sum += frame.turn.trace() + frame.shift.sum() + frame.weights.sum();
  }
  return sum;
}
