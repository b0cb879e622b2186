#pragma once
/// Settings: each is a flag, an environment variable and a key in a TOML file. A flag wins over the environment, the
/// environment over the file, the file over the built-in value.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/engine.hpp>
#include <railbook/result.hpp>

namespace railbook::cli {

struct Settings;

/// One setting, as the list of all of them shows it.
struct Setting {
    std::string_view key;       ///< In the file: `hold_ttl`.
    std::string_view fallback;  ///< The built-in value.
    std::string_view help;
    Status (*apply)(Settings& settings, std::string_view text);

    std::string flag() const;      ///< `--hold-ttl`.
    std::string variable() const;  ///< `RAILBOOK_HOLD_TTL`.
};
std::span<const Setting> known_settings();

/// A value and where it came from.
struct SettingValue {
    std::string key;
    std::string text;
    std::string origin;  ///< `flag`, `environment RAILBOOK_HOLD_TTL`, `file railbook.toml` or `default`.
};

struct Settings {
    std::string store;
    EngineOptions engine;
    std::vector<SettingValue> values;  ///< In the order of `known_settings`.
};

/// What settings are made from.
struct SettingSources {
    std::map<std::string, std::string> flags;  ///< Given ones, by key.
    std::function<std::optional<std::string>(const std::string&)> variable;
    std::string file;  ///< Empty: none.
};

/// Errors: invalid_argument (a value that is none, an unknown key, a file that is not TOML); not_found (no such file).
Result<Settings> load_settings(const SettingSources& sources);

}  // namespace railbook::cli
