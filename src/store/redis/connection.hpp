#pragma once
/// A connection to a Redis server: where it is, what it answers, and how its silence becomes an error.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>

struct redisContext;

namespace railbook::store::redis {

struct Address {
    std::string socket;  ///< Of a Unix socket; else host and port.
    std::string host;
    int port = 6379;
    std::string user;
    std::string password;
    int database = 0;

    /// For people, and as the name of a node; without secrets.
    std::string shown() const;
};
/// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` or `unix://[[USER]:PASSWORD@]/SOCKET[?db=DATABASE]`.
/// Errors: invalid_argument.
Result<Address> parse_address(std::string_view url);

struct Reply {
    enum class Kind : std::uint8_t { nothing, integer, text, list, error };
    Kind kind = Kind::nothing;
    std::int64_t integer = 0;
    std::string text;  ///< Of an error too.
    std::vector<Reply> items;

    bool is(std::string_view wanted) const { return kind == Kind::text && text == wanted; }
    /// The text of an item; empty where it is not there.
    const std::string& at(std::size_t place) const;
    /// The item as a number, also where it is one in text; 0 where it is not there.
    std::int64_t number(std::size_t place) const;
};

/// A command as it goes over the wire.
std::string wire(std::span<const std::string_view> words);
void append_wire(std::string& out, std::span<const std::string_view> words);

/// What a server says of itself.
struct ServerFacts {
    std::string run;     ///< Another one after each start.
    std::string policy;  ///< What it does where memory runs out.
    bool is_cluster = false;
    bool is_replica = false;
};

/// Not thread-safe.
class Connection {
public:
    /// Errors: unavailable; forbidden (user or password); unsupported (not a server that Railbook can use).
    static Result<std::unique_ptr<Connection>> open(const Address& address);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Errors of both: unavailable: the connection is of no use any more, and nobody knows what was done.
    /// Sends commands in one write.
    Status send(std::span<const std::string_view> parts);
    /// Waits for that many of their answers.
    Result<std::vector<Reply>> receive(std::size_t count);
    Result<std::vector<Reply>> exchange(std::string_view commands, std::size_t count) {
        if (const auto sent = send(std::span{&commands, 1}); !sent) return sent.error();
        return receive(count);
    }
    const ServerFacts& facts() const { return facts_; }

private:
    struct Close {
        void operator()(redisContext* context) const;
    };
    explicit Connection(redisContext* context) : context_{context} {}
    Status greet(const Address& address);

    std::unique_ptr<redisContext, Close> context_;
    ServerFacts facts_;
};

}  // namespace railbook::store::redis
