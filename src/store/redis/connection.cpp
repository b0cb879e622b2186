#include "store/redis/connection.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/encoding.hpp"

namespace railbook::store::redis {
namespace {

constexpr timeval kConnectTimeout{.tv_sec = 1, .tv_usec = 0};
constexpr timeval kAnswerTimeout{.tv_sec = 2, .tv_usec = 0};
/// No system takes fewer at once.
constexpr std::size_t kMostParts = 512;
/// Of `$1234` and two ends of lines.
constexpr std::size_t kLengthSize = 16;

Error bad_url() {
    return {ErrorCode::invalid_argument, "the address of Redis cannot be read",
            "write redis://HOST:PORT/DATABASE or unix:///SOCKET"};
}
Error away(std::string_view what) {
    return {ErrorCode::unavailable, fmt::format("Redis does not answer: {}", what), "try again"};
}

struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

Reply taken_from(const redisReply& read) {
    Reply reply;
    switch (read.type) {
        case REDIS_REPLY_INTEGER:
            reply.kind = Reply::Kind::integer;
            reply.integer = read.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.kind = Reply::Kind::text;
            reply.text.assign(read.str, read.len);
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = Reply::Kind::error;
            reply.text.assign(read.str, read.len);
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = Reply::Kind::list;
            reply.items.reserve(read.elements);
            for (std::size_t i = 0; i < read.elements; ++i) reply.items.push_back(taken_from(*read.element[i]));
            break;
        default: break;
    }
    return reply;
}

std::string value_of(std::string_view facts, std::string_view name) {
    const auto start = facts.find(std::string{name} + ':');
    if (start == std::string_view::npos) return {};
    const auto value = facts.substr(start + name.size() + 1);
    return std::string{value.substr(0, value.find_first_of("\r\n"))};
}

void append_length(std::string& out, char mark, std::size_t length) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
    out += mark;
    out.append(digits.data(), end);
    out += "\r\n";
}

}  // namespace

std::string Address::shown() const { return socket.empty() ? fmt::format("{}:{}", host, port) : socket; }

Result<Address> parse_address(std::string_view url) {
    Address address;
    const auto number = [](std::string_view text, int max) -> std::optional<int> {
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0 || value > max)
            return std::nullopt;
        return value;
    };
    const bool is_socket = url.starts_with("unix://");
    if (!is_socket && !url.starts_with("redis://")) return bad_url();
    url.remove_prefix(is_socket ? 7 : 8);
    if (const auto at = url.rfind('@'); at != std::string_view::npos) {
        const auto who = url.substr(0, at);
        url.remove_prefix(at + 1);
        const auto colon = who.find(':');
        if (colon == std::string_view::npos) return bad_url();
        const auto user = base::percent_decode(who.substr(0, colon));
        const auto password = base::percent_decode(who.substr(colon + 1));
        if (!user || !password || password->empty()) return bad_url();
        address.user = *user;
        address.password = *password;
    }
    if (is_socket) {
        const auto question = url.find('?');
        if (question != std::string_view::npos) {
            const auto query = url.substr(question + 1);
            if (!query.starts_with("db=")) return bad_url();
            const auto database = number(query.substr(3), 65'535);
            if (!database) return bad_url();
            address.database = *database;
        }
        const auto path = base::percent_decode(url.substr(0, question));
        if (!path || !path->starts_with('/')) return bad_url();
        address.socket = *path;
        return address;
    }
    if (const auto slash = url.find('/'); slash != std::string_view::npos) {
        const auto text = url.substr(slash + 1);
        url = url.substr(0, slash);
        const auto database = text.empty() ? std::optional{0} : number(text, 65'535);
        if (!database) return bad_url();
        address.database = *database;
    }
    const bool is_bracketed = url.starts_with('[');
    const auto colon = is_bracketed ? url.find(':', std::min(url.find(']'), url.size())) : url.find(':');
    if (colon != std::string_view::npos) {
        const auto port = number(url.substr(colon + 1), 65'535);
        if (!port) return bad_url();
        address.port = *port;
        url = url.substr(0, colon);
    }
    if (is_bracketed) {
        if (!url.ends_with(']')) return bad_url();
        url = url.substr(1, url.size() - 2);
    }
    if (url.empty()) return bad_url();
    address.host = url;
    return address;
}

const std::string& Reply::at(std::size_t place) const {
    static const std::string none;
    return place < items.size() ? items[place].text : none;
}

std::int64_t Reply::number(std::size_t place) const {
    if (place >= items.size()) return 0;
    const auto& item = items[place];
    if (item.kind == Kind::integer) return item.integer;
    std::int64_t value = 0;
    std::from_chars(item.text.data(), item.text.data() + item.text.size(), value);
    return value;
}

void append_wire(std::string& out, std::span<const std::string_view> words) {
    std::size_t size = out.size() + kLengthSize;
    for (const auto word : words) size += word.size() + kLengthSize;
    if (out.capacity() < size) out.reserve(size);
    append_length(out, '*', words.size());
    for (const auto word : words) {
        append_length(out, '$', word.size());
        out.append(word);
        out += "\r\n";
    }
}

std::string wire(std::span<const std::string_view> words) {
    std::string out;
    append_wire(out, words);
    return out;
}

void Connection::Close::operator()(redisContext* context) const { redisFree(context); }
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Address& address) {
    auto* context = address.socket.empty()
                        ? redisConnectWithTimeout(address.host.c_str(), address.port, kConnectTimeout)
                        : redisConnectUnixWithTimeout(address.socket.c_str(), kConnectTimeout);
    if (!context) return Error{ErrorCode::internal, "no memory for a connection"};
    std::unique_ptr<Connection> connection{new Connection{context}};
    if (context->err != 0) return away("no connection");
    if (redisSetTimeout(context, kAnswerTimeout) != REDIS_OK) return away("no connection");
    if (address.socket.empty()) redisEnableKeepAlive(context);
    if (const auto done = connection->greet(address); !done) return done.error();
    return connection;
}

Status Connection::greet(const Address& address) {
    std::string commands;
    std::size_t count = 0;
    const auto add = [&](std::initializer_list<std::string_view> words) {
        append_wire(commands, std::span{words.begin(), words.size()});
        ++count;
    };
    if (!address.password.empty()) {
        if (address.user.empty()) add({"AUTH", address.password});
        else add({"AUTH", address.user, address.password});
    }
    const auto database = std::to_string(address.database);
    if (address.database != 0) add({"SELECT", database});
    add({"INFO"});
    const auto replies = exchange(commands, count);
    if (!replies) return replies.error();
    for (const auto& reply : *replies) {
        if (reply.kind != Reply::Kind::error) continue;
        if (reply.text.starts_with("LOADING")) return away("it is still loading its data");
        if (reply.text.starts_with("ERR DB") || reply.text.starts_with("ERR SELECT"))
            return Error{ErrorCode::invalid_argument, "Redis has no such database", "choose another one in the URL"};
        return Error{ErrorCode::forbidden, "Redis refuses the user or the password", "give both in the URL"};
    }
    const auto& facts = replies->back().text;
    facts_.run = value_of(facts, "run_id");
    facts_.policy = value_of(facts, "maxmemory_policy");
    facts_.is_cluster = value_of(facts, "cluster_enabled") == "1";
    facts_.is_replica = value_of(facts, "role") != "master";
    if (facts_.run.empty()) return Error{ErrorCode::unsupported, "the server of --redis is not a Redis"};
    return {};
}

Status Connection::send(std::span<const std::string_view> parts) {
    // Not by hiredis, which copies all, and has the process killed where the server is gone.
    std::vector<iovec> left;
    left.reserve(parts.size());
    for (const auto part : parts) left.push_back({.iov_base = const_cast<char*>(part.data()), .iov_len = part.size()});
    for (std::size_t first = 0; first < left.size();) {
        msghdr message{};
        message.msg_iov = left.data() + first;
        message.msg_iovlen = std::min<std::size_t>(left.size() - first, kMostParts);
        auto sent = sendmsg(context_->fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return away("the connection is lost");
        for (auto rest = static_cast<std::size_t>(sent); rest > 0;) {
            auto& part = left[first];
            const auto done = std::min(rest, part.iov_len);
            part.iov_base = static_cast<char*>(part.iov_base) + done;
            part.iov_len -= done;
            rest -= done;
            if (part.iov_len == 0) ++first;
        }
    }
    return {};
}

Result<std::vector<Reply>> Connection::receive(std::size_t count) {
    std::vector<Reply> replies;
    replies.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        void* read = nullptr;
        if (redisGetReply(context_.get(), &read) != REDIS_OK || !read) return away("the connection is lost");
        const std::unique_ptr<redisReply, FreeReply> reply{static_cast<redisReply*>(read)};
        replies.push_back(taken_from(*reply));
    }
    return replies;
}

}  // namespace railbook::store::redis
