// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/command_line.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>

namespace understudy
{
namespace
{
bool belongs_to_petsc(const std::string &word)
{
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && word[1] != 'D' &&
         std::isalpha(static_cast<unsigned char>(word[1]));
}

bool is_case(const std::string &word)
{
  return word.size() > 4 && word.substr(word.size() - 4) == ".prm";
}

/// Moves the words of PETSc from @p words to @p line.
void take_petsc_words(std::vector<std::string> &words, CommandLine &line)
{
  std::vector<std::string> ours;
  for (std::size_t i = 0; i < words.size(); ++i)
  {
    if (!belongs_to_petsc(words[i]))
    {
      ours.push_back(words[i]);
      continue;
    }
    // A number may be negative; a name of a case is never the value of an option.
    const bool has_value = i + 1 < words.size() && !is_case(words[i + 1]) &&
                           !belongs_to_petsc(words[i + 1]) && words[i + 1].rfind("--", 0) != 0 &&
                           words[i + 1].rfind("-D", 0) != 0;
    if (words[i] == "-options_file")
    {
      if (!has_value)
        throw UserError("-options_file needs the name of a file.");
      line.petsc_files.push_back(words[++i]);
      continue;
    }
    line.for_petsc.push_back(words[i]);
    if (has_value)
      line.for_petsc.push_back(words[++i]);
  }
  words = ours;
}

/// Refuses a first word that is neither a command nor a case, for CLI11 takes it for a case.
void check_command(const std::vector<std::string> &words)
{
  static const std::vector<std::string> commands = {"describe", "evaluate", "inspect", "list"};
  if (words.empty() || words[0].empty() || words[0][0] == '-' || is_case(words[0]) ||
      std::ranges::find(commands, words[0]) != commands.end() ||
      std::filesystem::exists(words[0]) || nearest_name(words[0], commands).empty())
    return;
  throw UserError("There is no command or case file '" + words[0] + "'" +
                  suggestion(words[0], commands) + ".");
}

/// Refuses a flag that no command has.
void check_flags(const std::vector<std::string> &words, const std::vector<std::string> &known)
{
  for (const auto &word : words)
    if (word.rfind("--", 0) == 0)
    {
      const auto flag = word.substr(0, word.find('='));
      if (word.back() == '=')
        throw UserError("Nothing follows '" + word + "'.");
      if (std::find(known.begin(), known.end(), flag) == known.end())
        throw UserError("There is no flag '" + flag + "'" + suggestion(flag, known) + ".");
    }
}

/// The names between the commas.
std::vector<std::string> stage_names(const std::string &list)
{
  std::vector<std::string> names;
  for (std::size_t start = 0; !list.empty() && start <= list.size();)
  {
    const auto end = std::min(list.find(',', start), list.size());
    names.push_back(list.substr(start, end - start));
    if (names.back().empty())
      throw UserError("A name is missing between the commas of '--stages " + list + "'.");
    start = end + 1;
  }
  return names;
}

/// The commands and flags, bound to the members of a CommandLine.
class Parser
{
public:
  explicit Parser(CommandLine &line) : line_(line)
  {
    app_.set_help_flag("--help", "print this and end");
    app_.add_flag("--version", version_, "print the versions of all libraries and end");
    app_.require_subcommand(0, 1);
    app_.footer("Words with one dash are options of PETSc, e.g. -macro_ksp_type gmres.");
    add_case(app_, "CASE.prm", false);
    app_.add_flag("--validate", line.validate, "check the case and end");
    app_.add_option("--stages", stages_, "run only these, separated by commas");
    app_.add_flag("--force", line.force, "run stages although they are up to date");
    app_.add_flag("--resume", resume_,
                  "go on from checkpoints, and fail where one is there that cannot be used");
    app_.add_flag(
      "--fresh", fresh_,
      "begin anew what was broken off: remove checkpoints instead of going on from them");
    app_.add_flag("--quiet", line.quiet, "print only warnings and the last lines");
    add_describe();
    add_list();
    add_inspect();
    add_evaluate();
  }

  void parse(const std::vector<std::string> &words)
  {
    try
    {
      std::vector<std::string> reversed(words.rbegin(), words.rend());
      app_.parse(reversed);
      finish();
    }
    catch (const CLI::CallForHelp &)
    {
      line_.command = CommandLine::Command::help;
      line_.text = app_.help();
    }
    catch (const CLI::ParseError &error)
    {
      throw UserError("The command line is not understood: " + std::string(error.what()) +
                      " (understudy --help explains it).");
    }
  }

  static std::vector<std::string> flags()
  {
    return {"--closure", "--family",   "--force",    "--fresh",  "--help", "--input",
            "--json",    "--markdown", "--output",   "--plaid",  "--prm",  "--quiet",
            "--resume",  "--stages",   "--validate", "--version"};
  }

private:
  void add_case(CLI::App &app, const std::string &name, bool required)
  {
    app.add_option(name, file_, "the case")->required(required);
    app.add_option("-D", line_.overrides, "Section/Key=value: overrides an entry of the case")
      ->allow_extra_args(false);
  }

  void add_describe()
  {
    describe_ = app_.add_subcommand("describe", "list the entries of case files");
    describe_->add_option("Section", line_.section, "only this section");
    describe_->add_flag("--markdown", markdown_, "as a table in Markdown");
    describe_->add_flag("--json", json_, "as JSON");
    describe_->add_flag("--prm", prm_, "as a case that can be run");
    describe_->add_option("--family", line_.family, "family of cases");
  }

  void add_list()
  {
    list_ = app_.add_subcommand("list", "list closures and solvers");
    list_->add_option("--family", line_.family, "family of cases");
  }

  void add_inspect()
  {
    inspect_ = app_.add_subcommand("inspect", "show and verify a data set or a model");
    inspect_
      ->add_option("FILE", file_,
                   "model file, or folder, manifest or shard of a data set, or folder or file in "
                   "the layout of The Well")
      ->required();
    inspect_->add_flag("--plaid", line_.plaid, "what a data set has and lacks of the format PLAID");
  }

  void add_evaluate()
  {
    evaluate_ = app_.add_subcommand("evaluate", "ask a closure of a case at given points");
    add_case(*evaluate_, "CASE.prm", true);
    evaluate_->add_option("--closure", line_.closure, "name of the closure")->required();
    evaluate_->add_option("--input", input_, ".csv file with a header row of inputs")->required();
    evaluate_->add_option("--output", output_, ".csv file to write")->required();
    evaluate_->add_flag("--quiet", line_.quiet, "print only warnings and the last lines");
  }

  void finish()
  {
    using Command = CommandLine::Command;
    line_.file = file_;
    line_.input = input_;
    line_.output = output_;
    line_.stages = stage_names(stages_);
    if (resume_ && fresh_)
      throw UserError(
        "--resume goes on from a checkpoint and --fresh removes it: give one of them.");
    line_.resume = resume_  ? ResumeMode::resume
                   : fresh_ ? ResumeMode::fresh
                            : ResumeMode::automatic;
    if (version_)
      line_.command = Command::version;
    else if (describe_->parsed())
      line_.command = Command::describe;
    else if (list_->parsed())
      line_.command = Command::list;
    else if (inspect_->parsed())
      line_.command = Command::inspect;
    else if (evaluate_->parsed())
      line_.command = Command::evaluate;
    else if (!file_.empty())
      line_.command = Command::run;
    else
      throw UserError("A case file is missing: understudy CASE.prm (understudy --help explains "
                      "all commands).");
    line_.format = markdown_ ? DescribeFormat::markdown
                   : json_   ? DescribeFormat::json
                   : prm_    ? DescribeFormat::prm
                             : DescribeFormat::text;
  }

  CommandLine &line_;
  CLI::App app_{"Understudy: solvers that train their own learned stand-ins.", "understudy"};
  CLI::App *describe_ = nullptr, *list_ = nullptr, *inspect_ = nullptr, *evaluate_ = nullptr;
  std::string file_, input_, output_, stages_;
  bool version_ = false, markdown_ = false, json_ = false, prm_ = false;
  bool resume_ = false, fresh_ = false;
};
} // namespace

CommandLine parse_command_line(int argc, char **argv)
{
  CommandLine line;
  line.all.assign(argv, argv + argc);
  std::vector<std::string> words(argv + 1, argv + argc);
  take_petsc_words(words, line);
  check_command(words);
  check_flags(words, Parser::flags());
  Parser(line).parse(words);
  return line;
}
} // namespace understudy
