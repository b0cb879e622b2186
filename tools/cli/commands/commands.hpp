#pragma once
/// The commands: each function adds a noun with its verbs to the command line.

#include <functional>
#include <memory>

#include <CLI/CLI.hpp>

#include "context.hpp"

namespace railbook::cli {

void add_book(CLI::App& app, Context& context);
void add_booking(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);
void add_demo(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_feed(CLI::App& app, Context& context);
void add_hold(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_journey(CLI::App& app, Context& context);
void add_layout(CLI::App& app, Context& context);
void add_ledger(CLI::App& app, Context& context);
void add_quote(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_sandbox(CLI::App& app, Context& context);
void add_station(CLI::App& app, Context& context);
void add_store(CLI::App& app, Context& context);
void add_tariff(CLI::App& app, Context& context);
void add_ticket(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);

/// When this command was given, `run` is what to do.
template <class Options>
void on_run(CLI::App& command, Context& context, std::shared_ptr<Options> options,
            int (*run)(const Options& options, Context& context)) {
    command.callback([&context, options, run] {
        context.action = [&context, options, run] { return run(*options, context); };
    });
}

}  // namespace railbook::cli
