/* SPDX-License-Identifier: LGPL-2.1-or-later
 * usage: consumer_c MODEL < STRAINS
 * STRAINS are Exx Eyy Gxy of any number of points. Prints for each of them, as hexadecimal numbers,
 * three stresses, nine entries of the tangent, the health and the error estimate. */
#include <stdio.h>
#include <stdlib.h>
#include <understudy.h>

enum
{
  most = 1000
};

int main(int argc, char **argv)
{
  static double strain[3 * most], stress[3 * most], tangent[9 * most], estimate[most];
  static int health[most];
  understudy_model *model;
  int n_numbers = 0;
  if (argc != 2)
    return 64;
  if (understudy_load(argv[1], &model) != UNDERSTUDY_OK)
  {
    fprintf(stderr, "%s\n", understudy_error());
    return 1;
  }
  while (n_numbers < 3 * most && scanf("%lf", &strain[n_numbers]) == 1)
    ++n_numbers;
  const int n = n_numbers / 3;
  if (understudy_evaluate(model, n, strain, stress, tangent, health, estimate, NULL) !=
      UNDERSTUDY_OK)
  {
    fprintf(stderr, "%s\n", understudy_error());
    return 1;
  }
  for (int p = 0; p < n; ++p)
  {
    for (int i = 0; i < 3; ++i)
      printf("%a ", stress[3 * p + i]);
    for (int i = 0; i < 9; ++i)
      printf("%a ", tangent[9 * p + i]);
    printf("%d %a\n", health[p], estimate[p]);
  }
  understudy_free(model);
  return 0;
}
