#pragma once
/// What the commands of one run of the program share: the options before the verb, the settings, the store, and the
/// streams.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include <railbook/engine.hpp>
#include <railbook/environment.hpp>
#include <railbook/result.hpp>

#include "caller.hpp"
#include "output.hpp"
#include "settings.hpp"

namespace railbook::cli {

/// Options that every command takes, as they were given.
struct GlobalOptions {
    std::string output = "table";
    std::string color = "auto";
    std::string config;
    std::string user;
    std::string now;
    std::string idempotency_key;
    bool yes = false;
    bool quiet = false;
    std::map<std::string, std::string> settings;  ///< Flags of settings, by key.
};

class Context {
public:
    Context();
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    GlobalOptions options;
    std::string command;                  ///< Such as `railbook hold create`.
    std::function<int()> action;          ///< What the command line asked for; returns the exit code.

    /// Understands the options. Errors: invalid_argument; not_found (the configuration file).
    Status prepare();
    Format format() const { return format_; }
    const Settings& settings() const { return settings_; }
    Environment& environment() { return *environment_; }
    const Principal& principal() const { return principal_; }

    /// The store's engine behind operations; opened at first use. Errors: those of Engine::open.
    Result<Caller*> caller();
    /// The same engine, for what no operation can carry. Errors: those of Engine::open.
    Result<Engine*> engine();
    Result<Answer> call(std::string_view operation, const boost::json::object& body);
    Result<Answer> call_with_text(std::string_view operation, const std::string& body);
    Result<boost::json::array> call_for_all(std::string_view operation, const boost::json::object& body);
    /// Does the due work of the store, if this command opened one.
    void run_due();

    // The three ways in which a command ends; each returns the exit code.
    int print_list(const Columns& columns, const boost::json::array& items);
    /// `columns` are those of the CSV form, `description` the form for people.
    int print_one(const std::string& text, const boost::json::value& value, const Columns& columns,
                  const std::string& description);
    int fail(Error error);

    /// Adds to what goes to the standard output.
    void write(std::string_view text) { out_ += text; }
    /// Writes it. A closed pipe ends the output in silence. Errors: storage_full; unavailable.
    Status flush();
    /// A message for a person, to the standard error output; `--quiet` turns it off.
    void note(std::string_view message);
    /// What was asked for beside the data: to the standard error output, also with `--quiet`.
    void tell(std::string_view message);
    bool color() const { return color_; }
    /// Shows how far a long import is, on a terminal, from the third second on.
    void show_progress(std::string_view step, std::uint64_t done, std::uint64_t total);
    void end_progress();

    /// Asks for a yes. Errors: invalid_argument (no terminal to ask at, and no --yes); conflict (the answer was no).
    Status confirm(const std::string& question);

private:
    class FixedClock;
    struct Progress;

    Format format_ = Format::table;
    bool color_ = false;
    Settings settings_;
    std::unique_ptr<FixedClock> fixed_clock_;
    Environment* environment_;
    Principal principal_;
    std::optional<Engine> engine_;
    std::optional<Caller> caller_;
    std::unique_ptr<Progress> progress_;
    std::string out_;
};

}  // namespace railbook::cli
