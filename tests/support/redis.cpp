#include "support/redis.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <railbook/environment.hpp>

#include "support/process.hpp"

namespace railbook::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

Error failed(const std::string& what) { return {ErrorCode::unavailable, what, "tools/setup.sh test"}; }

}  // namespace

int free_port() {
    const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int port = 0;
    if (bind(handle, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size) == 0)
        port = ntohs(address.sin_port);
    close(handle);
    // A cluster talks to its nodes on the port plus 10000.
    return port > 50'000 ? free_port() : port;
}

RedisServer::RedisServer(std::string folder, std::string program, std::vector<std::string> settings, int port)
    : folder_{std::move(folder)}, program_{std::move(program)}, settings_{std::move(settings)}, port_{port} {}

RedisServer::~RedisServer() {
    kill();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

Result<std::unique_ptr<RedisServer>> RedisServer::start_new(const std::vector<std::string>& settings, int port) {
    const auto program = find_program("redis-server");
    if (program.empty() || find_program("redis-cli").empty()) return failed("there is no Redis server on this machine");
    const auto name = make_server_folder(server_parent(), "redis");
    if (name.empty()) return failed("there is no temporary folder for Redis");
    std::unique_ptr<RedisServer> server{new RedisServer{name, program, settings, port}};
    if (const auto done = server->start(); !done) return done.error();
    return server;
}

Result<RedisServer*> RedisServer::shared() {
    static const auto server = start_new();
    if (!server) return server.error();
    return server->get();
}

std::string RedisServer::url() const {
    return port_ != 0 ? "redis://127.0.0.1:" + std::to_string(port_) : "unix://" + socket();
}

Status RedisServer::start() {
    std::vector<std::string> words{
        program_,    "--dir",  folder_, "--unixsocket", socket(), "--port", std::to_string(port_), "--bind",
        "127.0.0.1", "--save", "",      "--appendonly", "no"};
    for (std::size_t i = 0; i + 1 < settings_.size(); i += 2) {
        words.push_back("--" + settings_[i]);
        words.push_back(settings_[i + 1]);
    }
    process_ = spawn(words, folder_ + "/server.log", SIGKILL);
    for (int round = 0; round < 600; ++round) {
        if (command({"PING"}) == "PONG\n") return {};
        if (waitpid(process_, nullptr, WNOHANG) == process_) {
            process_ = -1;
            break;
        }
        system_environment().pause(milliseconds{20});
    }
    return failed("Redis does not start: see server.log in " + folder_);
}

void RedisServer::kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait_for(process_);
    process_ = -1;
}

std::string RedisServer::command(const std::vector<std::string>& words) const {
    std::string line = find_program("redis-cli") + " -s " + socket();
    for (const auto& word : words) line += " '" + word + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen((line + " 2>&1").c_str(), "r"), pclose};
    std::string output;
    std::array<char, 4096> part{};
    while (pipe) {
        const auto count = fread(part.data(), 1, part.size(), pipe.get());
        if (count == 0) break;
        output.append(part.data(), count);
    }
    return output;
}

}  // namespace railbook::test
