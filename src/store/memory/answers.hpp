#pragma once
/// The answers that a store in memory keeps under the keys of commands.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <railbook/stores.hpp>

#include "base/locks.hpp"
#include "store/memory/hash.hpp"

namespace railbook::store::memory {

/// Thread-safe, but that only one thread at a time does with payments: it is kept in parts, each with a lock of its
/// own.
class Answers {
    struct Key {
        std::string owner;
        std::string operation;
        std::string key;
        auto operator<=>(const Key&) const = default;
    };
    struct HashKey {
        using is_transparent = void;
        template <class K>
        std::size_t operator()(const K& key) const {
            return hash(key_text(key), key.owner, key.operation);
        }
        static const std::string& key_text(const Key& key) { return key.key; }
        static const std::string& key_text(const Command& command) { return command.key.text; }
        static std::size_t hash(std::string_view key, std::string_view owner, std::string_view operation);
    };
    struct SameKey {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return HashKey::key_text(a) == HashKey::key_text(b) && a.owner == b.owner && a.operation == b.operation;
        }
    };
    // Most answers are holds, which are much smaller than the largest.
    using Value = std::variant<Hold, std::unique_ptr<const Answer>>;
    using Ends = std::multimap<Timestamp, const Key*>;
    struct Kept {
        std::string fingerprint;
        Timestamp until{};
        Value value;
        Ends::iterator end{};
    };
    struct Part {
        base::SpinLock lock;
        std::unordered_map<Key, Kept, HashKey, SameKey> kept;
        Ends ends;
    };

public:
    /// The place of one command's answer. Nobody else does that command meanwhile.
    class Place {
    public:
        /// What the command was answered before, if it was. Errors: key_reused.
        Result<std::optional<Answer>> find(Timestamp now) const;
        /// Instead of an older one.
        void keep(const Answer& answer, Timestamp now);

    private:
        friend class Answers;
        Place(Answers& all, Part& part, const Command& command)
            : all_{all}, part_{part}, command_{command}, lock_{part.lock} {}
        Answers& all_;
        Part& part_;
        const Command& command_;
        std::lock_guard<base::SpinLock> lock_;
    };
    /// The command has a key, and outlives the place.
    Place place_of(const Command& command);

    void put(const KeptAnswer& answer);
    /// Completes the answer to the command that began the payment.
    void replace(const Payment& payment);
    /// Forgets answers whose time is over, at most so many.
    void drop(Timestamp now, std::size_t limit);
    /// Sorted by owner, operation and key.
    std::vector<KeptAnswer> all() const;

private:
    static constexpr std::size_t kParts = 16;

    /// Where the answer is that is a payment.
    struct OfPayment {
        Part* part = nullptr;
        const Key* key = nullptr;
    };

    void put(Part& part, Key key, std::string fingerprint, Timestamp until, const Answer& answer);
    void forget_payment(const Kept& kept);
    Part& part_of(std::size_t hash) { return parts_[(hash >> 7) % kParts]; }

    std::array<Part, kParts> parts_;
    std::unordered_map<PaymentId, OfPayment, HashId> of_payments_;
};

}  // namespace railbook::store::memory
