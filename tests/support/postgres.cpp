#include "support/postgres.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>

#include <libpq-fe.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <railbook/environment.hpp>

#include "support/process.hpp"

namespace railbook::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

Error failed(const std::string& what) { return {ErrorCode::unavailable, what, "tools/setup.sh test"}; }

/// The folder of the newest server that is installed; empty where there is none.
std::string find_programs() {
    std::error_code ignored;
    std::vector<std::pair<int, std::string>> found;
    for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
        const auto folder = version.path() / "bin";
        if (fs::exists(folder / "postgres", ignored) && fs::exists(folder / "initdb", ignored))
            found.emplace_back(std::atoi(version.path().filename().c_str()), folder.string());
    }
    if (found.empty()) return {};
    return std::ranges::max_element(found)->second;
}

/// Who may run the server: not root.
const passwd* server_user() {
    if (geteuid() != 0) return nullptr;
    if (const auto* user = getpwnam("postgres")) return user;
    return getpwnam("nobody");
}

/// Its name; empty where the server runs as whoever runs the tests.
std::string server_user_name() {
    const auto* user = server_user();
    return user ? user->pw_name : "";
}

/// An empty database that every server of this version begins with: to make one takes ten times as long as to copy it.
/// It lies beside the program and goes with the build.
fs::path template_for(const std::string& programs) {
    std::error_code ignored;
    const auto version = fs::path{programs}.parent_path().filename().string();
    return fs::read_symlink("/proc/self/exe", ignored).parent_path() / ("postgres-template-" + version);
}

/// With the owner and the rights that the server demands of its files.
bool copy_database(const fs::path& from, const fs::path& to, const passwd* owner) {
    std::error_code error;
    fs::copy(from, to, fs::copy_options::recursive, error);
    if (error) return false;
    const auto give = [&](const fs::path& path) {
        return !owner || chown(path.c_str(), owner->pw_uid, owner->pw_gid) == 0;
    };
    bool is_given = chmod(to.c_str(), 0700) == 0 && give(to);
    for (const auto& entry : fs::recursive_directory_iterator{to, error}) is_given = is_given && give(entry.path());
    return is_given && !error;
}

}  // namespace

PostgresServer::PostgresServer(std::string folder, std::string programs, std::vector<std::string> settings)
    : folder_{std::move(folder)}, programs_{std::move(programs)}, settings_{std::move(settings)} {}

PostgresServer::~PostgresServer() {
    end(SIGQUIT);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

Result<PostgresServer*> PostgresServer::start_new(const std::string& parent, const std::vector<std::string>& settings) {
    const auto programs = find_programs();
    if (programs.empty()) return failed("there is no PostgreSQL server on this machine");
    const auto name = make_server_folder(parent, "postgres");
    if (name.empty()) return failed("there is no temporary folder for PostgreSQL");
    std::unique_ptr<PostgresServer> server{new PostgresServer{name, programs, settings}};
    if (const auto done = server->make(); !done) return done.error();
    if (const auto done = server->start(); !done) return done.error();
    return server.release();
}

Result<PostgresServer*> PostgresServer::shared() {
    static std::unique_ptr<PostgresServer> server;  // stopped when the process exits
    static const Status started = []() -> Status {
        const auto made = start_new(server_parent());
        if (!made) return made.error();
        server.reset(*made);
        return {};
    }();
    if (!started) return started.error();
    return server.get();
}

Status PostgresServer::make() {
    const auto* user = server_user();
    if (user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) return failed("chown failed");
    if (chmod(folder_.c_str(), 0755) != 0) return failed("chmod failed");
    const auto ready_made = template_for(programs_);
    std::error_code error;
    if (fs::exists(ready_made, error) && copy_database(ready_made, folder_ + "/data", user)) return {};
    fs::remove_all(folder_ + "/data", error);
    const auto status =
        wait_for(spawn({programs_ + "/initdb", "--pgdata", folder_ + "/data", "--username", "postgres", "--auth",
                        "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"},
                       folder_ + "/initdb.log", SIGQUIT, server_user_name()));
    if (status != 0) return failed("initdb failed: see initdb.log in " + folder_);
    // For those who come later. Where it cannot be kept, or another was faster, each makes its own.
    const fs::path mine = ready_made.string() + "." + std::to_string(getpid());
    if (copy_database(folder_ + "/data", mine, nullptr)) fs::rename(mine, ready_made, error);
    fs::remove_all(mine, error);
    return {};
}

Status PostgresServer::start() {
    std::vector<std::string> words{programs_ + "/postgres", "-D", folder_ + "/data"};
    for (const auto& setting : {"listen_addresses=", "max_connections=100", "shared_buffers=64MB",
                                "log_min_messages=log", "log_checkpoints=off", "unix_socket_permissions=0777"}) {
        words.emplace_back("-c");
        words.emplace_back(setting);
    }
    words.emplace_back("-c");
    words.push_back("unix_socket_directories=" + folder_);
    for (const auto& setting : settings_) {
        words.emplace_back("-c");
        words.push_back(setting);
    }
    const auto url = url_of("postgres");
    for (int round = 0; round < 3000; ++round) {
        // After a kill, the old server's sessions take a moment to go; until then a new one gives up at once.
        if (process_ <= 0 || waitpid(process_, nullptr, WNOHANG) == process_)
            process_ = spawn(words, folder_ + "/server.log", SIGQUIT, server_user_name());
        if (PQping(url.c_str()) == PQPING_OK) return {};
        system_environment().pause(milliseconds{10});
    }
    return failed("PostgreSQL does not start: see server.log in " + folder_);
}

void PostgresServer::end(int signal) {
    if (process_ <= 0) return;
    ::kill(process_, signal);
    wait_for(process_);
    process_ = -1;
}

void PostgresServer::kill() { end(SIGKILL); }

void PostgresServer::stop_immediately() { end(SIGQUIT); }

std::string PostgresServer::url_of(const std::string& database, const std::string& user) const {
    return "postgres://" + user + "@/" + database + "?host=" + folder_;
}

std::string PostgresServer::new_database() { return copy_of(url_of("template0")); }

std::string PostgresServer::copy_of(const std::string& url) {
    static std::atomic<int> count = 0;
    const auto name = "railbook_" + std::to_string(++count);
    const auto slash = url.find("@/") + 2;
    const auto from = url.substr(slash, url.find('?') - slash);
    const auto made = sql(url_of("postgres"), "CREATE DATABASE " + name + " TEMPLATE " + from);
    return made.is_good() ? url_of(name) : "no database: " + made.sqlstate;
}

SqlAnswer sql(const std::string& url, const std::string& statements) {
    SqlAnswer answer;
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection{PQconnectdb(url.c_str()), PQfinish};
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        answer.sqlstate = "08001";
        return answer;
    }
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(connection.get(), statements.c_str()), PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char* found = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
        answer.sqlstate = found ? found : "08006";
        return answer;
    }
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        auto& added = answer.rows.emplace_back();
        for (int column = 0; column < PQnfields(result.get()); ++column)
            added.emplace_back(PQgetvalue(result.get(), row, column));
    }
    return answer;
}

}  // namespace railbook::test
