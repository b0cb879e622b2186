#include <fmt/format.h>

#include "commands/commands.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

struct Completion {
    const CLI::App* program = nullptr;
    std::string shell;
};

/// A command, its path (` hold create`), and what may follow it.
struct Words {
    std::string path;
    std::string next;
};

void collect(const CLI::App& command, const std::string& path, const std::string& inherited, std::vector<Words>& all) {
    std::string next;
    const auto verbs = command.get_subcommands([](const CLI::App*) { return true; });
    for (const auto* verb : verbs) next += verb->get_name() + ' ';
    std::string options;
    for (const auto* option : command.get_options()) {
        for (const auto& name : option->get_lnames()) options += "--" + name + ' ';
    }
    // Options of the program may stand behind any command.
    all.push_back({path, next + options + inherited});
    for (const auto* verb : verbs)
        collect(*verb, path + ' ' + verb->get_name(), path.empty() ? options : inherited, all);
}

std::string bash_script(const CLI::App& program) {
    std::vector<Words> all;
    collect(program, "", "", all);
    std::string known;
    std::string cases;
    for (const auto& words : all) {
        if (!words.path.empty()) known += fmt::format("{}\"{}\"", known.empty() ? "" : " | ", words.path);
        cases += fmt::format("        \"{}\") words=\"{}\" ;;\n", words.path, words.next);
    }
    return fmt::format(R"(# Completion of railbook for bash: source this file.
_railbook() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} path="" words="" word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$path $word" in
            {}) path="$path $word" ;;
        esac
    done
    case "$path" in
{}    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _railbook railbook
)",
                       known, cases);
}

int run(const Completion& options, Context& context) {
    context.write(bash_script(*options.program));
    return kDone;
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
    auto options = std::make_shared<Completion>();
    options->program = &app;
    auto* command = app.add_subcommand("completion", "A script that completes commands in a shell");
    command->add_option("SHELL", options->shell, "bash")->required()->check(CLI::IsMember({"bash"}));
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli
