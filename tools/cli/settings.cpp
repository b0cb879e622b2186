#include "settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <railbook/time.hpp>

#include "errors.hpp"

namespace railbook::cli {
namespace {

Status set_duration(Duration& target, std::string_view text) {
    const auto duration = parse_duration(text);
    if (!duration) return duration.error();
    if (*duration <= Duration{0}) return Error{ErrorCode::invalid_argument, "a duration must be longer than 0"};
    target = *duration;
    return {};
}

Status set_count(std::size_t& target, std::string_view text, std::size_t least) {
    std::size_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure != std::errc{} || end != text.data() + text.size() || count < least || count > 1000) {
        return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a number from {} to 1000", text, least)};
    }
    target = count;
    return {};
}

constexpr std::array kSettings{
    Setting{"store", "sqlite:railbook.db", "Where the data is: sqlite:FILE, postgres://HOST/DB or memory:",
            [](Settings& settings, std::string_view text) -> Status {
                settings.store = text;
                return {};
            }},
    Setting{"redis", "none", "In front of a postgres:// store: redis://HOST:PORT/DB, unix:///SOCKET or none",
            [](Settings& settings, std::string_view text) -> Status {
                settings.engine.redis = text == "none" ? std::string_view{} : text;
                return {};
            }},
    Setting{"hold_ttl", "15m", "How long seats are held at first",
            [](Settings& settings, std::string_view text) { return set_duration(settings.engine.holds.ttl, text); }},
    Setting{"hold_extension", "10m", "By how much a hold is extended",
            [](Settings& settings, std::string_view text) {
                return set_duration(settings.engine.holds.extension, text);
            }},
    Setting{"hold_max", "30m", "The longest that a hold may last, whatever extends it",
            [](Settings& settings, std::string_view text) { return set_duration(settings.engine.holds.max, text); }},
    Setting{"payment_ttl", "10m", "How long a new booking waits for its payment",
            [](Settings& settings, std::string_view text) {
                return set_duration(settings.engine.bookings.payment_ttl, text);
            }},
    Setting{"quote_ttl", "30m", "How long a quoted price is promised",
            [](Settings& settings, std::string_view text) {
                return set_duration(settings.engine.pricing.quote_ttl, text);
            }},
    Setting{"max_holds", "5", "Live holds of one user at a time; 0 is no limit",
            [](Settings& settings, std::string_view text) {
                return set_count(settings.engine.holds.max_holds, text, 0);
            }},
    Setting{"max_seats", "9", "Seats of one hold, on each run",
            [](Settings& settings, std::string_view text) {
                return set_count(settings.engine.holds.max_seats, text, 1);
            }},
    Setting{"idempotency_ttl", "24h", "How long the answer to an idempotency key is kept",
            [](Settings& settings, std::string_view text) -> Status {
                if (const auto done = set_duration(settings.engine.holds.keep_answers, text); !done) return done;
                settings.engine.bookings.keep_answers = settings.engine.holds.keep_answers;
                return {};
            }},
};

std::vector<std::string> known_keys() {
    std::vector<std::string> keys;
    for (const auto& setting : kSettings) keys.emplace_back(setting.key);
    return keys;
}

/// The values of a file, by key. Numbers are taken as they are written.
Result<std::map<std::string, std::string>> read_file(const std::string& file) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure))
        return Error{ErrorCode::not_found, fmt::format("there is no configuration file '{}'", file)};
    toml::table content;
    try {
        content = toml::parse_file(file);
    } catch (const toml::parse_error& error) {
        const auto begin = error.source().begin;
        return Error{ErrorCode::invalid_argument, fmt::format("{}:{}:{}: {}", file, begin.line, begin.column,
                                                              error.description())};
    }
    std::map<std::string, std::string> values;
    const auto keys = known_keys();
    for (const auto& [key, node] : content) {
        const std::string name{key.str()};
        const auto begin = node.source().begin;
        const std::string place = fmt::format("{}:{}:{}", file, begin.line, begin.column);
        if (std::ranges::find(keys, name) == keys.end()) {
            return Error{ErrorCode::invalid_argument, fmt::format("{}: there is no setting '{}'", place, name),
                         did_you_mean(name, keys)};
        }
        if (const auto text = node.value_exact<std::string>()) {
            values[name] = *text;
        } else if (const auto number = node.value_exact<std::int64_t>()) {
            values[name] = fmt::format("{}", *number);
        } else {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("{}: the value of '{}' is neither a text nor a whole number", place, name)};
        }
    }
    return values;
}

}  // namespace

std::string Setting::flag() const {
    std::string name = "--" + std::string{key};
    std::ranges::replace(name, '_', '-');
    return name;
}

std::string Setting::variable() const {
    std::string name = "RAILBOOK_";
    for (const char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

std::span<const Setting> known_settings() { return kSettings; }

Result<Settings> load_settings(const SettingSources& sources) {
    std::map<std::string, std::string> of_file;
    if (!sources.file.empty()) {
        auto read = read_file(sources.file);
        if (!read) return std::move(read).error();
        of_file = *std::move(read);
    }
    Settings settings;
    for (const auto& setting : kSettings) {
        SettingValue value{std::string{setting.key}, std::string{setting.fallback}, "default"};
        const auto variable = sources.variable(setting.variable());
        if (const auto flag = sources.flags.find(value.key); flag != sources.flags.end()) {
            value.text = flag->second;
            value.origin = "flag";
        } else if (variable) {
            value.text = *variable;
            value.origin = fmt::format("environment {}", setting.variable());
        } else if (const auto found = of_file.find(value.key); found != of_file.end()) {
            value.text = found->second;
            value.origin = fmt::format("file {}", sources.file);
        }
        if (const auto done = setting.apply(settings, value.text); !done) {
            Error error = done.error();
            error.detail = fmt::format("{} ({}): {}", setting.flag().substr(2), value.origin, error.detail);
            return error;
        }
        settings.values.push_back(std::move(value));
    }
    return settings;
}

}  // namespace railbook::cli
