#pragma once
/// A real Redis server for tests, in a temporary folder.

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include <railbook/result.hpp>

namespace railbook::test {

/// One at a time uses it, except where a method says otherwise. When it goes, so do the server and its files; when the
/// process is killed, the server ends too.
class RedisServer {
public:
    /// On a Unix socket; with a port, on that one too. `settings` are those of redis.conf, each with its value. Errors:
    /// unavailable, which the test is to fail with.
    static Result<std::unique_ptr<RedisServer>> start_new(const std::vector<std::string>& settings = {}, int port = 0);
    /// The one that the tests of this process share.
    static Result<RedisServer*> shared();
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    std::string url() const;
    std::string socket() const { return folder_ + "/redis.sock"; }
    const std::string& folder() const { return folder_; }
    int port() const { return port_; }

    /// By SIGKILL, without a last word.
    void kill();
    /// After that. Waits until the server answers.
    Status start();
    /// What redis-cli prints of a command. Thread-safe.
    std::string command(const std::vector<std::string>& words) const;

private:
    RedisServer(std::string folder, std::string program, std::vector<std::string> settings, int port);

    std::string folder_;
    std::string program_;
    std::vector<std::string> settings_;
    int port_;
    pid_t process_ = -1;
};

/// A port of this machine that nobody uses.
int free_port();

}  // namespace railbook::test
