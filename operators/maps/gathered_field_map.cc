// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/message.h>
#include <operators/maps/gathered_field_map.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace understudy
{
namespace
{
int n_ranks_in(MPI_Comm comm)
{
  int n = 1;
  MPI_Comm_size(comm, &n);
  return n;
}

/// Messages of given lengths, one after the other in one block.
struct Block
{
  std::string bytes;
  std::vector<int> sizes, begins;

  explicit Block(const std::vector<long long> &lengths)
  {
    const long long total = std::accumulate(lengths.begin(), lengths.end(), 0LL);
    if (total > std::numeric_limits<int>::max())
      throw UserError("A field that goes to one rank, or comes from it, has more than 2 GiB.");
    bytes.resize(static_cast<std::size_t>(total));
    int begin = 0;
    for (const long long length : lengths)
    {
      sizes.push_back(static_cast<int>(length));
      begins.push_back(begin);
      begin += sizes.back();
    }
  }
};

/// The messages of all ranks, on rank @p root. Collective.
std::vector<std::string> gather(MPI_Comm comm, int root, const std::string &mine)
{
  const bool here = rank_in(comm) == root;
  const auto length = static_cast<long long>(mine.size());
  std::vector<long long> lengths(here ? n_ranks_in(comm) : 0);
  MPI_Gather(&length, 1, MPI_LONG_LONG, lengths.data(), 1, MPI_LONG_LONG, root, comm);
  std::unique_ptr<Block> block;
  on_all_ranks(comm, [&] { block = std::make_unique<Block>(lengths); });
  MPI_Gatherv(mine.data(), static_cast<int>(length), MPI_CHAR, block->bytes.data(),
              block->sizes.data(), block->begins.data(), MPI_CHAR, root, comm);
  std::vector<std::string> all;
  on_all_ranks(comm,
               [&]
               {
                 for (std::size_t r = 0; r < block->sizes.size(); ++r)
                   all.push_back(block->bytes.substr(block->begins[r], block->sizes[r]));
               });
  return all;
}

/// The message for this rank of those that rank @p root has for all. Collective.
std::string scatter(MPI_Comm comm, int root, const std::vector<std::string> &messages)
{
  std::vector<long long> lengths;
  std::unique_ptr<Block> block;
  on_all_ranks(comm,
               [&]
               {
                 for (const auto &message : messages)
                   lengths.push_back(static_cast<long long>(message.size()));
                 block = std::make_unique<Block>(lengths);
                 for (std::size_t r = 0; r < messages.size(); ++r)
                   std::ranges::copy(messages[r], block->bytes.begin() + block->begins[r]);
               });
  long long length = 0;
  MPI_Scatter(lengths.data(), 1, MPI_LONG_LONG, &length, 1, MPI_LONG_LONG, root, comm);
  std::string mine;
  on_all_ranks(comm, [&] { mine.resize(static_cast<std::size_t>(length)); });
  MPI_Scatterv(block->bytes.data(), block->sizes.data(), block->begins.data(), MPI_CHAR,
               mine.data(), static_cast<int>(length), MPI_CHAR, root, comm);
  return mine;
}

std::vector<double> pick(const std::vector<double> &all, const std::vector<unsigned> &places)
{
  std::vector<double> values;
  if (all.empty())
    return values;
  values.reserve(places.size());
  for (const unsigned place : places)
    values.push_back(all[place]);
  return values;
}

/// The answer as the owner of the nodes at @p places gets it.
std::string pack_answer(const FieldAnswer &answer, const std::vector<unsigned> &places)
{
  MessageWriter writer;
  writer.put(answer.health);
  writer.put_text(answer.reason);
  if (!answer.has_values())
    return writer.bytes();
  for (const auto &scalar : answer.scalars)
  {
    writer.put(scalar.mean);
    writer.put(scalar.deviation);
  }
  for (const auto &field : answer.fields)
  {
    writer.put_list(pick(field.mean, places));
    writer.put_list(pick(field.deviation, places));
  }
  return writer.bytes();
}

/// The outputs with their names and nothing in them.
FieldAnswer empty_answer(const FieldMapInfo &info)
{
  FieldAnswer answer;
  for (const Quantity &quantity : info.output_fields)
    answer.fields.push_back({quantity, {}, {}});
  for (const Quantity &quantity : info.output_scalars)
  {
    answer.scalars.emplace_back();
    answer.scalars.back().quantity = quantity;
  }
  return answer;
}

FieldAnswer unpack_answer(const FieldMapInfo &info, const std::string &message)
{
  MessageReader reader(message);
  FieldAnswer answer = empty_answer(info);
  answer.health = reader.get<Health>();
  answer.reason = reader.get_text();
  if (!answer.has_values())
    return no_answer(answer.health, answer.reason);
  for (auto &scalar : answer.scalars)
  {
    scalar.mean = reader.get<double>();
    scalar.deviation = reader.get<double>();
  }
  for (auto &field : answer.fields)
  {
    field.mean = reader.get_list<double>();
    field.deviation = reader.get_list<double>();
  }
  return answer;
}

bool finite(const std::vector<double> &values)
{
  return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
}

/// The name of the first output with a value that is not finite; empty when there is none.
std::string broken_output(const FieldMapInfo &info, const FieldAnswer &answer)
{
  for (const auto &field : answer.fields)
    if (!finite(field.mean) || !finite(field.deviation))
      return field.quantity.name;
  for (const auto &scalar : answer.scalars)
    if (!std::isfinite(scalar.mean) || (info.has_deviation && !std::isfinite(scalar.deviation)))
      return scalar.quantity.name;
  return {};
}
} // namespace

/// The answer at all nodes.
FieldAnswer GatheredFieldMap::answer_to(const QuestionAssembly &assembly) const
{
  if (const std::string reason = assembly.not_finite(); !reason.empty())
    return no_answer(Health::not_finite, reason);
  const std::size_t n = assembly.question().n_nodes;
  FieldAnswer answer = empty_answer(info());
  predict(assembly.question(), answer);
  if (!answer.has_values())
    return no_answer(answer.health, answer.reason);
  for (const auto &field : answer.fields)
    if (field.mean.size() != n || field.deviation.size() != (info().has_deviation ? n : 0))
      throw std::logic_error("'" + info().name + "' gave no complete field '" +
                             field.quantity.name + "'.");
  if (const std::string name = broken_output(info(), answer); !name.empty())
    return no_answer(Health::not_converged,
                     "'" + info().name + "' gave values of '" + name + "' that are not finite.");
  return answer;
}

void GatheredFieldMap::evaluate(const FieldQuery &query, FieldAnswer &answer)
{
  std::vector<FieldAnswer> answers;
  evaluate_all({&query, 1}, answers);
  answer = std::move(answers.front());
}

void GatheredFieldMap::evaluate_all(std::span<const FieldQuery> queries,
                                    std::vector<FieldAnswer> &answers)
{
  const std::size_t n = queries.size();
  long long numbers[2] = {static_cast<long long>(n), -static_cast<long long>(n)};
  MPI_Allreduce(MPI_IN_PLACE, numbers, 2, MPI_LONG_LONG, MPI_MAX, comm_);
  if (numbers[0] != -numbers[1])
    throw UserError("'" + info().name + "' was asked more questions by one rank than by another.");

  std::vector<std::string> parts(n);
  on_all_ranks(comm_,
               [&]
               {
                 for (std::size_t q = 0; q < n; ++q)
                 {
                   check_query(info(), queries[q]);
                   parts[q] = pack_question(info(), queries[q]);
                 }
               });
  answers.clear();
  if (sharing_ == Sharing::questions)
    answer_in_turns(std::move(parts), answers);
  else
    for (const std::string &part : parts)
      answers.push_back(answer_together(part));
}

void GatheredFieldMap::answer_in_turns(std::vector<std::string> parts,
                                       std::vector<FieldAnswer> &answers) const
{
  const int n_ranks = n_ranks_in(comm_), rank = rank_in(comm_);
  const std::size_t n = parts.size();
  const auto rank_for = [n_ranks](std::size_t q) { return static_cast<int>(q % n_ranks); };
  std::vector<std::vector<std::string>> here(n); // for each question that is answered here
  for (std::size_t q = 0; q < n; ++q)
  {
    here[q] = gather(comm_, rank_for(q), parts[q]);
    parts[q] = {};
  }
  on_all_ranks(comm_,
               [&]
               {
                 for (std::size_t q = rank; q < n; q += n_ranks)
                 {
                   const QuestionAssembly assembly(info(), here[q]);
                   const FieldAnswer answer = answer_to(assembly);
                   for (int r = 0; r < n_ranks; ++r)
                     here[q][r] = pack_answer(answer, assembly.places(r));
                 }
               });
  for (std::size_t q = 0; q < n; ++q)
    parts[q] = scatter(comm_, rank_for(q), here[q]);
  on_all_ranks(comm_,
               [&]
               {
                 for (const auto &part : parts)
                   answers.push_back(unpack_answer(info(), part));
               });
}

FieldAnswer GatheredFieldMap::answer_together(const std::string &part) const
{
  const int n_ranks = n_ranks_in(comm_), rank = rank_in(comm_);
  std::vector<std::string> all;
  for (int root = 0; root < n_ranks; ++root)
    if (auto gathered = gather(comm_, root, part); root == rank)
      all = std::move(gathered);
  std::unique_ptr<const QuestionAssembly> assembly;
  on_all_ranks(comm_, [&] { assembly = std::make_unique<const QuestionAssembly>(info(), all); });
  const FieldAnswer answer = answer_to(*assembly); // the same on all ranks
  FieldAnswer mine;
  on_all_ranks(comm_,
               [&]
               {
                 mine = unpack_answer(
                   info(), pack_answer(answer, assembly->places(static_cast<unsigned>(rank))));
               });
  return mine;
}
} // namespace understudy
