#include <algorithm>
#include <filesystem>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/time.hpp>
#include <railbook/version.hpp>

#include "commands/commands.hpp"
#include "errors.hpp"
#include "sample.hpp"

namespace railbook::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct Check {
    std::string name;
    bool ok = false;
    std::string detail;
};

Check failed(std::string name, const Error& error) {
    std::string detail = fmt::format("{}: {}", title(error.code), error.detail);
    if (!error.hint.empty()) detail += fmt::format(" ({})", error.hint);
    return {std::move(name), false, std::move(detail)};
}

Check check_version() {
    const std::string linked = version();
    if (linked == RAILBOOK_VERSION) return {"version", true, fmt::format("railbook {}", linked)};
    return {"version", false, fmt::format("the program was made for {}, the library is {}", RAILBOOK_VERSION, linked)};
}

/// Zones with summer time, one of them by a name that newer databases keep as a link.
Check check_time_zones() {
    struct Known {
        const char* zone;
        const char* noon;
    };
    for (const auto& [zone, noon] : {Known{"Europe/Berlin", "2026-07-01T12:00:00+02:00"},
                                     Known{"America/New_York", "2026-01-15T12:00:00-05:00"},
                                     Known{"Canada/Eastern", "2026-07-01T12:00:00-04:00"}}) {
        const auto local = parse_when(std::string_view{noon}.substr(0, 16), zone);
        const auto exact = parse_when(noon, "UTC");
        if (!local || !exact || local->time != exact->time) {
            return {"time zones", false,
                    fmt::format("the time zone {} is missing or wrong: install tzdata (and tzdata-legacy)", zone)};
        }
    }
    return {"time zones", true, "the time zone database is there"};
}

Check check_sample() {
    const auto sample = find_sample_feed();
    return sample ? Check{"sample timetable", true, *sample} : failed("sample timetable", sample.error());
}

/// The file of a `sqlite:` store; empty for any other.
fs::path file_of(const std::string& store) {
    constexpr std::string_view kSqlite = "sqlite:";
    return store.starts_with(kSqlite) ? fs::path{store.substr(kSqlite.size())} : fs::path{};
}

Check check_space(const fs::path& folder) {
    constexpr std::uintmax_t kLeast = 64U << 20;
    std::error_code failure;
    const auto space = fs::space(folder, failure);
    if (failure) return {"disk space", false, fmt::format("'{}' cannot be looked at", folder.string())};
    return {"disk space", space.available >= kLeast,
            fmt::format("{} MiB free in '{}'", space.available >> 20, folder.string())};
}

/// Opening makes the file, so a store that is not there yet is only said to be so.
void check_store(Context& context, std::vector<Check>& checks) {
    const std::string& store = context.settings().store;
    const fs::path file = file_of(store);
    if (!file.empty()) {
        checks.push_back(check_space(file.has_parent_path() ? file.parent_path() : fs::path{"."}));
        std::error_code failure;
        if (!fs::exists(file, failure)) {
            checks.push_back(
                {"store", true, fmt::format("none at '{}' yet: the first command makes it", file.string())});
            return;
        }
    }
    const auto opened = context.caller();
    if (!opened) {
        checks.push_back(failed("store", opened.error()));
        return;
    }
    auto& engine = (*opened)->engine();
    const auto info = engine.store_info();
    checks.push_back({"store", true, fmt::format("{} opens, schema {}", store, info.schema)});
    const auto report = engine.verify();
    if (!report) {
        checks.push_back(failed("stored data", report.error()));
    } else if (report->ok()) {
        checks.push_back({"stored data", true, "the medium is sound and every law holds"});
    } else {
        const auto& first = report->violations.front();
        checks.push_back({"stored data", false,
                          fmt::format("{} violations, the first: {}, {}: {} (railbook store verify)",
                                      report->violations.size(), first.law, first.object, first.detail)});
    }
}

struct Doctor {};
int run(const Doctor&, Context& context) {
    std::vector<Check> checks{check_version(), check_time_zones(), check_sample()};
    check_store(context, checks);
    const bool ok = std::ranges::all_of(checks, &Check::ok);

    json::array items;
    for (const auto& check : checks)
        items.push_back({{"check", check.name}, {"ok", check.ok}, {"detail", check.detail}});
    const Columns columns{
        text_column("CHECK", "check", "/check"),
        {"RESULT", "ok", [](const json::value& item) { return item.at("ok").as_bool() ? "ok" : "FAILED"; },
         [](const json::value& item) { return text_at(item, "/ok"); }},
        text_column("DETAIL", "detail", "/detail"),
    };
    if (context.format() == Format::json) {
        context.write(json::serialize(json::object{{"ok", ok}, {"checks", std::move(items)}}) + '\n');
    } else {
        context.print_list(columns, items);
    }
    return ok ? kDone : kCheckFoundSomething;
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
    on_run(*app.add_subcommand("doctor", "Check the installation and the store; 7 if something is wrong"), context,
           std::make_shared<Doctor>(), run);
}

}  // namespace railbook::cli
