// SPDX-License-Identifier: LGPL-2.1-or-later
// usage: consumer_cpp MODEL < STRAINS: reads and prints what consumer_c.c does.
#include <cstdio>
#include <understudy.hpp>

int main(int, char **argv)
{
  understudy::Model model(argv[1]);
  std::vector<double> strains;
  for (double value; std::scanf("%lf", &value) == 1;)
    strains.push_back(value);
  const auto answer = model.evaluate(strains);
  for (std::size_t p = 0; p < answer.health.size(); ++p)
  {
    for (std::size_t i = 0; i < 3; ++i)
      std::printf("%a ", answer.outputs[3 * p + i]);
    for (std::size_t i = 0; i < 9; ++i)
      std::printf("%a ", answer.tangent[9 * p + i]);
    std::printf("%d %a\n", answer.health[p], answer.error_estimate[p]);
  }
}
