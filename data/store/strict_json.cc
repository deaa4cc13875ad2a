// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/store/strict_json.h>

#include <set>
#include <vector>

namespace understudy
{
nlohmann::json parse_strictly(std::string_view text, std::size_t max_depth)
{
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> keys; // of the objects that are open
  const auto watch = [&](int depth, Json::parse_event_t event, Json &parsed)
  {
    if (static_cast<std::size_t>(depth) > max_depth)
      throw JsonRefusal("its JSON is nested deeper than " + std::to_string(max_depth) + " levels");
    if (event == Json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == Json::parse_event_t::object_end)
      keys.pop_back();
    else if (event == Json::parse_event_t::key &&
             !keys.back().insert(parsed.get<std::string>()).second)
      throw JsonRefusal("its JSON has the key '" + parsed.get<std::string>() + "' twice");
    return true;
  };
  Json value;
  try
  {
    value = Json::parse(text, watch);
  }
  catch (const Json::parse_error &error)
  {
    throw JsonRefusal("it is not JSON (error at byte " + std::to_string(error.byte) + ")");
  }
  catch (const Json::exception &) // e.g. a number beyond the range of double
  {
    throw JsonRefusal("it is not JSON (a number is out of range)");
  }
  if (!value.is_object())
    throw JsonRefusal("its JSON is not an object");
  return value;
}

std::size_t to_count(const nlohmann::json &value, const std::string &what)
{
  if (!value.is_number_unsigned())
    throw JsonRefusal(what + " is not a whole number >= 0");
  return value.get<std::size_t>();
}

std::vector<std::size_t> to_counts(const nlohmann::json &value, const std::string &what)
{
  if (!value.is_array())
    throw JsonRefusal(what + " is not a list");
  std::vector<std::size_t> counts;
  for (const auto &entry : value)
    counts.push_back(to_count(entry, what));
  return counts;
}

std::size_t checked_product(const std::vector<std::size_t> &shape, const std::string &what)
{
  constexpr std::size_t limit = std::size_t(1) << 48;
  std::size_t product = 1;
  bool empty = false;
  for (const std::size_t n : shape)
  {
    empty = empty || n == 0;
    if (n != 0 && product > limit / n)
      throw JsonRefusal("the shape " + shape_text(shape) + " of " + what + " is too large");
    product *= n == 0 ? 1 : n;
  }
  return empty ? 0 : product;
}

std::string shape_text(const std::vector<std::size_t> &shape)
{
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

std::string json_text(const nlohmann::json &value, int indent)
{
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}
} // namespace understudy
