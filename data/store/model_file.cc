// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <data/store/strict_json.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

namespace understudy
{
// Tensors are copied to and from the file as they stand in memory.
static_assert(std::endian::native == std::endian::little, "model files are little-endian");

namespace
{
using Json = nlohmann::json;

constexpr std::size_t max_header = 100'000'000; // bytes, as in the reference implementation
const std::string metadata_key = "__metadata__";
const std::string meta_entry = "understudy";
const std::string hash_entry = "understudy_sha256";

struct Tensor
{
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

/// What the header says of one tensor.
struct Record
{
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t begin = 0, end = 0; ///< bytes behind the header
  std::size_t width = 8;          ///< bytes per value: 8 for F64, 4 for F32
};

void hash_number(Sha256 &sha, const std::uint64_t number)
{
  sha.update(std::as_bytes(std::span(&number, 1)));
}

/// Every part is preceded by its length, so that no two sets of tensors give the same bytes.
void hash_tensors(Sha256 &sha, const std::map<std::string, Tensor> &tensors)
{
  hash_number(sha, tensors.size());
  for (const auto &[name, tensor] : tensors)
  {
    hash_number(sha, name.size());
    sha.update(name);
    hash_number(sha, tensor.shape.size());
    for (const std::size_t n : tensor.shape)
      hash_number(sha, n);
    sha.update(std::as_bytes(std::span(tensor.values)));
  }
}

std::string content_hash(const std::map<std::string, Tensor> &tensors, const std::string &meta)
{
  Sha256 sha;
  hash_tensors(sha, tensors);
  sha.update(meta);
  return sha.hex();
}

std::string quoted(const std::string &name)
{
  return "tensor '" + name + "'";
}

/// The header as text, and where the tensors begin.
std::pair<std::string, std::size_t> split_header(const std::string &bytes)
{
  std::uint64_t length = 0;
  if (bytes.size() < sizeof(length))
    throw JsonRefusal("it is shorter than the 8 bytes of its header length");
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > max_header)
    throw JsonRefusal("its header length of " + std::to_string(length) + " bytes exceeds 100 MB");
  if (length > bytes.size() - sizeof(length))
    throw JsonRefusal("its header length of " + std::to_string(length) + " bytes exceeds the file");
  return {bytes.substr(sizeof(length), length), sizeof(length) + length};
}

Record read_record(const std::string &name, const Json &entry, const std::size_t payload)
{
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry.contains("shape") || !entry.contains("data_offsets"))
    throw JsonRefusal(quoted(name) + " has other entries than dtype, shape and data_offsets");
  Record record;
  record.name = name;
  const Json &dtype = entry["dtype"];
  if (dtype != "F64" && dtype != "F32")
    throw JsonRefusal(quoted(name) + " has the dtype " + json_text(dtype) +
                      ", only F64 and F32 are known");
  record.width = dtype == "F64" ? 8 : 4;
  record.shape = to_counts(entry["shape"], "the shape of " + quoted(name));
  const std::vector<std::size_t> range =
    to_counts(entry["data_offsets"], "the range of " + quoted(name));
  if (range.size() != 2 || range[0] > range[1] || range[1] > payload)
    throw JsonRefusal("the range " + shape_text(range) + " of " + quoted(name) +
                      " does not lie within the " + std::to_string(payload) +
                      " bytes of tensors; the file may be truncated");
  record.begin = range[0];
  record.end = range[1];
  if (checked_product(record.shape, quoted(name)) * record.width != record.end - record.begin)
    throw JsonRefusal("the shape " + shape_text(record.shape) + " of " + quoted(name) +
                      " does not fill its " + std::to_string(record.end - record.begin) + " bytes");
  return record;
}

/// Ranges must follow one another without gap or overlap and fill the payload.
void check_ranges(std::vector<Record> &records, const std::size_t payload)
{
  std::sort(records.begin(), records.end(),
            [](const Record &a, const Record &b)
            { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::size_t place = 0;
  for (const Record &record : records)
  {
    if (record.begin != place)
      throw JsonRefusal("the range of " + quoted(record.name) +
                        (record.begin < place ? " overlaps another tensor"
                                              : " leaves a gap of unused bytes before it"));
    place = record.end;
  }
  if (place != payload)
    throw JsonRefusal(std::to_string(payload - place) + " bytes at its end belong to no tensor");
}

Tensor read_tensor(const Record &record, const char *payload)
{
  Tensor tensor{record.shape, std::vector<double>((record.end - record.begin) / record.width)};
  if (record.width == 8 && !tensor.values.empty())
    std::memcpy(tensor.values.data(), payload + record.begin, record.end - record.begin);
  else if (record.width == 4)
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
    {
      float value = 0;
      std::memcpy(&value, payload + record.begin + 4 * i, 4);
      tensor.values[i] = static_cast<double>(value);
    }
  for (const double value : tensor.values)
    if (!std::isfinite(value))
      throw JsonRefusal(quoted(record.name) + " has a value that is not finite");
  return tensor;
}

std::string metadata_text(const Json &header, const std::string &key)
{
  const auto metadata = header.find(metadata_key);
  if (metadata == header.end() || !metadata->is_object() || !metadata->contains(key) ||
      !(*metadata)[key].is_string())
    throw JsonRefusal("it was not written by this program (no entry '" + key +
                      "' in its metadata)");
  return (*metadata)[key].get<std::string>();
}

void parse(const std::string &bytes, std::map<std::string, Tensor> &tensors, Json &meta)
{
  const auto [text, start] = split_header(bytes);
  const Json header = parse_strictly(text);
  const std::size_t payload = bytes.size() - start;
  std::vector<Record> records;
  for (const auto &[name, entry] : header.items())
    if (name != metadata_key)
      records.push_back(read_record(name, entry, payload));
  check_ranges(records, payload);
  const std::string meta_text = metadata_text(header, meta_entry);
  const std::string stored_hash = metadata_text(header, hash_entry);
  for (const Record &record : records)
    tensors.emplace(record.name, read_tensor(record, bytes.data() + start));
  if (content_hash(tensors, meta_text) != stored_hash)
    throw JsonRefusal("its contents differ from its SHA-256, so it was damaged or edited");
  meta = parse_strictly(meta_text);
}
} // namespace

struct ModelFile::Data
{
  std::map<std::string, Tensor> tensors;
  Json meta = Json::object();
  mutable std::string path;

  std::string label() const { return path.empty() ? "The model" : "Model file '" + path + "'"; }

  const Tensor &find(const std::string &name) const
  {
    const auto it = tensors.find(name);
    if (it != tensors.end())
      return it->second;
    std::vector<std::string> known;
    for (const auto &entry : tensors)
      known.push_back(entry.first);
    throw UserError(label() + " has no " + quoted(name) + suggestion(name, known) + ".");
  }
};

ModelFile::ModelFile() : data_(std::make_unique<Data>()) {}
ModelFile::~ModelFile() = default;
ModelFile::ModelFile(const ModelFile &other) : data_(std::make_unique<Data>(*other.data_)) {}
ModelFile::ModelFile(ModelFile &&) noexcept = default;
ModelFile &ModelFile::operator=(ModelFile &&) noexcept = default;
ModelFile &ModelFile::operator=(const ModelFile &other)
{
  *data_ = *other.data_;
  return *this;
}

void ModelFile::add(const std::string &name, std::vector<std::size_t> shape,
                    std::vector<double> values)
{
  if (name == metadata_key)
    throw UserError("A tensor cannot be called '" + name + "': the file format owns that name.");
  std::size_t product = 1;
  for (const std::size_t n : shape)
    product *= n;
  if (product != values.size())
    throw UserError("The " + quoted(name) + " of shape " + shape_text(shape) + " was given " +
                    std::to_string(values.size()) + " values.");
  if (!std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); }))
    throw UserError("The " + quoted(name) + " has a value that is not finite.");
  data_->tensors[name] = Tensor{std::move(shape), std::move(values)};
}

bool ModelFile::has(const std::string &name) const
{
  return data_->tensors.count(name) != 0;
}

const std::vector<double> &ModelFile::tensor(const std::string &name,
                                             const std::vector<std::size_t> &expected_shape) const
{
  const Tensor &found = data_->find(name);
  if (found.shape != expected_shape)
    throw UserError(data_->label() + " has a " + quoted(name) + " of shape " +
                    shape_text(found.shape) + " where " + shape_text(expected_shape) +
                    " is expected.");
  return found.values;
}

const std::vector<std::size_t> &ModelFile::shape(const std::string &name) const
{
  return data_->find(name).shape;
}

std::vector<std::string> ModelFile::names() const
{
  std::vector<std::string> all;
  for (const auto &entry : data_->tensors)
    all.push_back(entry.first);
  return all;
}

Json &ModelFile::meta()
{
  return data_->meta;
}
const Json &ModelFile::meta() const
{
  return data_->meta;
}
const std::string &ModelFile::path() const
{
  return data_->path;
}

std::string ModelFile::to_bytes() const
{
  const std::string meta = json_text(data_->meta);
  Json header;
  header[metadata_key] = {{meta_entry, meta}, {hash_entry, content_hash(data_->tensors, meta)}};
  std::size_t place = 0;
  for (const auto &[name, tensor] : data_->tensors)
  {
    const std::size_t end = place + 8 * tensor.values.size();
    header[name] = {
      {"dtype", "F64"}, {"shape", tensor.shape}, {"data_offsets", std::vector{place, end}}};
    place = end;
  }
  std::string text = json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' '); // tensors start aligned
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char *>(&length), sizeof(length));
  bytes += text;
  for (const auto &entry : data_->tensors)
  {
    const std::vector<double> &values = entry.second.values;
    bytes.append(reinterpret_cast<const char *>(values.data()), 8 * values.size());
  }
  return bytes;
}

void ModelFile::write(const std::string &path) const
{
  write_file_atomically(path, to_bytes());
  data_->path = path;
}

ModelFile ModelFile::from_bytes(const std::string &bytes, const std::string &path)
{
  ModelFile file;
  file.data_->path = path;
  try
  {
    parse(bytes, file.data_->tensors, file.data_->meta);
  }
  catch (const JsonRefusal &refusal)
  {
    throw UserError("Model file '" + path + "' is refused: " + refusal.what() + ".");
  }
  return file;
}

ModelFile ModelFile::read(const std::string &path)
{
  return from_bytes(read_file(path), path);
}

std::string ModelFile::tensor_hash() const
{
  Sha256 sha;
  hash_tensors(sha, data_->tensors);
  return sha.hex();
}
} // namespace understudy
