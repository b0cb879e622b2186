#pragma once
/// The answers that a store in memory keeps under the keys of commands.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <railbook/stores.hpp>

#include "base/locks.hpp"
#include "store/memory/deadlines.hpp"
#include "store/memory/hash.hpp"

namespace railbook::store::memory {

/// Thread-safe, but that only one thread at a time does with payments: it is kept in parts, each with a lock of its
/// own.
class Answers {
    // Most answers are holds, which are much smaller than the largest.
    using Value = std::variant<Hold, std::unique_ptr<const Answer>>;
    /// What names an answer, and what it is compared by.
    struct Name {
        std::string_view owner;
        std::string_view operation;
        std::string_view key;
        std::string_view fingerprint;
    };
    struct Kept {
        Kept(const Name& name, Timestamp ends, const Answer& answer, std::uint64_t hash_of_name);

        Name name() const;
        bool is_named(const Name& wanted) const;

        std::string text;  // its name: all of it one after the other
        std::uint32_t operation_at = 0;
        std::uint32_t key_at = 0;
        std::uint32_t fingerprint_at = 0;
        Timestamp until{};
        Value value;
        std::uint64_t hash = 0;
        std::uint64_t number = 0;    // of its end
        std::unique_ptr<Kept> next;  // of the same hash
    };
    struct Part {
        base::SpinLock lock;
        boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Kept>> kept;  // by the hash of what names it
        Deadlines<std::uint64_t> ends;  // hashes: the answer is found there, if it is not gone yet
        std::uint64_t last_end = 0;
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
        Place(Answers& all, std::uint64_t hash, const Command& command)
            : all_{all}, hash_{hash}, part_{all.part_of(hash)}, command_{command}, lock_{part_.lock} {}
        Answers& all_;
        std::uint64_t hash_;
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

    static Name name_of(const Command& command);
    static std::uint64_t hash_of(const Name& name);
    Part& part_of(std::uint64_t hash) { return parts_[hash % kParts]; }
    /// Null where there is none of that name.
    static Kept* find(const Part& part, std::uint64_t hash, const Name& name);
    void put(Part& part, std::unique_ptr<Kept> added);
    void drop(Part& part, Kept& kept);

    std::array<Part, kParts> parts_;
    std::unordered_map<PaymentId, Kept*, HashId> of_payments_;
};

}  // namespace railbook::store::memory
