#pragma once
/// One Redis server, or a cluster of them, for many threads over few connections.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/result.hpp>

#include "store/redis/connection.hpp"
#include "store/redis/scripts.hpp"

namespace railbook::store::redis {

/// Whether a server may be used, as it is asked on every new connection.
using Admit = std::function<Status(const ServerFacts&)>;

/// Words of a command as they go over the wire, and how many.
struct Words {
    std::string bytes;
    std::size_t count = 0;

    Words& add(std::string_view word);
    bool operator==(const Words&) const = default;
};

struct Shared {
    Words keys;
    Words arguments;
};

/// A step of a script that does several of them at once, each as if it were alone: those of other threads that wait are
/// sent along in one call, where what is shared is the same. The script answers with a list, of an item for each step.
/// Keys come as the shared ones and then those of each step; the shared arguments, then what all steps want in one, and
/// then the other arguments of each.
struct Joint {
    const Script& script;
    std::string_view key;  ///< One of the keys: which server it is.
    std::shared_ptr<const Shared> shared;
    const Words& keys;
    std::string argument;  ///< Joined with those of the others;
    Words after;           ///< these come after that.

    bool goes_with(const Joint& other) const { return &script == &other.script && shared == other.shared; }
};

/// A connection that many threads share: whoever finds nobody at work sends the commands of all that wait in one write,
/// and what comes meanwhile, for some rounds.
/// Thread-safe.
class Lane {
public:
    Lane(Address address, Environment& environment, const Admit& admit)
        : address_{std::move(address)}, environment_{environment}, admit_{admit} {}

    /// Errors: unavailable; those of Connection::open and of Admit.
    Result<std::vector<Reply>> exchange(std::string_view commands, std::size_t count);
    /// What the script says of this step, or an error reply.
    Result<Reply> exchange(const Joint& step);
    /// How many wait; 0 where nobody is at work.
    std::size_t load() const;

private:
    struct Job {
        std::string_view commands;
        std::size_t count = 0;
        const Joint* step = nullptr;  // instead of commands
        Result<std::vector<Reply>> answer{std::vector<Reply>{}};
        std::shared_ptr<Waiter> waiter;
        bool is_done = false;
    };
    void work(Job& mine);
    void take_waiting(std::vector<Job*>& jobs);
    // Of whoever is at work.
    Status send(const std::vector<Job*>& jobs);
    void receive(std::vector<Job*>& jobs, const Status& sent);
    void hand_out(std::vector<Reply>& replies);

    const Address address_;
    Environment& environment_;
    const Admit& admit_;
    std::unique_ptr<Connection> connection_;  // of whoever is at work, as the next one
    std::vector<std::vector<Job*>> calls_;    // that were sent: jobs that were joined, or one
    mutable std::mutex mutex_;                // guards what follows
    bool is_taken_ = false;
    std::vector<Job*> waiting_;
};

/// Thread-safe.
class Client {
public:
    Client(Address address, Environment& environment, Admit admit);
    ~Client();

    /// Asks who is there: the runs of the servers, in order. Errors: unavailable; forbidden; unsupported (they would
    /// throw away what they hold: the policy).
    Result<std::vector<std::string>> look_around();
    bool is_cluster() const { return is_cluster_; }

    /// One command, at the server of the key. Errors: unavailable; those of Admit.
    Result<Reply> ask(std::string_view key, std::span<const std::string_view> words);
    Result<Reply> ask(std::string_view key, std::initializer_list<std::string_view> words) {
        return ask(key, std::span{words.begin(), words.size()});
    }
    /// A script; its keys are in one slot. It may be done twice, where an answer is lost. An answer that is no list is
    /// an error.
    Result<Reply> run(const Script& script, std::span<const std::string> keys,
                      std::span<const std::string_view> arguments);

    /// As run(), for one item of the answer.
    Result<Reply> join(const Joint& step);

    static std::uint16_t slot_of(std::string_view key);

private:
    struct Node;
    Node& node_at(const Address& address);
    Node& node_of(std::uint16_t slot);
    void moved(std::uint16_t slot, const Address& address);
    Result<Reply> ask_once(std::string_view key, std::string_view command);

    const Address seed_;
    Environment& environment_;
    const Admit admit_;
    std::atomic<bool> is_cluster_ = false;  // said anew by each look around, and always the same
    std::mutex mutex_;                      // guards what follows
    std::map<std::string, std::unique_ptr<Node>> nodes_;
    std::array<Node*, 16384> slots_{};
};

}  // namespace railbook::store::redis
