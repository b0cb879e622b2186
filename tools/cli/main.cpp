#include <cstdio>
#include <exception>

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <railbook/version.hpp>

#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "interrupt.hpp"

namespace railbook::cli {
namespace {

constexpr const char* kFooter = R"(Settings come from a flag, else the environment, else the file of --config, else the
default; 'railbook config show --origin' tells which. No file is read unless it is named.

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 refused by a rule,
6 unavailable (try again), 7 a check found something, 130 interrupted.)";

void add_global_options(CLI::App& app, Context& context) {
    auto& options = context.options;
    app.add_option("-o,--output", options.output, "How to print the answer")
        ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}))
        ->type_name("FORMAT");
    app.add_option("--color", options.color, "When to print in colors")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN");
    app.add_option("--config", options.config, "TOML file with settings (RAILBOOK_CONFIG)")->type_name("FILE");
    app.add_option("--as", options.user, "Act for this user; else as the operator 'cli'")
        ->type_name("USER")
        ->check([](const std::string& text) { return text.empty() ? "the name of the user is empty" : std::string{}; });
    app.add_option("--now", options.now, "A clock that stands still at this time, for tests and demos")
        ->type_name("TIME");
    app.add_option("--idempotency-key", options.idempotency_key,
                   "Repeating a command with its key repeats its answer; else a random one")
        ->type_name("KEY");
    app.add_flag("--yes", options.yes, "Do not ask for confirmation");
    app.add_flag("-q,--quiet", options.quiet, "No messages and no progress, only data and errors");
    for (const auto& setting : known_settings()) {
        app.add_option_function<std::string>(
               setting.flag(),
               [&options, key = std::string{setting.key}](const std::string& text) { options.settings[key] = text; },
               fmt::format("{} ({}, default {})", setting.help, setting.variable(), setting.fallback))
            ->type_name(" ")
            ->group("Settings");
    }
}

/// The innermost command that was given.
const CLI::App& selected(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : selected(*chosen.front());
}

std::string path_of(const CLI::App& command) {
    return command.get_parent() ? path_of(*command.get_parent()) + ' ' + command.get_name() : command.get_name();
}

/// The first word that nothing on the command line takes, with the words that could have been meant.
std::optional<Error> find_unknown_word(const CLI::App& app) {
    const CLI::App& command = selected(app);
    for (const auto& word : app.remaining(true)) {
        if (word == "--") continue;
        std::vector<std::string> choices;
        if (word.starts_with('-')) {
            for (const CLI::App* level = &command; level; level = level->get_parent()) {
                for (const auto* option : level->get_options()) {
                    for (const auto& name : option->get_lnames()) choices.push_back("--" + name);
                }
            }
            const std::string name = word.substr(0, word.find('='));
            return Error{ErrorCode::invalid_argument, fmt::format("there is no option '{}'", name),
                         did_you_mean(name, choices)};
        }
        for (const auto* verb : command.get_subcommands([](const CLI::App*) { return true; }))
            choices.push_back(verb->get_name());
        if (choices.empty())
            return Error{ErrorCode::invalid_argument, fmt::format("nothing takes the argument '{}'", word)};
        return Error{ErrorCode::invalid_argument, fmt::format("there is no command '{} {}'", path_of(command), word),
                     did_you_mean(word, choices)};
    }
    return std::nullopt;
}

/// The output format, where the command line could not be understood as a whole.
std::string asked_output(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        for (const std::string_view prefix : {"--output=", "-o"}) {
            if (word.starts_with(prefix) && word.size() > prefix.size()) return std::string{word.substr(prefix.size())};
        }
        if ((word == "-o" || word == "--output") && i + 1 < argc) return argv[i + 1];
    }
    return "table";
}

/// Opens on nothing what the caller closed: else a file of the store would become the standard output.
void open_standard_streams() {
    while (true) {
        const int stream = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (stream < 0) return;
        if (stream > STDERR_FILENO) {
            close(stream);
            return;
        }
    }
}

/// Runs what was asked for, and returns the exit code.
int perform(Context& context) {
    if (const auto prepared = context.prepare(); !prepared) return context.fail(prepared.error());
    int code = context.action();
    if (const auto written = context.flush(); !written) code = context.fail(written.error());
    context.run_due();
    return code;
}

int run_program(int argc, char** argv) {
    Context context;
    CLI::App app{"Sells seats on trains.", "railbook"};
    app.require_subcommand(0, 1);
    app.fallthrough();
    // Words that nothing takes are kept, and reported with what was probably meant.
    app.allow_extras();
    app.set_version_flag("--version", fmt::format("railbook {}", version()));
    add_global_options(app, context);
    app.footer("'railbook --help' shows the options of every command.");
    for (const auto add : {add_demo, add_import, add_feed, add_station, add_journey, add_run, add_quote, add_hold,
                           add_booking, add_book, add_ticket, add_tariff, add_layout, add_ledger,
                           add_sandbox, add_store, add_config, add_doctor, add_completion, add_version})
        add(app, context);
    app.footer(kFooter);  // only now: the commands inherit the footer that stands when they are added

    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        context.write(app.help());
        if (const auto written = context.flush(); !written) return context.fail(written.error());
        return kDone;
    } catch (const CLI::CallForVersion& version) {
        context.write(fmt::format("{}\n", version.what()));
        if (const auto written = context.flush(); !written) return context.fail(written.error());
        return kDone;
    } catch (const CLI::ParseError& error) {
        context.command = path_of(selected(app));
        context.options.output = asked_output(argc, argv);
        const auto unknown = find_unknown_word(app);
        return context.fail(unknown.value_or(Error{ErrorCode::invalid_argument, error.what()}));
    }
    context.command = path_of(selected(app));
    if (const auto unknown = find_unknown_word(app)) return context.fail(*unknown);
    if (!context.action) {
        const std::string help = selected(app).help();
        std::fwrite(help.data(), 1, help.size(), stderr);
        return kUsage;
    }
    return perform(context);
}

}  // namespace
}  // namespace railbook::cli

int main(int argc, char** argv) {
    railbook::cli::open_standard_streams();
    railbook::cli::install_signal_handlers();
    try {
        return railbook::cli::run_program(argc, argv);
    } catch (const std::exception& exception) {
        // Nothing of ours throws; what a library threw past us is a mistake of ours.
        std::fputs(fmt::format("error: Internal error\n  reason: {}\n", exception.what()).c_str(), stderr);
        return railbook::cli::kFailed;
    }
}
