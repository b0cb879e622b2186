#include "store/redis/client.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace railbook::store::redis {
namespace {

/// So that while one batch is on its way, the next one is sent.
constexpr std::size_t kLanes = 2;
/// Then whoever sends for others has done enough of it.
constexpr int kMostRoundsOfLeader = 8;
constexpr std::size_t kEnough = 20;  // that wait, before the second one is used
constexpr std::size_t kLargestBatch = 256;
/// Of steps: the server does nothing else meanwhile.
constexpr std::size_t kMostJoined = 64;
constexpr int kMaxRounds = 8;
constexpr int kMaxWaits = 1000;
constexpr Duration kBetweenWaits{5};

/// Of XMODEM, which Redis Cluster finds the slot of a key by.
constexpr std::array<std::uint16_t, 256> make_table() {
    std::array<std::uint16_t, 256> table{};
    for (unsigned i = 0; i < 256; ++i) {
        unsigned value = i << 8U;
        for (int bit = 0; bit < 8; ++bit) value = (value & 0x8000U) != 0 ? (value << 1U) ^ 0x1021U : value << 1U;
        table[i] = static_cast<std::uint16_t>(value);
    }
    return table;
}
constexpr auto kCrcTable = make_table();

/// `MOVED 3999 127.0.0.1:6381`, or ASK.
struct Redirection {
    std::uint16_t slot = 0;
    std::string host;
    int port = 0;
};
std::optional<Redirection> redirection_in(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    const auto colon = text.rfind(':');
    if (first == std::string_view::npos || second == std::string_view::npos || colon == std::string_view::npos ||
        colon < second)
        return std::nullopt;
    Redirection found;
    found.host = text.substr(second + 1, colon - second - 1);
    const auto number = [&](std::string_view digits, auto& value) {
        return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
    };
    if (!number(text.substr(first + 1, second - first - 1), found.slot) || !number(text.substr(colon + 1), found.port))
        return std::nullopt;
    return found;
}

void append_words(std::string& out, std::size_t count) {
    out += '*';
    out += std::to_string(count);
    out += "\r\n";
}

/// The begin of a call of a script, up to its keys.
std::string head_of(std::string_view command, std::string_view script, std::size_t keys, std::size_t arguments) {
    std::string out;
    append_words(out, 3 + keys + arguments);
    Words words;
    words.add(command).add(script).add(std::to_string(keys));
    return out + words.bytes;
}

}  // namespace

Words& Words::add(std::string_view word) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), word.size()).ptr;
    bytes += '$';
    bytes.append(digits.data(), end);
    bytes += "\r\n";
    bytes += word;
    bytes += "\r\n";
    ++count;
    return *this;
}

// --- Lane ----------------------------------------------------------------------------------------------------------

std::size_t Lane::load() const {
    const std::lock_guard lock{mutex_};
    return is_taken_ ? waiting_.size() + 1 : 0;
}

Result<std::vector<Reply>> Lane::exchange(std::string_view commands, std::size_t count) {
    Job mine{.commands = commands, .count = count, .waiter = nullptr};
    work(mine);
    return std::move(mine.answer);
}

Result<Reply> Lane::exchange(const Joint& step) {
    Job mine{.commands = {}, .count = 1, .step = &step, .waiter = nullptr};
    work(mine);
    if (!mine.answer) return std::move(mine.answer).error();
    return std::move(mine.answer->front());
}

void Lane::work(Job& mine) {
    bool is_leader = false;
    {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(is_taken_, true)) is_leader = true;
    }
    if (!is_leader) {
        mine.waiter = environment_.make_waiter();
        {
            const std::lock_guard lock{mutex_};
            if (!std::exchange(is_taken_, true)) is_leader = true;
            else waiting_.push_back(&mine);
        }
        if (!is_leader) {
            mine.waiter->wait();
            if (mine.is_done) return;
        }
    }
    std::vector<Job*> jobs{&mine};
    take_waiting(jobs);
    auto sent = send(jobs);
    std::shared_ptr<Waiter> next;
    for (int round = 1;; ++round) {
        receive(jobs, sent);
        // What came meanwhile is sent before anybody is told of the answers: so the server has something to do.
        std::vector<Job*> more;
        if (round < kMostRoundsOfLeader) take_waiting(more);
        if (!more.empty()) {
            sent = send(more);
        } else {
            const std::lock_guard lock{mutex_};
            if (waiting_.empty()) {
                is_taken_ = false;
            } else {
                next = waiting_.front()->waiter;
                waiting_.erase(waiting_.begin());
            }
        }
        if (next) next->let_go_on();
        for (auto* job : jobs) {
            if (job == &mine) continue;
            const auto waiter = job->waiter;
            job->is_done = true;
            waiter->let_go_on();
        }
        if (more.empty()) return;
        jobs = std::move(more);
    }
}

void Lane::take_waiting(std::vector<Job*>& jobs) {
    const std::lock_guard lock{mutex_};
    const auto more = std::min(waiting_.size(), kLargestBatch);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(more);
    jobs.insert(jobs.end(), waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
}

Status Lane::send(const std::vector<Job*>& jobs) {
    if (!connection_) {
        auto opened = Connection::open(address_);
        if (!opened) return std::move(opened).error();
        if (const auto admitted = admit_((*opened)->facts()); !admitted) return admitted.error();
        connection_ = *std::move(opened);
    }
    calls_.clear();
    for (auto* job : jobs) {
        const auto other = std::ranges::find_if(calls_, [&](const std::vector<Job*>& call) {
            return job->step && call.front()->step && call.size() < kMostJoined &&
                   call.front()->step->goes_with(*job->step);
        });
        if (other == calls_.end()) calls_.push_back({job});
        else other->push_back(job);
    }
    std::vector<std::string> heads;
    heads.reserve(2 * calls_.size());
    std::vector<std::string_view> parts;
    parts.reserve(3 * jobs.size() + 5 * calls_.size());
    for (const auto& call : calls_) {
        const auto* first = call.front()->step;
        if (!first) {
            parts.push_back(call.front()->commands);
            continue;
        }
        std::size_t keys = first->shared->keys.count;
        std::size_t size = 0;
        std::size_t arguments = first->shared->arguments.count + 1;
        for (const auto* job : call) {
            keys += job->step->keys.count;
            arguments += job->step->after.count;
            size += job->step->argument.size();
        }
        parts.push_back(heads.emplace_back(head_of("EVALSHA", first->script.sha, keys, arguments)));
        parts.push_back(first->shared->keys.bytes);
        for (const auto* job : call) parts.push_back(job->step->keys.bytes);
        parts.push_back(first->shared->arguments.bytes);
        parts.push_back(heads.emplace_back('$' + std::to_string(size) + "\r\n"));
        for (const auto* job : call) parts.push_back(job->step->argument);
        parts.push_back("\r\n");
        for (const auto* job : call) parts.push_back(job->step->after.bytes);
    }
    return connection_->send(parts);
}

void Lane::receive(std::vector<Job*>& jobs, const Status& sent) {
    std::size_t count = 0;
    if (sent) {
        for (const auto& call : calls_) count += call.front()->count;
    }
    auto replies = sent ? connection_->receive(count) : Result<std::vector<Reply>>{sent.error()};
    if (replies) return hand_out(*replies);
    connection_.reset();
    for (auto* job : jobs) job->answer = replies.error();
}

void Lane::hand_out(std::vector<Reply>& replies) {
    auto next = replies.begin();
    for (const auto& call : calls_) {
        if (call.front()->step) {
            Reply& reply = *next++;
            for (std::size_t i = 0; i < call.size(); ++i) {
                std::vector<Reply> answer;
                if (reply.kind == Reply::Kind::error) answer.push_back(reply);
                else answer.push_back(i < reply.items.size() ? std::move(reply.items[i]) : Reply{});
                call[i]->answer = std::move(answer);
            }
            continue;
        }
        const auto end = next + static_cast<std::ptrdiff_t>(call.front()->count);
        call.front()->answer = std::vector<Reply>{std::make_move_iterator(next), std::make_move_iterator(end)};
        next = end;
    }
}

// --- Client --------------------------------------------------------------------------------------------------------

struct Client::Node {
    Node(const Address& address, Environment& environment, const Admit& admit) {
        for (auto& lane : lanes) lane = std::make_unique<Lane>(address, environment, admit);
    }
    Lane& lane() {
        const auto busy = lanes.front()->load();
        // Few large batches are cheaper than many small ones, for both sides.
        if (busy <= kEnough) return *lanes.front();
        return **std::ranges::min_element(lanes, {}, [](const auto& lane) { return lane->load(); });
    }
    Result<std::vector<Reply>> exchange(std::string_view commands, std::size_t count) {
        return lane().exchange(commands, count);
    }
    std::array<std::unique_ptr<Lane>, kLanes> lanes;
};

Client::Client(Address address, Environment& environment, Admit admit)
    : seed_{std::move(address)}, environment_{environment}, admit_{std::move(admit)} {}
Client::~Client() = default;

std::uint16_t Client::slot_of(std::string_view key) {
    if (const auto open = key.find('{'); open != std::string_view::npos) {
        const auto close = key.find('}', open + 1);
        if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
    }
    unsigned crc = 0;
    for (const char byte : key)
        crc = ((crc << 8U) ^ kCrcTable[((crc >> 8U) ^ static_cast<unsigned char>(byte)) & 255U]) & 0xFFFFU;
    return static_cast<std::uint16_t>(crc % 16384);
}

Client::Node& Client::node_at(const Address& address) {
    auto& node = nodes_[address.shown()];
    if (!node) node = std::make_unique<Node>(address, environment_, admit_);
    return *node;
}

Client::Node& Client::node_of(std::uint16_t slot) {
    const std::lock_guard lock{mutex_};
    return slots_[slot] ? *slots_[slot] : node_at(seed_);
}

Result<std::vector<std::string>> Client::look_around() {
    const auto check = [](const ServerFacts& facts) -> Status {
        if (facts.policy == "noeviction") return {};
        return Error{
            ErrorCode::unsupported,
            fmt::format("Redis would throw holds away when its memory is full: maxmemory-policy is {}", facts.policy),
            "set maxmemory-policy to noeviction in redis.conf"};
    };
    auto first = Connection::open(seed_);
    if (!first) return std::move(first).error();
    if (const auto ok = check((*first)->facts()); !ok) return ok.error();
    is_cluster_ = (*first)->facts().is_cluster;
    if (!is_cluster_) return std::vector{(*first)->facts().run};
    const std::array<std::string_view, 2> words{"CLUSTER", "SLOTS"};
    const auto replies = (*first)->exchange(wire(words), 1);
    if (!replies) return replies.error();
    std::vector<std::string> runs;
    for (const auto& range : replies->front().items) {
        if (range.items.size() < 3) continue;
        Address address = seed_;
        address.socket.clear();
        address.host = range.items[2].at(0).empty() ? seed_.host : range.items[2].at(0);
        address.port = static_cast<int>(range.items[2].number(1));
        auto opened = Connection::open(address);
        if (!opened) return std::move(opened).error();
        if (const auto ok = check((*opened)->facts()); !ok) return ok.error();
        runs.push_back((*opened)->facts().run);
        const std::lock_guard lock{mutex_};
        auto& node = node_at(address);
        for (auto slot = range.number(0); slot <= range.number(1) && slot >= 0 && slot < 16384; ++slot)
            slots_[static_cast<std::size_t>(slot)] = &node;
    }
    // Where a cluster is about to be made, or has been taken apart.
    if (runs.empty()) return Error{ErrorCode::unavailable, "the cluster has no server for any slot", "try again"};
    std::ranges::sort(runs);
    runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
    return runs;
}

void Client::moved(std::uint16_t slot, const Address& address) {
    const std::lock_guard lock{mutex_};
    slots_[slot % 16384] = &node_at(address);
}

Result<Reply> Client::ask_once(std::string_view key, std::string_view command) {
    const auto slot = is_cluster_ ? slot_of(key) : std::uint16_t{0};
    Node* node = &node_of(slot);
    std::string asking;
    std::optional<Error> lost;
    int waits = 0;
    for (int round = 0; round < kMaxRounds; ++round) {
        auto replies = asking.empty() ? node->exchange(command, 1) : node->exchange(asking, 2);
        if (!replies) {
            // An answer that is lost may be asked for again, once; a connection that was idle may have gone long ago.
            if (replies.error().code != ErrorCode::unavailable || lost) return std::move(replies).error();
            lost = replies.error();
            continue;
        }
        Reply& reply = replies->back();
        if (reply.kind != Reply::Kind::error) return std::move(reply);
        const std::string_view text = reply.text;
        if (text.starts_with("TRYAGAIN")) {
            // Some keys of the slot are on their way to another server.
            if (++waits > kMaxWaits) break;
            --round;
            environment_.pause(kBetweenWaits);
            continue;
        }
        asking.clear();
        const bool is_moved = text.starts_with("MOVED ");
        if (is_moved || text.starts_with("ASK ")) {
            const auto to = redirection_in(text);
            if (!to) return Error{ErrorCode::internal, "Redis sends elsewhere, but does not say where"};
            Address address = seed_;
            address.socket.clear();
            if (!to->host.empty()) address.host = to->host;
            address.port = to->port;
            if (is_moved) {
                moved(to->slot, address);
                node = &node_of(to->slot);
            } else {
                const std::lock_guard lock{mutex_};
                node = &node_at(address);
                const std::array<std::string_view, 1> words{"ASKING"};
                asking = wire(words).append(command);
            }
            continue;
        }
        if (text.starts_with("NOSCRIPT")) return std::move(reply);
        for (const std::string_view known :
             {"OOM", "READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "MISCONF", "BUSY"}) {
            if (text.starts_with(known))
                return Error{ErrorCode::unavailable, fmt::format("Redis cannot do it now: {}", known), "try again"};
        }
        return Error{ErrorCode::internal, fmt::format("Redis refuses a step: {}", base::shortened(text, 200))};
    }
    return lost.value_or(
        Error{ErrorCode::unavailable, "the servers of Redis do not agree where a run is", "try again"});
}

Result<Reply> Client::ask(std::string_view key, std::span<const std::string_view> words) {
    return ask_once(key, wire(words));
}

Result<Reply> Client::run(const Script& script, std::span<const std::string> keys,
                          std::span<const std::string_view> arguments) {
    const auto count = std::to_string(keys.size());
    std::vector<std::string_view> words{"EVALSHA", script.sha, count};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto reply = ask_once(keys.front(), wire(words));
    if (reply && reply->kind == Reply::Kind::error) {
        words[0] = "EVAL";
        words[1] = script.text;
        reply = ask_once(keys.front(), wire(words));
    }
    if (reply && reply->kind != Reply::Kind::list) return Error{ErrorCode::internal, "a script of Redis has no answer"};
    return reply;
}

Result<Reply> Client::join(const Joint& step) {
    if (!is_cluster_) {
        auto reply = node_of(0).lane().exchange(step);
        if (reply && reply->kind != Reply::Kind::error) return reply;
        if (!reply && reply.error().code != ErrorCode::unavailable) return reply;
        // The server does not know the script, or an answer is lost, or it says why not: alone it is asked once more.
    }
    const auto call = [&](std::string_view command, std::string_view script) {
        const auto& shared = *step.shared;
        Words argument;
        argument.add(step.argument);
        return ask_once(step.key, head_of(command, script, shared.keys.count + step.keys.count,
                                          shared.arguments.count + argument.count + step.after.count) +
                                      shared.keys.bytes + step.keys.bytes + shared.arguments.bytes + argument.bytes +
                                      step.after.bytes);
    };
    auto reply = call("EVALSHA", step.script.sha);
    if (reply && reply->kind == Reply::Kind::error) reply = call("EVAL", step.script.text);
    if (!reply) return reply;
    if (reply->kind != Reply::Kind::list || reply->items.size() != 1)
        return Error{ErrorCode::internal, "a script of Redis has no answer"};
    return std::move(reply->items.front());
}

}  // namespace railbook::store::redis
