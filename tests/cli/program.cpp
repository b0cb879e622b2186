#include "cli/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>

namespace railbook::test {
namespace {

/// A file descriptor that is closed once.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_{number} {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        close();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    int get() const { return number_; }
    void close() {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

private:
    int number_;
};

struct Pipe {
    Descriptor read;
    Descriptor write;
};
Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

/// Pointers for exec, made before the fork: the child must not allocate.
class ExecList {
public:
    explicit ExecList(std::vector<std::string> words) : words_{std::move(words)} {
        for (auto& word : words_) pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    char** get() { return pointers_.data(); }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

ExecList arguments_of(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"railbook"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return ExecList{std::move(words)};
}

ExecList environment_of(const std::map<std::string, std::string>& variables) {
    std::vector<std::string> words;
    for (const auto& [name, value] : variables) words.push_back(name + '=' + value);
    return ExecList{std::move(words)};
}

int exit_code_of(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Reads both to their end; whichever fills up first must not stop the other.
void drain(const Descriptor& first, std::string& first_text, const Descriptor& second, std::string& second_text) {
    std::array<pollfd, 2> streams{pollfd{first.get(), POLLIN, 0}, pollfd{second.get(), POLLIN, 0}};
    const std::array<std::string*, 2> texts{&first_text, &second_text};
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        if (poll(streams.data(), streams.size(), -1) < 0) continue;
        for (std::size_t i = 0; i < streams.size(); ++i) {
            if (streams[i].revents == 0) continue;
            std::array<char, 65536> buffer;
            const ssize_t count = read(streams[i].fd, buffer.data(), buffer.size());
            if (count > 0) texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
            else streams[i].fd = -1;
        }
    }
}

std::string normalised(std::string text, const std::string& folder) {
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
        text.replace(at, folder.size(), "FOLDER");
    const std::array<std::pair<std::regex, const char*>, 4> rules{{
        {std::regex{R"([A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{40,})"}, "TOKEN"},
        {std::regex{R"(\b[0-9a-f]{64}\b)"}, "CHECKSUM"},
        {std::regex{R"(\b[0-9a-f]{32}\b)"}, "ID"},
        {std::regex{R"(\b[2-9A-HJKMNP-TV-Z]{8}\b)"}, "XXXXXXXX"},
    }};
    for (const auto& [pattern, name] : rules) text = std::regex_replace(text, pattern, name);
    return text;
}

std::string shown_command(const std::vector<std::string>& arguments) {
    std::string text = "$ railbook";
    for (const auto& argument : arguments) {
        const bool plain = !argument.empty() && argument.find_first_of(" \"'*?$") == std::string::npos;
        text += plain ? ' ' + argument : " '" + argument + "'";
    }
    return text + '\n';
}

}  // namespace

ProgramTest::ProgramTest() {
    std::string name = (std::filesystem::temp_directory_path() / "railbook-cli-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error{"no temporary folder"};
    folder = name;
    store = "sqlite:" + (folder / "store.db").string();
    const char* path = std::getenv("PATH");
    environment = {{"PATH", path ? path : "/usr/bin:/bin"}, {"TMPDIR", folder.string()}, {"TERM", "xterm"}};
}

ProgramTest::~ProgramTest() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

std::vector<std::string> ProgramTest::with_store(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--store", store, "--now", now});
    return arguments;
}

Outcome ProgramTest::run(std::vector<std::string> arguments) { return run_plain(with_store(std::move(arguments))); }

Outcome ProgramTest::run_plain(const std::vector<std::string>& arguments, Output output) {
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const Descriptor nothing{open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const Descriptor full{open("/dev/full", O_WRONLY | O_CLOEXEC)};
    if (output == Output::closed_pipe) out.read.close();
    ExecList words = arguments_of(arguments);
    ExecList variables = environment_of(environment);
    const std::string directory = folder.string();

    const pid_t child = fork();
    if (child == 0) {
        dup2(nothing.get(), STDIN_FILENO);
        dup2(output == Output::full_device ? full.get() : out.write.get(), STDOUT_FILENO);
        dup2(err.write.get(), STDERR_FILENO);
        if (output == Output::closed) close(STDOUT_FILENO);
        // As a program finds it that a shell starts, whatever the test's own parent does with it.
        std::signal(SIGPIPE, SIG_DFL);
        if (chdir(directory.c_str()) == 0) execve(RAILBOOK_CLI, words.get(), variables.get());
        _exit(127);
    }
    out.write.close();
    err.write.close();
    Outcome outcome;
    drain(out.read, outcome.out, err.read, outcome.err);
    outcome.exit_code = exit_code_of(child);
    return outcome;
}

Outcome ProgramTest::run_at_terminal(std::vector<std::string> arguments, std::string_view typed) {
    ExecList words = arguments_of(with_store(std::move(arguments)));
    ExecList variables = environment_of(environment);
    const std::string directory = folder.string();
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
        if (chdir(directory.c_str()) == 0) execve(RAILBOOK_CLI, words.get(), variables.get());
        _exit(127);
    }
    const Descriptor owned{terminal};
    Outcome outcome;
    bool answered = false;
    std::array<char, 4096> buffer;
    for (ssize_t count = 0; (count = read(terminal, buffer.data(), buffer.size())) > 0;) {
        outcome.out.append(buffer.data(), static_cast<std::size_t>(count));
        if (answered || outcome.out.find("[y/N] ") == std::string::npos) continue;
        answered = true;
        if (::write(terminal, typed.data(), typed.size()) < 0) break;
    }
    outcome.exit_code = exit_code_of(child);
    return outcome;
}

void ProgramTest::expect_golden(const std::string& name, const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    std::string actual = shown_command(arguments) + outcome.out;
    if (!outcome.err.empty()) actual += "[stderr]\n" + outcome.err;
    actual += "[exit " + std::to_string(outcome.exit_code) + "]\n";
    actual = normalised(std::move(actual), folder.string());

    const std::string file = std::string{RAILBOOK_SOURCE_DIR} + "/tests/cli/golden/" + name + ".txt";
    if (std::getenv("RAILBOOK_UPDATE_GOLDEN")) {
        std::ofstream{file, std::ios::binary} << actual;
        return;
    }
    std::ifstream stream{file, std::ios::binary};
    const std::string expected{std::istreambuf_iterator<char>{stream}, {}};
    EXPECT_EQ(actual, expected) << "if this is right now, run again with RAILBOOK_UPDATE_GOLDEN=1";
}

std::string ProgramTest::write(const std::string& name, std::string_view text) {
    const auto file = folder / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
    return file.string();
}

void ProgramTest::import_tiny() {
    write("tiny/agency.txt",
          "agency_id,agency_name,agency_url,agency_timezone\n"
          "TR,Tiny Railways,https://example.org,Europe/Berlin\n");
    // Overland has its own time zone, an hour behind the others.
    write("tiny/stops.txt",
          "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code,stop_timezone\n"
          "A,Altstadt Hbf,52.5,13.4,1,,,\n"
          "A1,Altstadt Hbf,52.5,13.4,0,A,1,\n"
          "B,Bergheim,51.5,12.4,1,,,\n"
          "B1,Bergheim,51.5,12.4,0,B,1,\n"
          "B2,Bergheim,51.5,12.4,0,B,2a,\n"
          "C,Größenau,50.5,11.4,1,,,\n"
          "C1,Größenau,50.5,11.4,0,C,7,\n"
          "O,Overland,51.5,-0.1,0,,,Europe/London\n");
    write("tiny/routes.txt",
          "route_id,agency_id,route_short_name,route_long_name,route_type\n"
          "IC1,TR,,IC 1,2\n"
          "IC3,TR,,IC 3,2\n"
          "NJ9,TR,,NJ 9,2\n"
          "ES5,TR,,ES 5,2\n");
    write("tiny/trips.txt",
          "route_id,service_id,trip_id,trip_headsign\n"
          "IC1,daily,1,Größenau\n"
          "IC3,daily,3,Größenau\n"
          "NJ9,daily,9,Altstadt Hbf\n"
          "ES5,daily,5,Overland\n");
    // The last row names a trip that there is not: it is dropped and reported.
    write("tiny/stop_times.txt",
          "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
          "1,08:00:00,08:00:00,A1,1\n"
          "1,09:00:00,09:05:00,B1,2\n"
          "1,10:30:00,10:30:00,C1,3\n"
          "3,14:00:00,14:00:00,A1,1\n"
          "3,16:20:00,16:20:00,C1,2\n"
          "9,22:15:00,22:15:00,C1,1\n"
          "9,23:40:00,23:45:00,B2,2\n"
          "9,25:10:00,25:10:00,A1,3\n"
          "5,07:00:00,07:00:00,B1,1\n"
          "5,15:30:00,15:30:00,O,2\n"
          "77,09:00:00,09:00:00,A1,1\n");
    write("tiny/calendar.txt",
          "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
          "daily,1,1,1,1,1,1,1,20261101,20261231\n");
    // IC 1 has two seats of one class; the other trains are the built-in one.
    write("two-seats.json", R"({"name": "two-seats",
 "layouts": [{"layout": "bench", "class": "second", "places": [
   {"number": "1", "row": 1, "column": "A", "properties": ["WINDOW"]},
   {"number": "2", "row": 1, "column": "B", "properties": ["AISLE"]}]}],
 "consists": [{"consist": "railcar", "coaches": [{"number": "1", "layout": "bench"}],
               "applies_to": [{"feed": "tiny", "trip": "1"}]}]}
)");
    const auto feed = run({"import", "gtfs", "tiny"});
    ASSERT_EQ(feed.exit_code, 0) << feed.err;
    const auto layouts = run({"import", "layouts", "two-seats.json"});
    ASSERT_EQ(layouts.exit_code, 0) << layouts.err;
}

std::string ProgramTest::cut(const std::string& text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == std::string::npos) return {};
    const auto from = begin + before.size();
    return text.substr(from, text.find(after, from) - from);
}

std::string ProgramTest::json_member(const std::string& text, std::string_view pointer) {
    boost::system::error_code error;
    const auto value = boost::json::parse(text, error);
    if (error) return "not JSON: " + text;
    const auto* found = value.find_pointer(pointer, error);
    if (!found) return {};
    return found->is_string() ? std::string{found->get_string()} : boost::json::serialize(*found);
}

}  // namespace railbook::test
