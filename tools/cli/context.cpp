#include "context.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <poll.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "errors.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

std::optional<std::string> variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
}

bool wants_color(const std::string& choice, int stream) {
    if (choice != "auto") return choice == "always";
    return isatty(stream) == 1 && !variable("NO_COLOR") && variable("TERM") != "dumb";
}

void write_to_stderr(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace

/// A clock that stands still at `--now`; the rest is the real world's.
class Context::FixedClock final : public Environment {
public:
    explicit FixedClock(Timestamp now) : now_{now} {}
    Timestamp now() override { return now_; }
    void random_bytes(std::span<std::byte> out) override { system_environment().random_bytes(out); }
    void log(LogLevel level, std::string_view line) override { system_environment().log(level, line); }

private:
    Timestamp now_;
};

struct Context::Progress {
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown = begin;
    bool on_screen = false;
};

Context::Context() : environment_{&system_environment()} {}
Context::~Context() = default;

Status Context::prepare() {
    if (options.output == "json") format_ = Format::json;
    if (options.output == "jsonl") format_ = Format::jsonl;
    if (options.output == "csv") format_ = Format::csv;
    color_ = wants_color(options.color, STDOUT_FILENO);

    if (!options.now.empty()) {
        const auto now = parse_when(options.now, "UTC");
        if (!now) return now.error();
        fixed_clock_ = std::make_unique<FixedClock>(now->time);
        environment_ = fixed_clock_.get();
    }
    principal_ = options.user.empty() ? Principal::operator_named("cli") : Principal::user_named(options.user);

    const std::string config = options.config.empty() ? variable("RAILBOOK_CONFIG").value_or("") : options.config;
    auto settings = load_settings({options.settings, variable, config});
    if (!settings) return std::move(settings).error();
    settings_ = *std::move(settings);
    settings_.engine.environment = environment_;
    return {};
}

Result<Caller*> Context::caller() {
    if (!caller_) {
        auto opened = Engine::open(settings_.store, settings_.engine);
        if (!opened) return std::move(opened).error();
        engine_.emplace(*std::move(opened));
        caller_.emplace(*engine_, *environment_, principal_, options.idempotency_key);
    }
    return &*caller_;
}

Result<Engine*> Context::engine() {
    if (const auto opened = caller(); !opened) return opened.error();
    return &*engine_;
}

Result<Answer> Context::call(std::string_view operation, const json::object& body) {
    const auto opened = caller();
    if (!opened) return opened.error();
    return (*opened)->call(operation, body);
}

Result<Answer> Context::call_with_text(std::string_view operation, const std::string& body) {
    const auto opened = caller();
    if (!opened) return opened.error();
    return (*opened)->call_with_text(operation, body);
}

Result<json::array> Context::call_for_all(std::string_view operation, const json::object& body) {
    const auto opened = caller();
    if (!opened) return opened.error();
    return (*opened)->call_for_all(operation, body);
}

void Context::run_due() {
    if (!engine_) return;
    constexpr std::size_t kBatch = 100;
    while (true) {
        const auto done = engine_->run_due(kBatch);
        if (!done) {
            // The command itself is done. What is due stays due, and the next command tries again.
            note(fmt::format("due work was left for the next command: {}", done.error().detail));
            return;
        }
        if (*done < kBatch) return;
    }
}

int Context::print_list(const Columns& columns, const json::array& items) {
    switch (format_) {
        case Format::json: write(json::serialize(items) + '\n'); break;
        case Format::jsonl: write(json_lines(items)); break;
        case Format::csv: write(csv(columns, items)); break;
        case Format::table:
            if (items.empty()) note("nothing found");
            else write(table(columns, items, color_));
            break;
    }
    return kDone;
}

int Context::print_one(const std::string& text, const json::value& value, const Columns& columns,
                       const std::string& description) {
    switch (format_) {
        case Format::json:
        case Format::jsonl: write(text + '\n'); break;
        case Format::csv: write(csv(columns, {value})); break;
        case Format::table: write(description); break;
    }
    return kDone;
}

int Context::fail(Error error) {
    end_progress();
    if (error.hint.empty() && error.code == ErrorCode::invalid_argument) error.hint = command + " --help";
    const bool machine = options.output == "json" || options.output == "jsonl";
    write_to_stderr(machine ? problem_json(error) : error_text(error, wants_color(options.color, STDERR_FILENO)));
    return exit_code(error.code);
}

Status Context::flush() {
    std::string_view rest = out_;
    while (!rest.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            break;  // the reader has seen enough, as `head` does
        } else if (errno == ENOSPC) {
            return Error{ErrorCode::storage_full, "the output could not be written: no space is left"};
        } else if (errno == EAGAIN) {
            pollfd output{STDOUT_FILENO, POLLOUT, 0};
            poll(&output, 1, -1);
        } else if (errno != EINTR) {
            return Error{ErrorCode::internal, "the output could not be written"};
        }
    }
    out_.clear();
    return {};
}

void Context::note(std::string_view message) {
    if (!options.quiet) tell(message);
    else end_progress();
}

void Context::tell(std::string_view message) {
    end_progress();
    write_to_stderr(fmt::format("{}\n", printable(message)));
}

void Context::show_progress(std::string_view step, std::uint64_t done, std::uint64_t total) {
    if (options.quiet || isatty(STDERR_FILENO) != 1) return;
    if (!progress_) progress_ = std::make_unique<Progress>();
    const auto now = std::chrono::steady_clock::now();
    if (now - progress_->begin < std::chrono::seconds{2}) return;
    if (progress_->on_screen && now - progress_->shown < std::chrono::milliseconds{100}) return;
    progress_->shown = now;
    progress_->on_screen = true;
    const auto percent = total == 0 ? 100 : 100 * done / total;
    write_to_stderr(fmt::format("\r\x1b[K{:3} %  {}", percent, printable(step)));
}

void Context::end_progress() {
    if (progress_ && progress_->on_screen) write_to_stderr("\r\x1b[K");
    progress_.reset();
}

Status Context::confirm(const std::string& question) {
    if (options.yes) return {};
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        return Error{ErrorCode::invalid_argument, "this needs a confirmation, and there is no terminal to ask at",
                     "run it again with --yes"};
    }
    write_to_stderr(question + " [y/N] ");
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") return {};
    return Error{ErrorCode::conflict, "nothing was changed: the answer was no", "run it again with --yes"};
}

}  // namespace railbook::cli
