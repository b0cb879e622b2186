#pragma once
/// A real PostgreSQL server for tests, in a temporary folder and on a Unix socket only. As root, the server runs as the
/// user `postgres`, or `nobody`: it refuses to run as root.

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include <railbook/result.hpp>

namespace railbook::test {

/// One at a time uses it, except where a method says otherwise. When it goes, so do the server and its files; when the
/// process is killed, the server ends too.
class PostgresServer {
public:
    /// `parent`: the folder in which its files are. Errors: unavailable, which the test is to fail with.
    static Result<PostgresServer*> start_new(const std::string& parent, const std::vector<std::string>& settings = {});
    /// The one that the tests of this process share; in memory where the system has a folder there.
    static Result<PostgresServer*> shared();
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    /// The URL of a new, empty database. Thread-safe.
    std::string new_database();
    /// The URL of a new database that is a copy of the one at `url`, which nobody uses.
    std::string copy_of(const std::string& url);
    std::string url_of(const std::string& database, const std::string& user = "postgres") const;
    const std::string& folder() const { return folder_; }
    /// Where programs such as pgbench are.
    const std::string& programs() const { return programs_; }

    /// Ends the server as a power cut would: by SIGKILL, without a last word.
    void kill();
    /// Shuts down at once, without a checkpoint; sessions are told so.
    void stop_immediately();
    /// After either. Waits until the server answers.
    Status start();

private:
    PostgresServer(std::string folder, std::string programs, std::vector<std::string> settings);
    Status make();
    void end(int signal);

    std::string folder_;
    std::string programs_;
    std::vector<std::string> settings_;
    pid_t process_ = -1;
};

/// What a program other than Railbook says to the database, each time on a connection of its own. Thread-safe.
struct SqlAnswer {
    std::string sqlstate;                        ///< Empty where all went well.
    std::vector<std::vector<std::string>> rows;  ///< Of the last statement.
    bool is_good() const { return sqlstate.empty(); }
    /// The first column of the first row; empty where there is none.
    std::string value() const { return rows.empty() || rows[0].empty() ? std::string{} : rows[0][0]; }
};
SqlAnswer sql(const std::string& url, const std::string& statements);

}  // namespace railbook::test
