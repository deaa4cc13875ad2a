// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/macro_fields.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

namespace understudy
{
namespace
{
constexpr char format_word[] = "understudy macro fields 2\n";

template <class T>
void append(std::vector<char> &bytes, const T &value)
{
  static_assert(std::is_trivially_copyable_v<T>);
  const auto *begin = reinterpret_cast<const char *>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(T));
}

void append_text(std::vector<char> &bytes, const std::string &text)
{
  append(bytes, static_cast<std::uint64_t>(text.size()));
  bytes.insert(bytes.end(), text.begin(), text.end());
}

/// Reads values one after another and never beyond the end.
class Reader
{
public:
  Reader(const std::vector<char> &bytes, const std::string &source) : bytes_(bytes), source_(source)
  {
  }

  template <class T>
  T value()
  {
    T result;
    std::memcpy(&result, take(sizeof(T)), sizeof(T));
    return result;
  }

  std::string text()
  {
    const auto size = value<std::uint64_t>();
    return std::string(take(size), size);
  }

  const char *take(std::uint64_t size)
  {
    if (size > bytes_.size() - position_)
      refuse();
    position_ += size;
    return bytes_.data() + position_ - size;
  }

  [[noreturn]] void refuse() const
  {
    throw UserError("'" + source_ + "' does not hold complete macro fields of this version.");
  }
  bool at_end() const { return position_ == bytes_.size(); }

private:
  const std::vector<char> &bytes_;
  const std::string &source_;
  std::size_t position_ = 0;
};

/// The numbers of a cell without its id.
struct CellNumbers
{
  decltype(MacroCell::node_position) node_position;
  decltype(MacroCell::node_displacement) node_displacement;
  decltype(MacroCell::points) points;
};

/// Byte strings of all ranks on rank 0, in the order of the ranks. Collective.
std::vector<std::vector<char>> gather_bytes(const std::vector<char> &mine, MPI_Comm comm)
{
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int size = static_cast<int>(mine.size());
  std::vector<int> sizes(n_ranks), offsets(n_ranks + 1, 0);
  MPI_Gather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, 0, comm);
  if (rank == 0)
    std::partial_sum(sizes.begin(), sizes.end(), offsets.begin() + 1);
  std::vector<char> all(rank == 0 ? offsets.back() : 0);
  MPI_Gatherv(mine.data(), size, MPI_CHAR, all.data(), sizes.data(), offsets.data(), MPI_CHAR, 0,
              comm);
  std::vector<std::vector<char>> parts;
  for (int r = 0; rank == 0 && r < n_ranks; ++r)
    parts.emplace_back(all.begin() + offsets[r], all.begin() + offsets[r + 1]);
  return parts;
}

bool on_every_rank(bool good, MPI_Comm comm)
{
  int all = good ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_MIN, comm);
  return all == 1;
}

void sort_cells(MacroFields &fields)
{
  std::sort(fields.cells.begin(), fields.cells.end(),
            [](const MacroCell &a, const MacroCell &b) { return a.id < b.id; });
}
} // namespace

const MacroCell *find_cell(const MacroFields &fields, const std::string &id)
{
  const auto cell =
    std::lower_bound(fields.cells.begin(), fields.cells.end(), id,
                     [](const MacroCell &a, const std::string &b) { return a.id < b; });
  return cell != fields.cells.end() && cell->id == id ? &*cell : nullptr;
}

std::vector<char> pack(const MacroFields &fields)
{
  std::vector<char> bytes;
  append_text(bytes, format_word);
  append(bytes, fields.load_factor);
  append(bytes, static_cast<std::uint64_t>(fields.answerers.size()));
  for (const auto &name : fields.answerers)
    append_text(bytes, name);
  append(bytes, static_cast<std::uint64_t>(fields.cells.size()));
  for (const auto &cell : fields.cells)
  {
    append_text(bytes, cell.id);
    CellNumbers numbers;
    std::memset(static_cast<void *>(&numbers), 0, sizeof(numbers)); // equal fields, equal bytes
    numbers = {cell.node_position, cell.node_displacement, cell.points};
    append(bytes, numbers);
  }
  return bytes;
}

MacroFields unpack(const std::vector<char> &bytes, const std::string &source)
{
  Reader reader(bytes, source);
  if (reader.text() != format_word)
    reader.refuse();
  MacroFields fields;
  fields.load_factor = reader.value<double>();
  for (auto n = reader.value<std::uint64_t>(); n > 0; --n)
    fields.answerers.push_back(reader.text());
  for (auto n = reader.value<std::uint64_t>(); n > 0; --n)
  {
    MacroCell cell;
    cell.id = reader.text();
    const auto numbers = reader.value<CellNumbers>();
    cell.node_position = numbers.node_position;
    cell.node_displacement = numbers.node_displacement;
    cell.points = numbers.points;
    fields.cells.push_back(cell);
  }
  if (!reader.at_end())
    reader.refuse();
  return fields;
}

MacroFields gather(const MacroFields &fields, MPI_Comm comm)
{
  MacroFields all = fields;
  all.cells.clear();
  for (const auto &part : gather_bytes(pack(fields), comm))
    for (const auto &cell : unpack(part, "another rank").cells)
      all.cells.push_back(cell);
  sort_cells(all);
  return all;
}

MacroFields distribute(const MacroFields &on_root, const MacroFields &owned, MPI_Comm comm)
{
  MacroFields pattern = owned;
  pattern.answerers.clear();
  const auto requests = gather_bytes(pack(pattern), comm);
  std::map<std::string, const MacroCell *> known;
  for (const auto &cell : on_root.cells)
    known[cell.id] = &cell;

  std::vector<int> sizes, offsets;
  std::vector<char> all;
  std::size_t found = 0;
  bool complete = true;
  for (const auto &request : requests)
  {
    MacroFields part = unpack(request, "another rank");
    part.load_factor = on_root.load_factor;
    part.answerers = on_root.answerers;
    for (auto &cell : part.cells)
      if (const auto entry = known.find(cell.id); entry != known.end())
      {
        cell = *entry->second;
        ++found;
      }
      else
        complete = false;
    const auto bytes = pack(part);
    offsets.push_back(static_cast<int>(all.size()));
    sizes.push_back(static_cast<int>(bytes.size()));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  if (!on_every_rank(rank != 0 || (complete && found == on_root.cells.size()), comm))
    throw UserError(
      "The macro fields belong to another mesh: their cells are not those of this run.");
  int size = 0;
  MPI_Scatter(sizes.data(), 1, MPI_INT, &size, 1, MPI_INT, 0, comm);
  std::vector<char> mine(size);
  MPI_Scatterv(all.data(), sizes.data(), offsets.data(), MPI_CHAR, mine.data(), size, MPI_CHAR, 0,
               comm);
  return unpack(mine, "rank 0");
}

MacroDifference compare(const MacroFields &fields, const MacroFields &reference, MPI_Comm comm)
{
  bool same = fields.cells.size() == reference.cells.size();
  for (std::size_t i = 0; same && i < fields.cells.size(); ++i)
    same = fields.cells[i].id == reference.cells[i].id;
  if (!on_every_rank(same, comm))
    throw UserError("The macro fields belong to different meshes and cannot be compared.");

  // Squared differences, then squared references: displacement, strain, stress, Sxx, Syy, Sxy.
  std::array<std::array<double, 6>, 2> sums{};
  for (std::size_t i = 0; i < fields.cells.size(); ++i)
    for (unsigned q = 0; q < MacroCell::n_points; ++q)
    {
      const MacroPoint &a = fields.cells[i].points[q], &b = reference.cells[i].points[q];
      const auto add = [&](unsigned row, double x, double y)
      {
        sums[0][row] += b.weight * (x - y) * (x - y);
        sums[1][row] += b.weight * y * y;
      };
      for (unsigned c = 0; c < 2; ++c)
        add(0, a.displacement[c], b.displacement[c]);
      for (unsigned c = 0; c < 3; ++c)
      {
        add(1, a.strain[c], b.strain[c]);
        add(2, a.stress[c], b.stress[c]);
        add(3 + c, a.stress[c], b.stress[c]);
      }
    }
  MPI_Allreduce(MPI_IN_PLACE, sums.data(), 12, MPI_DOUBLE, MPI_SUM, comm);
  const auto ratio = [&](unsigned row)
  { return sums[0][row] == 0. ? 0. : std::sqrt(sums[0][row] / sums[1][row]); };
  return {ratio(0), ratio(1), ratio(2), {{ratio(3), ratio(4), ratio(5)}}};
}
} // namespace understudy
