#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/operations.hpp>
#include <railbook/timetable.hpp>

#include "commands/commands.hpp"
#include "commands/documents.hpp"
#include "commands/views.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

// --- GTFS ----------------------------------------------------------------------------------------------------------

struct ImportGtfs {
    std::string feed;
    std::string name;
    std::string rebase;
    bool strict = false;
    bool dry_run = false;
};

/// Runs that stay as they were sold.
std::string describe_pinned(const json::value& report, bool color) {
    const auto& pinned = array_at(report, "/pinned");
    if (pinned.empty()) return {};
    const Columns columns{
        text_column("RUN", "run", "/run"),         text_column("CHANGE", "change", "/change"),
        number_column("HOLDS", "holds", "/holds"), number_column("BOOKINGS", "bookings", "/bookings"),
        text_column("WHAT", "detail", "/detail"),
    };
    return "\nthese stay as they were sold, until 'railbook run adopt RUN':\n" + table(columns, pinned, color);
}

std::string describe_import(const json::value& report, const ImportGtfs& options, bool color) {
    const json::value& feed = report.at("feed");
    const Columns files{
        text_column("FILE", "file", "/file"),
        number_column("ROWS", "rows", "/rows"),
        number_column("DROPPED", "dropped", "/dropped"),
    };
    std::string notes;
    for (const auto& note : array_at(report, "/notes")) notes += "note: " + printable(text_at(note, "")) + '\n';
    return details({
               {"feed", text_at(feed, "/name")},
               {"version", options.dry_run ? "none: a dry run keeps nothing" : text_at(feed, "/version")},
               {"publisher", text_at(feed, "/publisher")},
               {"dates", fmt::format("{} to {}", text_at(feed, "/first_date"), text_at(feed, "/last_date"))},
               {"stations", text_at(feed, "/stations")},
               {"trips", text_at(feed, "/trips")},
           }) +
           "\n" + table(files, array_at(report, "/files"), color) + notes + describe_pinned(report, color);
}

void list_dropped(const ImportReport& report, Context& context) {
    constexpr std::size_t kShown = 20;
    for (std::size_t i = 0; i < report.dropped.size() && i < kShown; ++i)
        context.note(fmt::format("dropped {}: {}", report.dropped[i].pointer, report.dropped[i].detail));
    if (report.dropped_count > kShown)
        context.note(fmt::format("and {} more; {} rows were dropped in all", report.dropped_count - kShown,
                                 report.dropped_count));
}

int run(const ImportGtfs& options, Context& context) {
    // Importing is not one of the JSON operations, so the scope that they check is checked here.
    if (!context.principal().may(Scope::operate)) {
        return context.fail({ErrorCode::forbidden,
                             fmt::format("importing needs the scope '{}'", to_string(Scope::operate)),
                             hint_for(ErrorCode::forbidden, "", "")});
    }
    ImportOptions wanted{.name = options.name, .strict = options.strict, .dry_run = options.dry_run};
    if (!options.rebase.empty()) {
        const auto date = parse_date(options.rebase);
        if (!date) return context.fail(date.error());
        wanted.rebase = *date;
    }
    wanted.progress = [&context](const ImportProgress& progress) {
        context.show_progress(progress.step, progress.done, progress.total);
    };
    const auto opened = context.caller();
    if (!opened) return context.fail(opened.error());
    const auto report = (*opened)->engine().timetable().import_gtfs(options.feed, wanted);
    context.end_progress();
    if (!report) return context.fail(report.error());

    list_dropped(*report, context);
    const std::string text = import_report_json(*report);
    const json::value value = json::parse(text);
    const int printed = context.format() == Format::csv
                            ? context.print_list(feed_columns(), {value.at("feed")})
                            : context.print_one(text, value, {}, describe_import(value, options, context.color()));
    return printed == kDone && !report->pinned.empty() ? kCheckFoundSomething : printed;
}

// --- Documents -----------------------------------------------------------------------------------------------------

int import_document(const std::string& file, std::string_view operation, Context& context) {
    const auto document = read_document(file);
    if (!document) return context.fail(document.error());
    // The text goes in as it is: parsing it here would hide that a member is there twice.
    const auto answer = context.call_with_text(operation, "{\"document\":" + *document + "}");
    if (!answer) return context.fail(answer.error());
    const auto name = text_at(answer->value, "/name");
    return context.print_one(answer->text, answer->value, document_columns(),
                             details({{"name", name}, {"version", text_at(answer->value, "/version")}}));
}

struct ImportLayouts {
    std::string file;
};
int run(const ImportLayouts& options, Context& context) {
    return import_document(options.file, "layouts.import", context);
}

struct ImportTariff {
    std::string file;
};
int run(const ImportTariff& options, Context& context) {
    return import_document(options.file, "tariff.import", context);
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("import", "Bring in timetables, coach layouts and tariffs");
    {
        auto options = std::make_shared<ImportGtfs>();
        auto* command = noun->add_subcommand(
            "gtfs", "Import a timetable; it replaces an earlier one of its name. 7 if sold runs differ from it");
        command->add_option("FEED", options->feed, "GTFS zip file or folder")->required();
        command->add_option("--name", options->name, "Name of the feed; else made from the file's name");
        command->add_option("--rebase", options->rebase,
                            "Move all dates by whole weeks, so that the first falls in the week from this date");
        command->add_flag("--strict", options->strict, "Refuse the feed for one bad row");
        command->add_flag("--dry-run", options->dry_run, "Read and report, keep nothing");
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ImportLayouts>();
        auto* command = noun->add_subcommand("layouts", "Import coach layouts and consists");
        command->add_option("FILE", options->file, "JSON document")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ImportTariff>();
        auto* command = noun->add_subcommand("tariff", "Import a tariff");
        command->add_option("FILE", options->file, "JSON document")->required();
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli
