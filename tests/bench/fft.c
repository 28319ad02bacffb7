// Transforms of several lengths in one and two dimensions, forth and back. They are planned without measuring, so that
// every build computes the same.
#include <fftw3.h>
#include <math.h>
#include <stdio.h>

static double transform(fftw_plan forth, fftw_plan back, fftw_complex* data, int n, int repetitions) {
  for (int i = 0; i < n; ++i) {
    data[i][0] = (double)(i % 17) / 17;
    data[i][1] = (double)(i % 5) / 5;
  }
  for (int r = 0; r < repetitions; ++r) {
    fftw_execute(forth);
    fftw_execute(back);
    for (int i = 0; i < n; ++i) {
      data[i][0] /= n;
      data[i][1] /= n;
    }
  }
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += data[i][0] * data[i][0] + data[i][1] * data[i][1];
  fftw_destroy_plan(forth);
  fftw_destroy_plan(back);
  return sum;
}

int main(void) {
  enum { kLargest = 256 * 256 };
  fftw_complex* data = fftw_alloc_complex(kLargest);
  if (data == NULL) return 1;
  const int lengths[] = {64, 1000, 1024, 4096, 10007};
  for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); ++i) {
    const int n = lengths[i];
    printf("%d %.6e\n", n,
           transform(fftw_plan_dft_1d(n, data, data, FFTW_FORWARD, FFTW_ESTIMATE),
                     fftw_plan_dft_1d(n, data, data, FFTW_BACKWARD, FFTW_ESTIMATE), data, n, 2000000 / n));
  }
  printf("256x256 %.6e\n",
         transform(fftw_plan_dft_2d(256, 256, data, data, FFTW_FORWARD, FFTW_ESTIMATE),
                   fftw_plan_dft_2d(256, 256, data, data, FFTW_BACKWARD, FFTW_ESTIMATE), data, kLargest, 40));
  fftw_free(data);
  return 0;
}
