#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/sale.hpp"
#include "commands/views.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "sample.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kFrom = "Hamburg Hbf";
constexpr std::string_view kTo = "München Hbf";
constexpr std::string_view kSource =
    "Timetable: Deutsche Bahn (timetable API, 2019), CC BY 4.0; its dates were moved for this demo.";

/// A folder that goes when the demo ends.
class TemporaryFolder {
public:
    static Result<TemporaryFolder> make() {
        std::error_code failure;
        const auto parent = std::filesystem::temp_directory_path(failure);
        std::string name = (parent / "railbook-demo-XXXXXX").string();
        if (failure || !mkdtemp(name.data()))
            return Error{ErrorCode::forbidden, "no temporary folder can be made", "set TMPDIR to a folder of yours"};
        return TemporaryFolder{name};
    }
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_{std::exchange(other.path_, {})} {}
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;  // what is left lies in the system's folder for such things
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
    explicit TemporaryFolder(const std::string& path) : path_{path} {}
    std::filesystem::path path_;
};

/// Prints what each step found and how long it took.
class Narrator {
public:
    explicit Narrator(Context& context) : context_{context} {}

    void tell(std::string_view step, std::string_view found) {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double, std::milli> took = now - last_;
        if (context_.format() == Format::table) {
            context_.write(fmt::format("{}. {} {:>9.1f} ms\n   {}\n", ++steps_, padded(step, 40), took.count(),
                                       printable(found)));
            // Shown as it happens; what the stream refuses is reported when the command ends.
            (void)context_.flush();
        }
        last_ = std::chrono::steady_clock::now();
    }

    void tell_answer(std::string_view operation, const json::value& answer) {
        if (operation == "journey.find") {
            const auto& journeys = array_at(answer, "/journeys");
            if (journeys.empty()) return;
            const json::value& first = journeys.front();
            const Clock clock{{text_at(first, "/departure"), text_at(first, "/arrival")}};
            tell(fmt::format("Find a journey, {} to {}", kFrom, kTo),
                 fmt::format("{} journeys from 08:00 tomorrow; the first: {} at {}, there at {}; free seats: {}",
                             journeys.size(), text_at(first, "/legs/0/train"), clock(text_at(first, "/departure")),
                             clock(text_at(first, "/arrival")), counts_at(first, "/legs/0/free")));
        } else if (operation == "quote.create") {
            tell("Get a price", fmt::format("{} ({})", money_at(answer, "/total"), text_at(answer, "/lines/0/rule")));
        } else if (operation == "hold.create") {
            tell("Hold a seat", fmt::format("seat {}, kept until {}, fence {}", text_at(answer, "/items/0/seats/0"),
                                            instant(text_at(answer, "/expires_at")), text_at(answer, "/fence")));
        } else if (operation == "booking.create") {
            tell("Book it", fmt::format("booking {}, {}", text_at(answer, "/reference"), text_at(answer, "/status")));
        } else if (operation == "booking.pay") {
            tell("Pay", fmt::format("{} by {}, {}", money_at(answer, "/amount"), text_at(answer, "/method"),
                                    text_at(answer, "/status")));
        } else if (operation == "ticket.show") {
            tell("Get the ticket", fmt::format("ticket {}, {}", text_at(answer, "/id"), text_at(answer, "/status")));
        }
    }

private:
    Context& context_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    int steps_ = 0;
};

/// Imports the sample so that it runs tomorrow: its first day falls in the week before today.
Status import_sample(Engine& engine, ServiceDate today, Narrator& narrator, Context& context) {
    const auto sample = find_sample_feed();
    if (!sample) return sample.error();
    ImportOptions wanted{.name = "db", .rebase = today - std::chrono::days{7}};
    wanted.progress = [&](const ImportProgress& progress) {
        context.show_progress(progress.step, progress.done, progress.total);
    };
    const auto report = engine.timetable().import_gtfs(*sample, wanted);
    context.end_progress();
    if (!report) return report.error();
    const Feed& feed = report->feed;
    narrator.tell("Import the sample timetable",
                  fmt::format("{} stations, {} trips, {} to {}", feed.stations, feed.trips, to_string(feed.first_date),
                              to_string(feed.last_date)));
    return {};
}

struct Demo {};
int run(const Demo&, Context& context) {
    const DeferInterrupt until_the_folder_is_gone;
    const auto folder = TemporaryFolder::make();
    if (!folder) return context.fail(folder.error());
    auto engine = Engine::open("sqlite:" + folder->file("demo.db"), context.settings().engine);
    if (!engine) return context.fail(engine.error());
    const auto now = engine->now();
    if (!now) return context.fail(now.error());
    const ServiceDate today{std::chrono::floor<std::chrono::days>(now->time_since_epoch())};

    Narrator narrator{context};
    if (const auto imported = import_sample(*engine, today, narrator, context); !imported)
        return context.fail(imported.error());
    if (interrupted()) return kInterrupted;
    Caller passenger{*engine, context.environment(), Principal::user_named("anna"), ""};
    const SaleRequest request{.from = std::string{kFrom},
                              .to = std::string{kTo},
                              .depart = to_string(today + std::chrono::days{1}) + "T08:00",
                              .travel_class = "",
                              .method = "sandbox:success",
                              .passengers = {{"Anna", "Schmidt", "adult"}}};
    const auto sold = sell(passenger, request, [&](std::string_view operation, const json::value& answer) {
        narrator.tell_answer(operation, answer);
    });
    if (!sold && interrupted()) return kInterrupted;
    if (!sold) return context.fail(sold.error());

    const json::value& booking = sold->at("booking");
    if (context.format() == Format::csv) return context.print_list(booking_columns(), {booking});
    return context.print_one(json::serialize(*sold), *sold, {},
                             fmt::format("\n{}\n{}\n", describe_ticket(sold->at("tickets").at(0), context.color()),
                                         kSource));
}

}  // namespace

void add_demo(CLI::App& app, Context& context) {
    auto* command =
        app.add_subcommand("demo", "Book a journey on the sample timetable, in a store that is then removed");
    command->add_flag("--once")->description("End after the booking, as the demo always does");
    on_run(*command, context, std::make_shared<Demo>(), run);
}

}  // namespace railbook::cli
