#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/documents.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

struct ListRuns {
    std::string date;
};
int run(const ListRuns& options, Context& context) {
    const auto runs = context.call_for_all("run.list", {{"date", options.date}});
    if (!runs) return context.fail(runs.error());
    return context.print_list(run_columns(*runs), *runs);
}

struct ShowRun {
    std::string id;
};
int run(const ShowRun& options, Context& context) {
    const auto answer = context.call("run.show", {{"run", options.id}});
    if (!answer) return context.fail(answer.error());
    if (context.format() == Format::csv)
        return context.print_list(stop_columns(answer->value), array_at(answer->value, "/stops"));
    return context.print_one(answer->text, answer->value, {}, describe_run(answer->value, context.color()));
}

struct ShowSeats {
    std::string id;
    std::string from;
    std::string to;
};
int run(const ShowSeats& options, Context& context) {
    const auto answer = context.call("run.seats", {{"run", options.id}, {"from", options.from}, {"to", options.to}});
    if (!answer) return context.fail(answer.error());
    if (context.format() == Format::csv || context.format() == Format::jsonl)
        return context.print_list(seat_columns(), seats_of(answer->value));
    return context.print_one(answer->text, answer->value, {}, describe_seats(answer->value));
}

struct ChangeBlocks {
    std::string operation;
    std::string run;
    std::string from;
    std::string to;
    std::vector<std::string> seats;
};
int run(const ChangeBlocks& options, Context& context) {
    json::array seats;
    for (const auto& seat : options.seats) seats.push_back(json::value(seat));
    const auto answer =
        context.call(options.operation,
                     {{"run", options.run}, {"from", options.from}, {"to", options.to}, {"seats", std::move(seats)}});
    if (!answer) return context.fail(answer.error());
    const auto& changed = array_at(answer->value, "/seats");
    return context.print_one(
        answer->text, answer->value, {},
        fmt::format("{} {} from {} to {}\n", changed.size(), options.operation == "run.block" ? "blocked" : "unblocked",
                    printable(text_at(answer->value, "/from/name")), printable(text_at(answer->value, "/to/name"))));
}

struct ChangeConsist {
    std::string run;
    std::string file;
    bool confirm = false;
};

/// What there is to say of a seat or a ride beside where it is.
std::string note_of(const json::value& affected) {
    std::string text;
    const auto add = [&](const std::string& note) { text += (text.empty() ? "" : "; ") + note; };
    for (const auto& place : array_at(affected, "/loses")) add("no place for " + text_at(place, ""));
    if (member(affected, "/apart")) add("apart from their party");
    for (const auto& run : array_at(affected, "/misses")) add("too late to change: " + text_at(run, ""));
    return text;
}
/// With a column of notes, if there are any.
Columns with_notes(Columns columns, const json::array& items) {
    const bool has_notes = std::ranges::any_of(items, [](const json::value& item) { return !note_of(item).empty(); });
    if (has_notes) columns.push_back(computed_column("NOTE", "note", note_of));
    return columns;
}

std::string blocks_table(const json::value& offer, bool color) {
    const Columns columns{
        text_column("SEAT", "seat", "/seat"),
        text_column("FROM", "from", "/from/name"),
        text_column("TO", "to", "/to/name"),
    };
    return table(columns, array_at(offer, "/blocks_lost"), color);
}

std::string describe_offer(const json::value& offer, bool color) {
    const Columns columns{
        text_column("HOLD", "hold", "/hold"),          text_column("OWNER", "owner", "/owner"),
        text_column("BOOKING", "booking", "/booking"), number_column("TICKETS", "tickets", "/tickets"),
        text_column("FROM", "from", "/from"),          text_column("TO", "to", "/to"),
    };
    const auto& reseatings = array_at(offer, "/reseatings");
    const auto& stranded = array_at(offer, "/stranded");
    const auto& worse_off = array_at(offer, "/worse_off");
    const auto& blocks = array_at(offer, "/blocks_lost");
    const auto seats = [&](const json::array& some) { return table(with_notes(columns, some), some, color); };
    std::string text = details({{"run", text_at(offer, "/run")},
                                {"coaches", text_at(offer, "/consist")},
                                {"stay", text_at(offer, "/unaffected")},
                                {"move", std::to_string(reseatings.size())},
                                {"stranded", std::to_string(stranded.size())}});
    if (!reseatings.empty()) text += '\n' + seats(reseatings);
    if (!worse_off.empty()) text += "\nkeep a seat that is worse:\n" + seats(worse_off);
    if (!stranded.empty()) text += "\nwithout a seat:\n" + seats(stranded);
    if (!blocks.empty()) text += "\nblocks that would end:\n" + blocks_table(offer, color);
    return text;
}

int run(const ChangeConsist& options, Context& context) {
    const auto document = read_document(options.file);
    if (!document) return context.fail(document.error());
    // The text goes in as it is: parsing it here would hide that a member is there twice.
    const auto body = [&](const json::object& members) {
        std::string text = json::serialize(members);
        text.pop_back();
        return text + ",\"consist\":" + *document + '}';
    };
    const auto offer = context.call_with_text("run.consist_offer", body({{"run", options.run}}));
    if (!offer) return context.fail(offer.error());
    if (!options.confirm) {
        const bool is_possible = array_at(offer->value, "/stranded").empty();
        context.note(is_possible ? "nothing has changed; --confirm does it"
                                 : "nothing has changed; --confirm is refused while somebody would have no seat");
        return context.print_one(offer->text, offer->value, {}, describe_offer(offer->value, context.color()));
    }
    const auto changed = context.call_with_text("run.consist_confirm",
                                                body({{"run", options.run}, {"offer", text_at(offer->value, "/id")}}));
    if (!changed) return context.fail(changed.error());
    context.note(fmt::format("{} has new coaches; {} seats have moved", text_at(changed->value, "/train"),
                             array_at(offer->value, "/reseatings").size()));
    return context.print_one(offer->text, offer->value, {}, describe_offer(offer->value, context.color()));
}

struct AdoptCalls {
    std::string run;
    bool confirm = false;
};

std::string describe_adoption(const json::value& offer, bool color) {
    const auto change_of = [](const char* when) {
        return [when = std::string{when}](const json::value& change) {
            const auto before = text_at(change, "/before/" + when);
            const auto after = text_at(change, "/after/" + when);
            const auto minutes = [](const std::string& time) { return time.substr(0, 16); };
            if (before == after) return minutes(after);
            return fmt::format("{} -> {}", before.empty() ? "-" : minutes(before),
                               after.empty() ? "-" : minutes(after));
        };
    };
    const Columns changes{
        text_column("STOP", "stop", "/station/name"),
        computed_column("ARRIVES", "arrives", change_of("arrives")),
        computed_column("DEPARTS", "departs", change_of("departs")),
        computed_column("PLATFORM", "platform", change_of("platform")),
    };
    const Columns rides{
        text_column("HOLD", "hold", "/hold"),
        text_column("BOOKING", "booking", "/booking"),
        number_column("TICKETS", "tickets", "/tickets"),
        computed_column("SEATS", "seats",
                        [](const json::value& ride) {
                            std::string text;
                            for (const auto& seat : array_at(ride, "/seats"))
                                text += (text.empty() ? "" : " ") + text_at(seat, "");
                            return text;
                        }),
        text_column("FROM", "from", "/from/name"),
        text_column("TO", "to", "/to/name"),
    };
    const auto& affected = array_at(offer, "/affected");
    const auto& lost = array_at(offer, "/lost");
    std::string text = details({{"run", text_at(offer, "/run")},
                                {"train", text_at(offer, "/train")},
                                {"stay", text_at(offer, "/unaffected")},
                                {"affected", std::to_string(affected.size())},
                                {"lost", std::to_string(lost.size())}});
    if (const auto& all = array_at(offer, "/changes"); !all.empty()) text += '\n' + table(changes, all, color);
    if (!affected.empty())
        text += "\nwould travel at other times:\n" + table(with_notes(rides, affected), affected, color);
    if (!lost.empty()) text += "\nwould lose their ride:\n" + table(rides, lost, color);
    if (!array_at(offer, "/blocks_lost").empty())
        text += "\nblocks that are in the way:\n" + blocks_table(offer, color);
    return text;
}

int run(const AdoptCalls& options, Context& context) {
    const auto offer = context.call("run.adoption_offer", {{"run", options.run}});
    if (!offer) return context.fail(offer.error());
    if (options.confirm) {
        const auto adopted =
            context.call("run.adoption_confirm", {{"run", options.run}, {"offer", text_at(offer->value, "/id")}});
        if (!adopted) return context.fail(adopted.error());
        context.note(fmt::format("{} is as the timetable has it; rides with other times: {}",
                                 text_at(adopted->value, "/train"), array_at(offer->value, "/affected").size()));
    } else {
        std::string note = "nothing has changed; --confirm does it";
        if (!array_at(offer->value, "/blocks_lost").empty())
            note = "nothing has changed; --confirm is refused while these blocks are in the way: unblock them first";
        if (!array_at(offer->value, "/lost").empty())
            note = "nothing has changed; --confirm is refused while somebody would lose their ride";
        context.note(note);
    }
    return context.print_one(offer->text, offer->value, {}, describe_adoption(offer->value, context.color()));
}

void add_blocking(CLI::App& noun, Context& context, const std::string& verb, const std::string& description) {
    auto options = std::make_shared<ChangeBlocks>();
    options->operation = "run." + verb;
    auto* command = noun.add_subcommand(verb, description);
    command->add_option("RUN", options->run, "Run: 2026-12-01.db:531")->required();
    command->add_option("--seat", options->seats, "Seats: 3/45 3/46")->required();
    command->add_option("--from", options->from, "Stop: id or name")->required();
    command->add_option("--to", options->to, "Stop: id or name")->required();
    on_run(*command, context, options, run);
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("run", "Trains on a date, and their seats");
    {
        auto options = std::make_shared<ListRuns>();
        auto* command = noun->add_subcommand("list", "The runs of a service date, by departure");
        command->add_option("--date", options->date, "Service date: 2026-12-01")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowRun>();
        auto* command = noun->add_subcommand("show", "A run with its stops");
        command->add_option("RUN", options->id, "Run: 2026-12-01.db:531")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowSeats>();
        auto* command = noun->add_subcommand("seats", "The seat map of a run between two of its stops");
        command->add_option("RUN", options->id, "Run: 2026-12-01.db:531")->required();
        command->add_option("--from", options->from, "Stop: id or name")->required();
        command->add_option("--to", options->to, "Stop: id or name")->required();
        on_run(*command, context, options, run);
    }
    add_blocking(*noun, context, "block", "Keep seats from sale");
    add_blocking(*noun, context, "unblock", "Give blocked seats back to the sale");
    {
        auto options = std::make_shared<ChangeConsist>();
        auto* command = noun->add_subcommand(
            "consist", "Other coaches for a run: shows whose seats move, and does it with --confirm");
        command->add_option("RUN", options->run, "Run: 2026-12-01.db:531")->required();
        command->add_option("FILE", options->file, "A document of one consist (docs/layouts.md)")->required();
        command->add_flag("--confirm", options->confirm, "Do it, all or nothing");
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<AdoptCalls>();
        auto* command = noun->add_subcommand(
            "adopt", "The timetable's new calls for a sold run: shows who is affected, and does it with --confirm");
        command->add_option("RUN", options->run, "Run: 2026-12-01.db:531")->required();
        command->add_flag("--confirm", options->confirm, "Do it, all or nothing");
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli
